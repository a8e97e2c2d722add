"""The proof: what is left after each event, recomputed from pools alone."""

from collections.abc import Iterable

from stacks.plan.fleet_model import ModelFleet, Pool, SurvivalRow


def waves_of(regions: Iterable[str], waves: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """The waves of a rollout; regions that no wave names change alone, last, in order of their names."""
    named = {region for wave in waves for region in wave}
    return (*(tuple(sorted(wave)) for wave in waves), *((region,) for region in sorted(regions) if region not in named))


def rows(fleet: ModelFleet, survive: Iterable[str], waves: tuple[tuple[str, ...], ...]) -> tuple[SurvivalRow, ...]:
    """One row per event: nothing lost, each region lost, all spot lost."""
    events: list[tuple[str, list[Pool]]] = [("rollout alone", list(fleet.pools))]
    if "region" in survive:
        events += [
            (f"{region} lost", [pool for pool in fleet.pools if pool.region != region])
            for region in sorted({pool.region for pool in fleet.pools})
        ]
    if "spot" in survive:
        events.append(("all spot lost", [pool for pool in fleet.pools if pool.capacity != "spot"]))
    return tuple(
        SurvivalRow(fleet.territory, fleet.model, event, remaining(left, waves), fleet.demand_rps)
        for event, left in events
    )


def remaining(pools: Iterable[Pool], waves: tuple[tuple[str, ...], ...]) -> float:
    """Requests per second of `pools` while the worst wave rolls: one replica of each pool of it is away."""
    left = list(pools)
    whole = sum(pool.replicas * pool.replica_rps for pool in left)
    away = (sum(pool.replica_rps for pool in left if pool.replicas and pool.region in wave) for wave in waves)
    return whole - max(away, default=0.0)
