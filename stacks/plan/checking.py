"""The replay of a plan: what clients would see in each event that it survives. A check; the decision is the proof's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stacks.capacity.arrivals import Lengths, Shape, arrivals, bursts, like_trace, trace_names
from stacks.capacity.model import Layout
from stacks.capacity.replay import Kind, Served, replay
from stacks.capacity.shapes import SHAPES
from stacks.capacity.sizing import margin
from stacks.config import Config, Model
from stacks.config_fleet import ModelDemand
from stacks.plan.fleet_model import FleetPlan, ModelFleet, Pool
from stacks.plan.survival import events

SEED = 20261125
LONGEST = 3
"""No prompt is longer than this many times the 95th percentile."""


@dataclass(frozen=True)
class Seen:
    """Milliseconds that requests of one replay saw."""

    model: str
    territory: str
    event: str
    arrivals: str
    requests: int
    unfinished: int
    ttft_p50_ms: float
    ttft_p95_ms: float
    tpot_p50_ms: float
    tpot_p95_ms: float
    slo_ttft_ms: float
    slo_tpot_ms: float

    @property
    def kept(self) -> bool:
        """Whether the SLO held."""
        return not self.unfinished and self.ttft_p95_ms <= self.slo_ttft_ms and self.tpot_p95_ms <= self.slo_tpot_ms


def replays(plan: FleetPlan, config: Config) -> Iterator[Seen]:
    """One after the other, as each takes seconds: every event under bursts, the worst one under traces too."""
    for fleet in plan.models:
        model = config.models[fleet.model]
        if model.slo is None or model.source not in SHAPES:
            continue
        demand = model.demand[fleet.territory]
        rows = [row for row in plan.survival if (row.model, row.territory) == (fleet.model, fleet.territory)]
        worst = min(rows, key=lambda row: row.margin).event
        for event, pools in events(fleet, plan.survive):
            shapes = [bursts(demand.requests_per_second, demand.burst)]
            if event == worst:
                asked = demand.requests_per_second, demand.burst
                shapes += [like_trace(name, *asked) for name in trace_names()]
            left = _left(pools, plan.waves)
            for shape in shapes:
                yield _seen(fleet, model, demand, event, left, shape, config)


def _left(pools: Sequence[Pool], waves: Sequence[Sequence[str]]) -> list[tuple[Pool, int]]:
    """Replicas of each pool while the wave rolls that takes most away."""

    def away(wave: Sequence[str]) -> float:
        return sum(pool.replica_rps for pool in pools if pool.region in wave)

    worst = max(waves, key=away, default=())
    return [(pool, pool.replicas - (pool.region in worst)) for pool in pools]


def _seen(
    fleet: ModelFleet,
    model: Model,
    demand: ModelDemand,
    event: str,
    left: Sequence[tuple[Pool, int]],
    shape: Shape,
    config: Config,
) -> Seen:
    chosen = {each.region: each.concurrency for each in fleet.chosen}
    kinds = []
    for pool, replicas in left:
        layout = Layout(
            pool.gpu, pool.gpus_per_replica // pool.nodes_per_replica, pool.nodes_per_replica, model.precision
        )
        kind = Kind(SHAPES[model.source], layout, chosen[pool.region], margin(pool.gpu))
        kinds += [kind] * replicas
    lane = config.lanes.get("chat") or config.lanes["batch"]
    prompt = Lengths(demand.prompt_tokens.p50, demand.prompt_tokens.p95, LONGEST * demand.prompt_tokens.p95)
    output = Lengths(demand.output_tokens.p50, demand.output_tokens.p95, lane.max_output_tokens)
    asked = [one for one in arrivals(shape, prompt, output, seed=SEED)]
    done = [one for one in replay(kinds, asked, seed=SEED) if one.arrival.second >= shape.warm_seconds]
    counted = sum(one.second >= shape.warm_seconds for one in asked)
    slo = model.slo
    return Seen(
        model=fleet.model,
        territory=fleet.territory,
        event=event,
        arrivals=shape.name,
        requests=counted,
        unfinished=counted - len(done),
        **_times(done),
        slo_ttft_ms=slo.ttft_p95_ms if slo else 0.0,
        slo_tpot_ms=slo.tpot_p95_ms if slo else 0.0,
    )


def _times(done: Sequence[Served]) -> dict[str, float]:
    first = sorted(one.ttft * 1e3 for one in done)
    pace = sorted(one.tpot * 1e3 for one in done if one.tpot is not None)
    return {
        "ttft_p50_ms": _percentile(first, 0.5),
        "ttft_p95_ms": _percentile(first, 0.95),
        "tpot_p50_ms": _percentile(pace, 0.5),
        "tpot_p95_ms": _percentile(pace, 0.95),
    }


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
