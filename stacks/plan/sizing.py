"""The plan's question put to the capacity model: p95 lengths, caches cold, margins included.

Concurrency, time to first token and pace are judged at p95 lengths; the rate follows from how
long a request of mean length holds its slot.
"""

from functools import cache
from math import exp, log

from stacks.capacity.model import Layout
from stacks.capacity.shapes import SHAPES
from stacks.capacity.sizing import Demand, Infeasible, ReplicaCapacity, Slo, replica_capacity
from stacks.catalog.gpus import GPUS, LEAST_CAPABILITY
from stacks.catalog.model import Machine
from stacks.config import Model
from stacks.config_fleet import ModelDemand, Tokens
from stacks.plan.fleet_model import Rejection
from stacks.plan.sizer import Footprint, Sized

NAMES = {"ttft": "TTFT p95 in ms", "tpot": "TPOT p95 in ms"}


def mean(tokens: Tokens) -> float:
    """Mean of the log-normal distribution through two percentiles, in tokens."""
    sigma = log(tokens.p95 / tokens.p50) / 1.6449
    return tokens.p50 * exp(min(sigma, 3.0) ** 2 / 2)


def size(model: Model, demand: ModelDemand, machine: Machine, foot: Footprint, utilisation: float) -> Sized | Rejection:
    """One replica of `model` on `foot` of `machine`: tensor parallel inside it, pipeline parallel over several."""
    if model.source not in SHAPES:
        return Rejection("known model shape", model.source, ", ".join(sorted(SHAPES)))
    gpu, slo = GPUS.get(machine.gpu), model.slo
    if gpu is None or slo is None:
        return Rejection("known GPU figures", machine.gpu, ", ".join(sorted(GPUS)))
    if (gpu.capability or 0) < LEAST_CAPABILITY:
        return Rejection("compute capability", f"{gpu.capability or 0:g}", f"at least {LEAST_CAPABILITY:g}")
    found = _capacity(
        model.source,
        Layout(machine.gpu, foot.gpus, foot.nodes, model.precision),
        Slo(slo.ttft_p95_ms, slo.tpot_p95_ms),
        Demand(
            requests_per_second=demand.requests_per_second,
            burst=demand.burst,
            prompt_p50=demand.prompt_tokens.p50,
            prompt_p95=demand.prompt_tokens.p95,
            output_p50=demand.output_tokens.p50,
            output_p95=demand.output_tokens.p95,
        ),
        utilisation,
    )
    if isinstance(found, Infeasible):
        sign = "at most" if found.constraint in ("ttft", "tpot", "tensor parallel size") else "at least"
        return Rejection(
            NAMES.get(found.constraint, found.constraint), f"{found.value:.4g}", f"{sign} {found.bound:.4g}"
        )
    # Little's law: a slot is held for the mean answer, at the pace and first token of p95 lengths.
    seconds = (found.ttft_ms + mean(demand.output_tokens) * found.tpot_ms) / 1000
    return Sized(
        utilisation * found.concurrency / seconds,
        found.concurrency,
        uncalibrated=not found.calibrated,
        ttft_ms=found.ttft_ms,
        tpot_ms=found.tpot_ms,
    )


@cache
def _capacity(
    source: str, layout: Layout, slo: Slo, demand: Demand, utilisation: float
) -> ReplicaCapacity | Infeasible:
    return replica_capacity(SHAPES[source], layout, slo, demand, cold_cache=True, utilisation=utilisation)


def forget() -> None:
    """Forget every capacity that was computed, for whoever measures time."""
    _capacity.cache_clear()
