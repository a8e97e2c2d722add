"""From configuration and a fleet's plan to what the ground of a region is to be: pure."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from math import ceil
from typing import Literal

from components.gateway.behaviour import INFERENCE_PATHS
from components.ground_specs import (
    AuditSpec,
    CapacityType,
    ClusterSpec,
    EntrySpec,
    ExistingNetwork,
    GroundSpec,
    IdentitySpec,
    NetworkSpec,
    PoolRole,
    PoolSpec,
)
from components.secret_names import SHARED, of_tenant
from stacks.catalog.model import Catalogue, Machine
from stacks.config import Config
from stacks.plan import ground_checks
from stacks.plan import ground_facts as facts
from stacks.plan.fleet_model import FleetPlan, Pool, RegionFleet
from stacks.plan.ground_zones import zones_of
from stacks.plan.standby import Standby, standby
from stacks.problems import ConfigurationRefused, Problem

MINUTES_OF_RATE = 5


def ground(name: str, config: Config, plan: FleetPlan, catalogue: Catalogue) -> GroundSpec:
    """The ground of one region of the plan; raises `ConfigurationRefused` with every reason against it."""
    region = next(each for each in plan.regions if each.name == name)
    problems = ground_checks.problems(region, config, plan)
    if problems:
        raise ConfigurationRefused(problems)
    zones = zones_of(region, config)
    return GroundSpec(
        name=name,
        environment=config.environment,
        territory=region.territory,
        location=catalogue.regions[name].own_name,
        account=config.accounts[ground_checks.cloud_of(region)],
        generation=config.cluster.generation,
        protect=config.environment == "prod" and name not in config.rollout.retiring,
        tags=_tags(region, config),
        network=NetworkSpec(cidr=region.cidr, zones=zones, existing=_existing(name, config)),
        cluster=ClusterSpec(
            version=config.cluster.version,
            door=config.network.door,
            door_port=door_port(name, plan),
            allowed_cidrs=tuple(sorted(config.network.allowed_cidrs)),
            administrators=tuple(sorted(config.cluster.administrators)),
            existing=config.cluster.existing.get(name),
        ),
        pools=_pools(region, zones, config, plan, catalogue),
        entry=_entry(region, config),
        audit=_audit(config),
        identities=_identities(region, plan),
        secrets=secrets_of(region.territory, config),
    )


def grounds(names: Sequence[str], config: Config, plan: FleetPlan, catalogue: Catalogue) -> tuple[GroundSpec, ...]:
    """The grounds of some regions; raises `ConfigurationRefused` with every reason against any of them, each once."""
    problems: list[Problem] = []
    specs = []
    for name in names:
        try:
            specs.append(ground(name, config, plan, catalogue))
        except ConfigurationRefused as refused:
            problems += refused.problems
    if problems:
        raise ConfigurationRefused(problems)
    return tuple(specs)


def regions_on(cloud: str, plan: FleetPlan) -> tuple[str, ...]:
    """The names of the regions that lie on one cloud."""
    return tuple(region.name for region in plan.regions if region.cloud == cloud)


def _existing(name: str, config: Config) -> ExistingNetwork | None:
    said = config.network.existing.get(name)
    return ExistingNetwork(said.network, said.node_subnets, said.entry_subnets) if said else None


def door_port(name: str, plan: FleetPlan) -> int:
    """A region's port: its network's place among the environment's, which no other region's coming or going moves."""
    region = next(each for each in plan.regions if each.name == name)
    address = int(IPv4Address(region.cidr.partition("/")[0]))
    return facts.DOOR_PORT + ((address >> facts.SMALLEST_NETWORK_BITS) & facts.DOOR_PORTS - 1)


def secrets_of(territory: str, config: Config) -> tuple[str, ...]:
    """What the workloads of a territory share: how gateways prove themselves, the salts' key, a key per tenant."""
    tenants = sorted(name for name, each in config.tenants.items() if each.territory == territory)
    return (*SHARED, *(of_tenant(name) for name in tenants))


