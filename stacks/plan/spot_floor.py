"""How far an autoscaler may scale spot in: never below what the survival of the plan's events counts on."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stacks.plan.fleet_model import ModelFleet, Pool
from stacks.plan.survival import rows

ROUNDING = 1e-9


def spot_floors(fleet: ModelFleet, survive: Iterable[str], waves: tuple[tuple[str, ...], ...]) -> Mapping[str, int]:
    """Least replicas by spot pool. With all of them at it every event is still survived, a rollout going on.

    A GPU that is started when a region is lost comes minutes too late, so the margin must run before. The dearest pool
    is lowered first.
    """
    events = tuple(survive)
    pools = {pool.name: pool for pool in fleet.pools}
    spot = [pool for pool in fleet.pools if pool.capacity == "spot"]
    for pool in sorted(spot, key=lambda each: (-each.usd_per_hour, each.name)):
        pools[pool.name] = replace(pool, replicas=_least(pool, pools, fleet, events, waves))
    return {pool.name: pools[pool.name].replicas for pool in spot}


def _least(
    pool: Pool,
    pools: Mapping[str, Pool],
    fleet: ModelFleet,
    events: tuple[str, ...],
    waves: tuple[tuple[str, ...], ...],
) -> int:
    for replicas in range(pool.replicas):
        changed = {**pools, pool.name: replace(pool, replicas=replicas)}
        tried = replace(fleet, pools=tuple(changed.values()))
        if all(row.margin >= -ROUNDING for row in rows(tried, events, waves)):
            return replicas
    return pool.replicas
