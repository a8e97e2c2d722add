"""The plan of a fleet: (config, catalogue) -> FleetPlan, or every reason against it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from stacks.catalog.model import Catalogue
from stacks.config import Config
from stacks.config_fleet import Capacity
from stacks.plan import cidr, drain, fleet_checks, floor, refusals, survival
from stacks.plan.candidates import Place, candidates
from stacks.plan.fleet_model import (
    Candidate,
    Failover,
    FleetPlan,
    ModelFleet,
    Pool,
    RegionFleet,
    Rejected,
)
from stacks.plan.levels import Ask, Share, cheapest
from stacks.plan.sizer import Sizer
from stacks.plan.sizing import mean
from stacks.problems import ConfigurationRefused, Problem

SECONDS_PER_MONTH = 30 * 86400

ALIAS_TTL_SECONDS = 60
"""Of an alias of an Elastic Load Balancer, which cannot be changed (Route 53 developer guide, "TTL")."""


def make_fleet(config: Config, catalogue: Catalogue, sizer: Sizer, today: date | None = None) -> FleetPlan:
    """The plan; raises `ConfigurationRefused` with every reason. `today` only adds warnings of stale facts."""
    problems: list[Problem] = fleet_checks.problems(config, catalogue)
    if problems or config.capacity is None:
        raise ConfigurationRefused(problems)
    regions = {region for territory in config.territories.values() for region in territory.regions}
    waves = survival.waves_of(regions, config.rollout.waves)
    models: list[ModelFleet] = []
    for name, model in sorted(config.models.items()):
        for territory in sorted(model.demand):
            found = _model_fleet(name, territory, config, config.capacity, catalogue, sizer, waves)
            if isinstance(found, ModelFleet):
                models.append(found)
            else:
                problems += found
    failover = _failover(config)
    problems += _slow_failover(config, failover)
    if problems:
        raise ConfigurationRefused(problems)
    plan = _assemble(config, config.capacity, catalogue, tuple(models), waves, failover, today)
    if over := refusals.over_budget(plan, config, lambda changed: make_fleet(changed, catalogue, sizer)):
        raise ConfigurationRefused(over)
    return plan


def _model_fleet(
    model: str,
    territory: str,
    config: Config,
    capacity: Capacity,
    catalogue: Catalogue,
    sizer: Sizer,
    waves: tuple[tuple[str, ...], ...],
) -> ModelFleet | list[Problem]:
    demand = config.models[model].demand[territory]
    regions = sorted(config.territories[territory].regions)
    good: list[tuple[Candidate, ...]] = []
    bad: list[Rejected] = []
    for region in regions:
        fits, others = candidates(Place(model, territory, catalogue.regions[region]), config, catalogue, sizer)
        good.append(fits)
        bad += others
    if not all(good):
        empty = [region for region, fits in zip(regions, good, strict=True) if not fits]
        below = floor.problems(model, config.models[model], demand, capacity, catalogue)
        return below or refusals.no_candidate(model, territory, empty, bad, catalogue, capacity)
    ask = Ask(
        demand_rps=demand.requests_per_second * demand.burst,
        survive=frozenset(capacity.survive),
        spot_share=capacity.spot_share,
        wave=max(sum(region in regions for region in wave) for wave in waves),
    )
    shares = cheapest(good, ask)
    if shares is None:
        return refusals.absurd(model, territory, ask.demand_rps)
    chosen = tuple(_original(share.candidate, fits) for share, fits in zip(shares, good, strict=True))
    return ModelFleet(
        model=model,
        territory=territory,
        demand_rps=ask.demand_rps,
        output_tokens=mean(demand.output_tokens),
        mean_rps=demand.requests_per_second,
        burst=demand.burst,
        utilisation=capacity.utilisation,
        chosen=chosen,
        others=tuple(each for region in good for each in region if each not in chosen),
        rejected=tuple(bad),
        pools=_pools(model, shares, [catalogue.regions[region].zones for region in regions]),
    )


def _original(chosen: Candidate, among: Sequence[Candidate]) -> Candidate:
    """The candidate as it was judged: a share without spot holds it without its spot price."""
    return next(each for each in among if replace(each, spot_usd_per_hour=chosen.spot_usd_per_hour) == chosen)


def _pools(model: str, shares: Sequence[Share], zones: Sequence[int | None]) -> tuple[Pool, ...]:
    pools = []
    for share, count in zip(shares, zones, strict=True):
        each = share.candidate
        pools.append(_pool(model, each, share.base, count, each.usd_per_hour))
        if share.spot:
            pools.append(_pool(model, each, share.spot, count, each.spot_usd_per_hour or 0.0, spot=True))
    return tuple(pools)


def _pool(model: str, each: Candidate, units: int, zones: int | None, usd: float, *, spot: bool = False) -> Pool:
    nodes = units * each.nodes_per_replica
    return Pool(
        name=f"{each.region}-{model}-{'spot' if spot else 'base'}",
        region=each.region,
        model=model,
        machine=each.machine,
        gpu=each.gpu,
        capacity="spot" if spot else each.baseline,
        nodes=nodes,
        nodes_per_replica=each.nodes_per_replica,
        replicas=units * each.replicas_per_unit,
        gpus_per_replica=each.gpus_per_replica,
        replica_rps=each.replica_rps,
        node_usd_per_hour=usd,
        usd_per_hour=nodes * usd,
        is_estimate=each.is_estimate or spot,
        nodes_by_zone=by_zone(units, each.nodes_per_replica, zones),
    )


def by_zone(units: int, nodes: int, zones: int | None) -> tuple[int, ...]:
    """Machines in each zone: as even as can be, the machines of one replica together, as RDMA does not cross zones."""
    return tuple(nodes * (units // zones + (zone < units % zones)) for zone in range(zones)) if zones else ()


def _failover(config: Config) -> Failover:
    steering = config.steering
    strictest = max((model.slo.availability for model in config.models.values() if model.slo), default=0.0)
    return Failover(
        provider=steering.provider if steering else "none",
        probe_interval_seconds=steering.probe_interval_seconds if steering else 0,
        failure_threshold=steering.failure_threshold if steering else 0,
        ttl_seconds=_ttl(config),
        availability=strictest,
        budget_seconds=(1 - strictest / 100) * SECONDS_PER_MONTH,
    )


def _ttl(config: Config) -> int:
    """How long clients keep an answer: of an alias of a load balancer Route 53 says so itself, whatever is asked."""
    if config.steering is None:
        return 0
    aliased = any(name.startswith("aws-") for each in config.territories.values() for name in each.regions)
    least = ALIAS_TTL_SECONDS if aliased and config.steering.provider == "route53" else 0
    return max(config.steering.ttl_seconds, least)


def _slow_failover(config: Config, failover: Failover) -> list[Problem]:
    if (
        config.capacity is None
        or "region" not in config.capacity.survive
        or failover.seconds <= failover.budget_seconds
    ):
        return []
    return [
        Problem(
            where="meridian:steering",
            what=f"fail-over takes {failover.seconds} s, more than a month may lose: {failover.budget_seconds:.0f} s",
            why="one lost region would break the promised availability on its own",
            fix="lower probeIntervalSeconds, failureThreshold or ttlSeconds, or promise less in slo.availability",
        )
    ]


def _assemble(
    config: Config,
    capacity: Capacity,
    catalogue: Catalogue,
    models: tuple[ModelFleet, ...],
    waves: tuple[tuple[str, ...], ...],
    failover: Failover,
    today: date | None,
) -> FleetPlan:
    regions = tuple(
        RegionFleet(
            name=region,
            cloud=catalogue.regions[region].cloud,
            territory=name,
            country=catalogue.regions[region].country,
            zones=catalogue.regions[region].zones,
            cidr=cidr.cidr_of(region, config),
        )
        for name in sorted(config.territories)
        for region in sorted(config.territories[name].regions)
    )
    clouds = {region.cloud for region in regions}
    needed = {key: one for key, one in sorted(catalogue.services.items()) if key[0] in clouds}
    priced = [
        (region.name, service, one.usd_per_hour)
        for region in regions
        for (cloud, service), one in needed.items()
        if cloud == region.cloud and one.usd_per_hour is not None
    ]
    guessed = {f"{pool.machine} in {pool.region}" for fleet in models for pool in fleet.pools if pool.is_estimate}
    full = {
        f"{each.machine} in {each.region}" for fleet in models for each in fleet.chosen if not each.commitment_years
    }
    loose = {f"{each.gpu} for {fleet.model}" for fleet in models for each in fleet.chosen if each.uncalibrated}
    return FleetPlan(
        environment=config.environment,
        regions=regions,
        models=models,
        waves=waves,
        survive=tuple(sorted(set(capacity.survive))),
        survival=tuple(row for fleet in models for row in survival.rows(fleet, capacity.survive, waves)),
        failover=failover,
        drain=drain.rows(config, catalogue),
        services=tuple(priced),
        by_use=tuple((f"{service} on {cloud}", one.by_use) for (cloud, service), one in needed.items() if one.by_use),
        unpriced=tuple(sorted(f"{name} on {cloud}" for (cloud, name), one in needed.items() if one.origin is None)),
        monthly_budget_usd=capacity.monthly_budget_usd,
        warnings=(
            *(
                f"the price of {each} is an estimate: read in another region, or made of facts of two dates"
                for each in sorted(guessed)
            ),
            *(
                f"no price of a commitment of {capacity.commitment_years} years is known for {each}: billed in full"
                for each in sorted(full)
                if capacity.commitment_years
            ),
            *(f"no measured point stands behind {each}: a safety factor is applied" for each in sorted(loose)),
            *(f"zones of {region.name} are unknown" for region in regions if region.zones is None),
            *(catalogue.stale(today) if today else ()),
        ),
    )