def _tags(region: RegionFleet, config: Config) -> tuple[tuple[str, str], ...]:
    """Ours win over yours: policies and bills are read by them."""
    ours = {
        "data-class": "confidential",
        "environment": config.environment,
        "jurisdiction": "+".join(sorted(config.territories[region.territory].jurisdictions)),
        "managed-by": "meridian",
        "region": region.name,
        "territory": region.territory,
    }
    return tuple(sorted({**config.tags, **ours}.items()))


def _pools(
    region: RegionFleet, zones: tuple[str, ...], config: Config, plan: FleetPlan, catalogue: Catalogue
) -> tuple[PoolSpec, ...]:
    return (
        _plain("system", facts.SYSTEM_MACHINE, zones, len(zones)),
        _plain("gateway", facts.GATEWAY_MACHINE, zones, gateway_nodes(region, len(zones), plan)),
        *(each for pool in pools_of(region, plan) for each in _slotted(pool, zones, config, catalogue)),
        *(
            _empty(each)
            for standby in _standbys(region, plan)
            for each in _slotted(standby.pool, zones, config, catalogue)
        ),
    )


def gateway_nodes(region: RegionFleet, zones: int, plan: FleetPlan) -> int:
    """Gateway nodes of a region at least: one in each zone, and what the territory's peak asks for, with a spare."""
    return max(zones, ceil(_peak(region, plan) / facts.GATEWAY_RPS) + facts.SPARE_NODES)


def _standbys(region: RegionFleet, plan: FleetPlan) -> tuple[Standby, ...]:
    found = (standby(region.name, fleet) for fleet in plan.models if fleet.territory == region.territory)
    return tuple(each for each in found if each)


def _empty(pool: PoolSpec) -> PoolSpec:
    """A pool that starts without a machine and costs nothing until the chosen GPU cannot be had."""
    return replace(pool, nodes=0, min_nodes=0)


def pools_of(region: RegionFleet, plan: FleetPlan) -> tuple[Pool, ...]:
    """The plan's pools of a region."""
    return tuple(pool for fleet in plan.models for pool in fleet.pools if pool.region == region.name)


def _peak(region: RegionFleet, plan: FleetPlan) -> float:
    """Requests per second when the region serves its whole territory alone."""
    return sum(fleet.demand_rps for fleet in plan.models if fleet.territory == region.territory)


def _plain(role: PoolRole, machine: str, zones: tuple[str, ...], nodes: int) -> PoolSpec:
    return PoolSpec(
        name=role,
        role=role,
        model=None,
        machines=(machine,),
        capacity="on-demand",
        reservation=None,
        zones=zones,
        nodes=nodes,
        min_nodes=nodes,
        max_nodes=2 * nodes,
        gpus_per_node=0,
        rdma_cards=0,
        disk_gib=facts.DISK_GIB[role],
    )


def slots_of(pool: Pool) -> tuple[str, ...]:
    """Names of the pools that hold one replica each, where a replica spans nodes; none where it stays in one.

    Kubernetes schedules pod by pod: in one pool for all, two replicas could each hold half of what one needs.
    """
    if pool.nodes_per_replica == 1:
        return ()
    return tuple(f"{pool.name.removeprefix(f'{pool.region}-')}-{number}" for number in range(pool.replicas))


def _slotted(pool: Pool, zones: tuple[str, ...], config: Config, catalogue: Catalogue) -> tuple[PoolSpec, ...]:
    """A pool as it is bought: whole, or a slot for each replica that spans nodes, spread over zones."""
    whole = _gpus(pool, zones, config, catalogue)
    size = pool.nodes_per_replica
    least = size if whole.min_nodes else 0
    # What was bought lies in one zone that its id tells.
    where = whole.zones if pool.capacity == "reserved" else zones
    return tuple(
        replace(whole, name=name, zones=(where[number % len(where)],), nodes=size, min_nodes=least, max_nodes=size)
        for number, name in enumerate(slots_of(pool))
    ) or (whole,)


