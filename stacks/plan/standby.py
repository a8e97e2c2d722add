"""The plan's next GPU of a model in a region: what stands in when machines of the chosen one cannot be had."""

from dataclasses import dataclass
from math import ceil

from stacks.plan.fleet_model import Candidate, ModelFleet, Pool

MOST_UNITS = 64
"""Machines, or groups of machines, above which a stand-in is no stand-in."""


@dataclass(frozen=True)
class Standby:
    """What stands in, and the pool it would run on: empty until it is needed."""

    candidate: Candidate
    pool: Pool
    """Its `nodes` and `replicas` are the most it may grow to; it starts with none."""


def standby(region: str, fleet: ModelFleet) -> Standby | None:
    """The cheapest other GPU that carries the region's baseline; None when there is none to be had on demand.

    Machines of the same GPU would be short together, and a reservation that was not bought cannot stand in.
    """
    chosen = next((each for each in fleet.chosen if each.region == region), None)
    base = [pool for pool in fleet.pools if pool.region == region and pool.capacity != "spot"]
    if chosen is None or not base:
        return None
    floor = sum(pool.replicas * pool.replica_rps for pool in base)
    able = [
        (ceil(floor / each.unit_rps), each)
        for each in fleet.others
        if each.region == region and each.gpu != chosen.gpu and each.baseline == "on-demand"
    ]
    fits = [(units, each) for units, each in able if units <= MOST_UNITS]
    if not fits:
        return None
    units, each = min(fits, key=lambda one: (one[0] * one[1].unit_usd, one[1].machine, one[1].gpus_per_replica))
    return Standby(each, _pool(fleet.model, units, each))


def _pool(model: str, units: int, each: Candidate) -> Pool:
    nodes = units * each.nodes_per_replica
    return Pool(
        name=f"{each.region}-{model}-next",
        region=each.region,
        model=model,
        machine=each.machine,
        gpu=each.gpu,
        capacity="on-demand",
        nodes=nodes,
        nodes_per_replica=each.nodes_per_replica,
        replicas=units * each.replicas_per_unit,
        gpus_per_replica=each.gpus_per_replica,
        replica_rps=each.replica_rps,
        node_usd_per_hour=each.usd_per_hour,
        usd_per_hour=nodes * each.usd_per_hour,
        is_estimate=each.is_estimate,
        nodes_by_zone=(),
    )
