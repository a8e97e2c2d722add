"""From configuration to specs."""

from dataclasses import dataclass
from typing import get_args

from components.specs import (
    CloudName,
    EngineSpec,
    GatewaySpec,
    LaneName,
    LaneSpec,
    ModelSpec,
    RegionSpec,
    ReplicaSpec,
    TenantSpec,
    TerritorySpec,
)
from stacks.config import Config, Model, Tenant
from stacks.plan.steering import entry_address, entry_port_is_fixed, entry_ports, steering
from stacks.problems import ConfigurationRefused, Problem

BYTES_PER_TOKEN = 4
"""UTF-8 bytes of one token, generously: Llama 3's tokenizer averages about four characters of English."""

BUFFER_GRAIN = 65536
"""Buffer limits are rounded up to whole 64 KiB."""

PRIORITY = {"chat": 0, "batch": 10}
"""vLLM priority by lane, lower is sooner: batch yields to chat."""

BATCH_QUEUE_SHARE = 0.5
"""Share of a replica's admission queue that batch may fill, so that chat always finds a place."""

STREAM_IDLE_SECONDS = 3600
"""A stream is never silent for long: keep-alive comments are sent. An answer that does not stream is, until its end."""


@dataclass(frozen=True)
class Plan:
    """Everything that will exist in an environment."""

    environment: str
    territories: tuple[TerritorySpec, ...]


def make_plan(config: Config) -> Plan:
    """The plan of `config`; raises `ConfigurationRefused` with every reason against it."""
    problems = [
        *_not_local(config),
        *_unknown_clouds(config),
        *_one_model(config),
        *_idle_territories(config),
        *_caps(config),
        *_shared_ports(config),
        *_one_port_behind_dns(config),
    ]
    if problems:
        raise ConfigurationRefused(problems)
    ports = entry_ports(config)
    territories = tuple(_territory(name, config, ports) for name in sorted(config.territories))
    return Plan(environment=config.environment, territories=territories)


def _not_local(config: Config) -> list[Problem]:
    if config.environment == "local":
        return []
    return [
        Problem(
            where="meridian:environment",
            what=f"{config.environment} is on clouds, where nothing runs on this machine",
            why="the command asks processes of this machine",
            fix="name a stack of this machine, or look at this one with `./meridian plan`",
        )
    ]


def _unknown_clouds(config: Config) -> list[Problem]:
    offered = get_args(CloudName)
    return [
        Problem(
            where=f"meridian:territories.{name}.regions",
            what=f"{region} is a region of {region.partition('-')[0]!r}, which this version cannot build",
            why="a region needs a component that makes its network, keys, engines and entry",
            fix=f"write a region that starts with one of: {', '.join(f'{cloud}-' for cloud in offered)}",
        )
        for name, territory in config.territories.items()
        for region in territory.regions
        if region.partition("-")[0] not in offered
    ]


def _one_model(config: Config) -> list[Problem]:
    if len(config.models) == 1:
        return []
    return [
        Problem(
            where="meridian:models",
            what=f"{len(config.models)} models are named: {', '.join(sorted(config.models))}",
            why="a local region serves one model; each further engine costs about 3 GB",
            fix="keep one model",
        )
    ]


def _idle_territories(config: Config) -> list[Problem]:
    busy = {tenant.territory for tenant in config.tenants.values()}
    return [
        Problem(
            where=f"meridian:territories.{name}",
            what="no tenant belongs to it",
            why="its regions would run engines that nobody can call",
            fix=f"name `territory: {name}` for a tenant, or take the territory out",
        )
        for name in config.territories
        if name not in busy
    ]


def _caps(config: Config) -> list[Problem]:
    return [
        Problem(
            where=f"meridian:lanes.{name}.maxOutputTokens",
            what=f"{lane.max_output_tokens} output tokens do not fit into the context of {model}, {size} tokens",
            why="the engine would refuse every request that does not name a smaller number",
            fix=f"write {size} or less, or raise meridian:models.{model}.engine.maxModelLen",
        )
        for name, lane in config.lanes.items()
        for model, size in ((model, served.engine.max_model_len) for model, served in config.models.items())
        if lane.max_output_tokens > size
    ]


def _shared_ports(config: Config) -> list[Problem]:
    named = {f"meridian:local.ports.{region}": port for region, port in config.local.ports.items()}
    if config.local.steering.provider == "proxy":
        named |= {f"meridian:local.steering.ports.{name}": port for name, port in config.local.steering.ports.items()}
    owners: dict[int, list[str]] = {}
    for where, port in sorted(named.items()):
        owners.setdefault(port, []).append(where)
    return [
        Problem(
            where=places[-1],
            what=f"port {port} is named for {' and '.join(place.rpartition('.')[2] for place in places)}",
            why="two servers cannot listen on one port",
            fix="name a port of its own for each of them",
        )
        for port, places in owners.items()
        if len(places) > 1
    ]