def _gpus(pool: Pool, zones: tuple[str, ...], config: Config, catalogue: Catalogue) -> PoolSpec:
    region = catalogue.regions[pool.region]
    machine = catalogue.machines[region.cloud, pool.machine]
    spot = pool.capacity == "spot"
    cards = rdma_cards(pool.nodes_per_replica, machine)
    return PoolSpec(
        name=pool.name.removeprefix(f"{pool.region}-"),
        role="gpu",
        model=pool.model,
        machines=_alternatives(pool, catalogue) if spot else (pool.machine,),
        capacity=pool.capacity,
        reservation=reservation_of(pool, config),
        # What one replica spans must lie close together, and what was bought lies in one zone that its id tells.
        zones=zones[:1] if cards else zones,
        nodes=pool.nodes,
        min_nodes=0 if spot else pool.nodes,
        max_nodes=pool.nodes,
        gpus_per_node=machine.gpus,
        rdma_cards=cards,
        disk_gib=facts.DISK_GIB["gpu"],
    )


def rdma_cards(nodes_per_replica: int, machine: Machine) -> int:
    """Network cards of one machine that the parts of a replica talk through; 0 where it stays in one machine."""
    if nodes_per_replica == 1 or not machine.has_rdma:
        return 0
    number = machine.rdma.rpartition("x")[2]
    return int(number) if number.isdecimal() else 1


def reservation_of(pool: Pool, config: Config) -> str | None:
    """The id of what was bought for a pool; other pools keep away from it."""
    if pool.capacity != "reserved" or config.capacity is None:
        return None
    return config.capacity.reservations.get(f"{pool.region}/{pool.machine}")


def _alternatives(pool: Pool, catalogue: Catalogue) -> tuple[str, ...]:
    """Machines with the same GPUs that are sold as spot there for no more than the planned one costs on demand."""
    region = catalogue.regions[pool.region]
    planned = catalogue.machines[region.cloud, pool.machine]
    full = catalogue.price(planned, region, "on-demand")
    spot: CapacityType = "spot"
    found = []
    for machine in catalogue.machines.values():
        price = catalogue.price(machine, region, spot)
        if (
            (machine.cloud, machine.gpu, machine.gpus) == (planned.cloud, planned.gpu, planned.gpus)
            and machine.name != planned.name
            and spot in machine.capacity_types
            and catalogue.available(machine, region) == "yes"
            and price is not None
            and full is not None
            and price.usd_per_hour <= full.usd_per_hour
        ):
            found.append((price.usd_per_hour, machine.name))
    return (planned.name, *(name for _, name in sorted(found)))[: facts.SPOT_MACHINES]


def _entry(region: RegionFleet, config: Config) -> EntrySpec:
    territory = f"{region.territory}.{config.domain}"
    rates = [each.requests_per_minute for each in config.tenants.values() if each.territory == region.territory]
    first = max((model.slo.ttft_p95_ms / 1000 for model in config.models.values() if model.slo), default=0.0)
    return EntrySpec(
        names=(territory, f"{region.name}.{territory}"),
        zone=config.steering.hosted_zone if config.steering else "",
        visibility=config.network.entry,
        gateway_port=facts.GATEWAY_PORT,
        probe_path=facts.PROBE_PATH,
        probe_body=facts.PROBE_BODY,
        inference_paths=tuple(each.path for each in INFERENCE_PATHS if each.method == "POST"),
        # An answer that does not stream is silent from its first moment to its last.
        idle_timeout_seconds=min(
            facts.LONGEST_IDLE_SECONDS, config.drain.timeout_seconds + ceil(facts.QUEUE_FACTOR * first)
        ),
        # Every tenant of the territory may come from one address: the gateway tells them apart, the WAF cannot.
        requests_per_five_minutes=max(100, MINUTES_OF_RATE * sum(rates)),
    )


def _audit(config: Config) -> AuditSpec:
    """Production's logs outlive whoever wants to delete them; elsewhere an environment must go when it is no use."""
    lock: Literal["compliance", "none"] = "compliance" if config.environment == "prod" else "none"
    return AuditSpec(retention_days=config.compliance.log_retention_days, lock=lock)


def _identities(region: RegionFleet, plan: FleetPlan) -> tuple[IdentitySpec, ...]:
    models = sorted({pool.model for pool in pools_of(region, plan)})
    return (
        *(IdentitySpec(f"engine-{model}", model, "engine", ("weights-read",)) for model in models),
        *(IdentitySpec(*each) for each in facts.IDENTITIES),
    )
