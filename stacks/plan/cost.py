"""What a fleet costs, by every cut that reviewers ask for; all recomputed from the plan."""

from dataclasses import dataclass

from stacks.plan.fleet_model import FleetPlan

HOURS_PER_MONTH = 730
"""8760 hours of a year over 12, as clouds bill a month."""

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class Cost:
    """USD per month of what has a price."""

    by_region: tuple[tuple[str, float], ...]
    by_pool: tuple[tuple[str, float], ...]
    by_model: tuple[tuple[str, float], ...]
    per_million_tokens: tuple[tuple[str, float], ...]
    """By `model in territory`: USD of its machines per million output tokens at the mean rate of the busiest hour."""
    total: float


def cost_of(plan: FleetPlan) -> Cost:
    """The cost of a plan."""
    pools = [pool for fleet in plan.models for pool in fleet.pools]
    regions = {region.name: 0.0 for region in plan.regions}
    for pool in pools:
        regions[pool.region] += pool.usd_per_hour * HOURS_PER_MONTH
    for region, _, usd in plan.services:
        regions[region] += usd * HOURS_PER_MONTH
    models: dict[str, float] = {}
    per_million = []
    for fleet in plan.models:
        hourly = sum(pool.usd_per_hour for pool in fleet.pools)
        models[fleet.model] = models.get(fleet.model, 0.0) + hourly * HOURS_PER_MONTH
        millions = fleet.mean_rps * fleet.output_tokens * SECONDS_PER_HOUR / 1e6
        per_million.append((f"{fleet.model} in {fleet.territory}", hourly / millions))
    return Cost(
        by_region=tuple(sorted(regions.items())),
        by_pool=tuple((pool.name, pool.usd_per_hour * HOURS_PER_MONTH) for pool in pools),
        by_model=tuple(sorted(models.items())),
        per_million_tokens=tuple(per_million),
        total=sum(regions.values()),
    )
