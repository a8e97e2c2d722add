"""From configuration and a fleet's plan to what a region's cluster is to serve: pure."""

from dataclasses import dataclass
from typing import cast

from components.serving_specs import (
    GatewayPodsSpec,
    GroupRole,
    ImageSpec,
    ReplicaGroupSpec,
    ServedModelSpec,
    ServingSpec,
)
from components.specs import LaneName
from stacks.catalog.model import Catalogue
from stacks.config import Config
from stacks.config_fleet import Slo
from stacks.plan import engine_size, serving_checks
from stacks.plan import ground_facts as facts
from stacks.plan.fleet_model import Candidate, Drain, FleetPlan, ModelFleet, Pool, RegionFleet
from stacks.plan.ground import gateway_nodes, rdma_cards, slots_of
from stacks.plan.ground_zones import zones_of
from stacks.plan.make import STREAM_IDLE_SECONDS, buffer_bytes, lanes_of, tenant_of
from stacks.plan.spot_floor import spot_floors
from stacks.plan.standby import standby
from stacks.problems import ConfigurationRefused, Problem

REPOSITORY = "serving"
"""Of the serving image, below the region's registry."""
ENVOY = serving_checks.ENVOY


@dataclass(frozen=True)
class _Group:
    """A pool of the plan with what runs on it."""

    role: GroupRole
    pool: Pool
    candidate: Candidate
    least: int


def serving(name: str, config: Config, plan: FleetPlan, catalogue: Catalogue) -> ServingSpec:
    """The serving layer of one region of the plan; raises `ConfigurationRefused` with every reason against it."""
    region = next(each for each in plan.regions if each.name == name)
    models, problems = [], list(serving_checks.environment(config))
    for fleet in sorted(plan.models, key=lambda each: each.model):
        if fleet.territory == region.territory:
            model, against = _model(region, fleet, config, plan, catalogue)
            models.append(model)
            problems += against
    if problems or config.image is None:
        raise ConfigurationRefused(problems)
    return _spec(region, tuple(models), config, plan)


def _spec(region: RegionFleet, models: tuple[ServedModelSpec, ...], config: Config, plan: FleetPlan) -> ServingSpec:
    territory = f"{region.territory}.{config.domain}"
    zones = zones_of(region, config) if region.cloud == "aws" or region.name in config.network.zones else ()
    return ServingSpec(
        name=region.name,
        environment=config.environment,
        territory=region.territory,
        labels=_labels(region, config),
        zones=zones,
        image=ImageSpec(REPOSITORY, config.image.digest if config.image else ""),
        models=models,
        lanes=lanes_of(config, queue=min(model.engine.max_num_queued_reqs for model in models)),
        tenants=tuple(
            tenant_of(name, tenant)
            for name, tenant in sorted(config.tenants.items())
            if tenant.territory == region.territory
        ),
        gateway=GatewayPodsSpec(
            image=ImageSpec(ENVOY, config.image.mirrored.get(ENVOY, "") if config.image else ""),
            nodes=gateway_nodes(region, len(zones) or facts.LEAST_ZONES, plan),
            port=facts.GATEWAY_PORT,
            buffer_bytes=buffer_bytes(max(model.engine.max_model_len for model in models)),
            stream_idle_seconds=STREAM_IDLE_SECONDS,
        ),
        probe_path=facts.PROBE_PATH,
        probe_body=facts.PROBE_BODY,
        entry_names=(territory, f"{region.name}.{territory}"),
        stall_seconds=config.readiness.stall_seconds,
        probe_interval_seconds=config.readiness.probe_interval_seconds,
    )


def _labels(region: RegionFleet, config: Config) -> tuple[tuple[str, str], ...]:
    """Ours alone: values of your tags may hold what a label cannot."""
    return (
        ("app.kubernetes.io/managed-by", "meridian"),
        ("meridian.io/environment", config.environment),
        ("meridian.io/region", region.name),
        ("meridian.io/territory", region.territory),
    )


def _model(
    region: RegionFleet, fleet: ModelFleet, config: Config, plan: FleetPlan, catalogue: Catalogue
) -> tuple[ServedModelSpec, list[Problem]]:
    model, found = config.models[fleet.model], _found(region, fleet, plan)
    slo = model.slo or Slo(ttft_p95_ms=1, tpot_p95_ms=1)  # a fleet is not planned without one
    chosen, *others = [each.candidate for each in found]
    longest = max(lane.max_output_tokens for lane in config.lanes.values())
    size = engine_size.engine(model, model.demand[fleet.territory], longest, chosen, others)
    spec = ServedModelSpec(
        name=fleet.model,
        source=model.source,
        revision=model.revision or "",
        precision=model.precision,
        ttft_p95_ms=slo.ttft_p95_ms,
        tpot_p95_ms=slo.tpot_p95_ms,
        availability=slo.availability,
        engine=size,
        groups=tuple(_group(each, region, fleet.model, config, plan, catalogue) for each in found),
    )
    return spec, [
        *engine_size.problems(fleet.model, config, size, (chosen, *others)),
        *serving_checks.model(spec, region, config, plan),
    ]


def _found(region: RegionFleet, fleet: ModelFleet, plan: FleetPlan) -> tuple[_Group, ...]:
    """The groups of a model in a region: base, spot, next, those there are."""
    chosen = next(each for each in fleet.chosen if each.region == region.name)
    floors = spot_floors(fleet, plan.survive, plan.waves)
    mine = [pool for pool in fleet.pools if pool.region == region.name]
    base = [_Group("base", pool, chosen, pool.replicas) for pool in mine if pool.capacity != "spot"]
    spot = [_Group("spot", pool, chosen, floors[pool.name]) for pool in mine if pool.capacity == "spot"]
    after = standby(region.name, fleet)
    return (*base, *spot, *((_Group("next", after.pool, after.candidate, 0),) if after else ()))


def _group(
    group: _Group, region: RegionFleet, model: str, config: Config, plan: FleetPlan, catalogue: Catalogue
) -> ReplicaGroupSpec:
    pool, each = group.pool, group.candidate
    drain = _drain(region, model, pool, plan)
    return ReplicaGroupSpec(
        role=group.role,
        pool=pool.name.removeprefix(f"{region.name}-"),
        slots=slots_of(pool),
        replicas=0 if group.role == "next" else pool.replicas,
        min_replicas=group.least,
        max_replicas=pool.replicas,
        nodes_per_replica=pool.nodes_per_replica,
        gpus_per_node=pool.gpus_per_replica // pool.nodes_per_replica,
        replicas_per_node=each.replicas_per_unit,
        concurrency=each.concurrency,
        rdma_cards=rdma_cards(pool.nodes_per_replica, catalogue.machines[region.cloud, pool.machine]),
        lanes=cast("tuple[LaneName, ...]", tuple(sorted(drain.lanes))),
        drain_delay_seconds=drain.delay_seconds,
        # An answer that fits the budget is done by then; what runs longer is asked again.
        drain_timeout_seconds=min(config.drain.timeout_seconds, drain.budget_seconds - drain.delay_seconds),
    )


def _drain(region: RegionFleet, model: str, pool: Pool, plan: FleetPlan) -> Drain:
    return next(
        row for row in plan.drain if (row.model, row.cloud, row.capacity) == (model, region.cloud, pool.capacity)
    )