def _one_port_behind_dns(config: Config) -> list[Problem]:
    if config.local.steering.provider != "dns":
        return []
    return [
        Problem(
            where=f"meridian:local.ports.{region}",
            what="a port of a region's own cannot be had with `local.steering.provider: dns`",
            why="an answer of DNS holds addresses and no port, so all entries of a territory listen on the same one",
            fix="name the port once, under `meridian:local.steering.ports` by territory",
        )
        for region in config.local.ports
    ]


def _territory(name: str, config: Config, ports: dict[str, int]) -> TerritorySpec:
    territory = config.territories[name]
    regions = tuple(_region(region, name, config, ports[region]) for region in territory.regions)
    return TerritorySpec(
        name=name,
        jurisdictions=tuple(sorted(territory.jurisdictions)),
        regions=regions,
        steering=steering(name, regions, config),
    )


def _region(region: str, territory: str, config: Config, port: int) -> RegionSpec:
    cloud: CloudName = "local"
    models = tuple(_model(name, model) for name, model in sorted(config.models.items()))
    largest = max(model.engine.max_model_len for model in models)
    return RegionSpec(
        name=region,
        cloud=cloud,
        territory=territory,
        replicas=tuple(
            _replica(region, model, number, config)
            for model in models
            for number in range(config.local.replicas.get(region, 1))
        ),
        lanes=lanes_of(config, queue=min(model.engine.max_num_queued_reqs for model in models)),
        tenants=tuple(
            tenant_of(name, tenant) for name, tenant in sorted(config.tenants.items()) if tenant.territory == territory
        ),
        gateway=GatewaySpec(
            buffer_bytes=buffer_bytes(largest),
            stream_idle_seconds=STREAM_IDLE_SECONDS,
        ),
        address=entry_address(region, config),
        preferred_port=port,
        port_is_fixed=entry_port_is_fixed(region, config),
    )


def buffer_bytes(context: int) -> int:
    """Bytes of the largest prompt of a context in tokens."""
    return -(-context * BYTES_PER_TOKEN // BUFFER_GRAIN) * BUFFER_GRAIN


def tenant_of(name: str, tenant: Tenant) -> TenantSpec:
    """What gateways need of a tenant."""
    return TenantSpec(
        name=name,
        has_given_key=tenant.key is not None,
        requests_per_minute=tenant.requests_per_minute,
        concurrent_requests=tenant.concurrent_requests,
        tokens_per_minute=tenant.tokens_per_minute,
        suspended=tenant.suspended,
        lanes=tuple(sorted(set(tenant.lanes))),
    )


def _model(name: str, model: Model) -> ModelSpec:
    engine = model.engine
    return ModelSpec(
        name=name,
        source=model.source,
        engine=EngineSpec(
            max_model_len=engine.max_model_len,
            max_num_seqs=engine.max_num_seqs,
            max_num_batched_tokens=engine.max_num_batched_tokens,
            max_num_queued_reqs=engine.max_num_queued_reqs,
            kv_cache_memory_bytes=engine.kv_cache_mib * 1024 * 1024,
            extra_args=tuple(sorted(engine.extra_args.items())),
        ),
    )


def _replica(region: str, model: ModelSpec, number: int, config: Config) -> ReplicaSpec:
    return ReplicaSpec(
        name=f"{region}-{model.name}-{number}",
        model=model,
        drain_delay_seconds=config.drain.delay_seconds,
        drain_timeout_seconds=config.drain.timeout_seconds,
        stall_seconds=config.readiness.stall_seconds,
        probe_interval_seconds=config.readiness.probe_interval_seconds,
        threads=config.local.threads,
    )


def lanes_of(config: Config, *, queue: int) -> tuple[LaneSpec, ...]:
    """The lanes, sorted; `queue` is how many requests a replica admits."""
    return tuple(
        LaneSpec(
            name=name,
            max_output_tokens=lane.max_output_tokens,
            priority=PRIORITY[name],
            max_choices=lane.max_choices,
            max_in_flight=lane.max_in_flight or _share_of(queue, name),
        )
        for name, lane in sorted(config.lanes.items())
    )


def _share_of(queue: int, lane: LaneName) -> int | None:
    return max(1, int(queue * BATCH_QUEUE_SHARE)) if lane == "batch" else None
