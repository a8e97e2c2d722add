"""What the allowed GPUs can reach at best: one request alone on the fastest layout, whatever is paid."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from stacks.capacity.model import Layout, Request, kv_tokens
from stacks.capacity.shapes import SHAPES
from stacks.capacity.sizing import physical_floor, with_margin
from stacks.catalog.gpus import GPUS, LEAST_CAPABILITY
from stacks.catalog.model import Catalogue
from stacks.config import Model
from stacks.config_fleet import Capacity, ModelDemand
from stacks.plan.candidates import GPUS_OF_A_MACHINE, MACHINES_OF_A_REPLICA
from stacks.problems import Problem


@dataclass(frozen=True)
class Reach:
    """The smallest time that any allowed GPU reaches, and where."""

    ms: float
    """With the capacity model's margin for its error: what a plan can promise."""
    layout: str
    floor_ms: float | None
    """The physical limit over all allowed GPUs; None where only several machines hold the model."""


def reaches(model: Model, demand: ModelDemand, capacity: Capacity, catalogue: Catalogue) -> tuple[Reach, Reach] | None:
    """Best TTFT and TPOT of a request of p95 lengths; None when the model is unknown or nothing holds it."""
    shape = SHAPES.get(model.source)
    if shape is None:
        return None
    request = Request(demand.prompt_tokens.p95, demand.output_tokens.p95)
    sold = {machine.gpu for machine in catalogue.machines.values()}
    able = {name for name, gpu in GPUS.items() if (gpu.capability or 0) >= LEAST_CAPABILITY}
    allowed = sorted(sold & able & set(capacity.gpus or GPUS))
    seen = []
    for layout in (each for gpu in allowed for each in _layouts(gpu, model.precision, catalogue)):
        if kv_tokens(shape, layout) >= request.prompt_tokens + request.output_tokens:
            got = with_margin(shape, layout, 1, request)
            seen.append((got.ttft_ms, got.tpot_ms, _text(layout)))
    if not seen:
        return None
    ttft, tpot, _ = zip(*seen, strict=True)
    floor = physical_floor(shape, allowed, precision=model.precision, request=request) or (None, None)
    first, pace = seen[ttft.index(min(ttft))], seen[tpot.index(min(tpot))]
    return Reach(first[0], first[2], floor[0]), Reach(pace[1], pace[2], floor[1])


def _text(layout: Layout) -> str:
    machines = f" on each of {layout.pipeline_parallel} machines" if layout.pipeline_parallel > 1 else ""
    return f"{layout.tensor_parallel} x {layout.gpu}{machines}"


def _layouts(gpu: str, precision: str, catalogue: Catalogue) -> Iterator[Layout]:
    machines = [machine for machine in catalogue.machines.values() if machine.gpu == gpu]
    most = min(GPUS[gpu].max_tp, max(machine.gpus for machine in machines))
    yield from (Layout(gpu, ways, 1, precision) for ways in GPUS_OF_A_MACHINE if ways <= most)
    if any(machine.has_rdma for machine in machines):
        yield from (Layout(gpu, most, stages, precision) for stages in MACHINES_OF_A_REPLICA)


def problems(name: str, model: Model, demand: ModelDemand, capacity: Capacity, catalogue: Catalogue) -> list[Problem]:
    """An SLO that no allowed GPU can reach, whatever is paid."""
    found = reaches(model, demand, capacity, catalogue)
    if found is None or model.slo is None:
        return []
    asked = (
        ("ttftP95Ms", float(model.slo.ttft_p95_ms), found[0]),
        ("tpotP95Ms", float(model.slo.tpot_p95_ms), found[1]),
    )
    length = f"{demand.prompt_tokens.p95} prompt and {demand.output_tokens.p95} output tokens"
    return [
        Problem(
            where=f"meridian:models.{name}.slo.{key}",
            what=f"{slo:g} ms is less than any allowed GPU can reach: {best.ms:.4g} ms, on {best.layout}{_limit(best)}",
            why=f"that is one request of {length} alone on an idle replica; no number of machines makes it faster",
            fix=f"write {_up(best.ms)} or more, shorten what demand says, or allow a faster GPU or precision",
        )
        for key, slo, best in asked
        if slo < best.ms
    ]


def _limit(best: Reach) -> str:
    if best.floor_ms is None:
        return ""
    return f" (the physical limit, with every peak of the hardware reached, is {best.floor_ms:.4g} ms)"


def _up(ms: float) -> str:
    """Three digits, rounded up, so that what is advised is reached for sure."""
    grain = 10.0 ** (len(str(int(ms))) - 3)
    return f"{ceil(ms / grain) * grain:g}"
