"""From configuration to specs."""

from dataclasses import dataclass
from typing import get_args

from components.specs import (
    CloudName,
    EngineSpec,
    GatewaySpec,
    LaneSpec,
    ModelSpec,
    RegionSpec,
    ReplicaSpec,
    TenantSpec,
    TerritorySpec,
)
from stacks.config import Config, Model
from stacks.problems import ConfigurationRefused, Problem

BYTES_PER_TOKEN = 4
"""UTF-8 bytes of one token, generously: Llama 3's tokenizer averages about four characters of English."""

BUFFER_GRAIN = 65536
"""Buffer limits are rounded up to whole 64 KiB."""

PRIORITY = {"chat": 0, "batch": 10}
"""vLLM priority by lane, lower is sooner: batch yields to chat."""

FIRST_PORT = 8443
"""Preferred entry port of the first region in alphabetical order; the next region prefers the next port."""

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
    ]
    if problems:
        raise ConfigurationRefused(problems)
    ports = _preferred_ports(config)
    territories = tuple(_territory(name, config, ports) for name in sorted(config.territories))
    return Plan(environment=config.environment, territories=territories)


def _not_local(config: Config) -> list[Problem]:
    if config.environment == "local":
        return []
    return [
        Problem(
            where="meridian:environment",
            what=f"{config.environment} is planned and not yet built: this version makes local stacks alone",
            why="an empty deployment would look like a success",
            fix="look at it with `./meridian plan`, or write local",
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
    owners: dict[int, list[str]] = {}
    for region, port in sorted(config.local.ports.items()):
        owners.setdefault(port, []).append(region)
    return [
        Problem(
            where=f"meridian:local.ports.{regions[-1]}",
            what=f"port {port} is named for {' and '.join(regions)}",
            why="two entries cannot listen on one port",
            fix="name a port of its own for each region",
        )
        for port, regions in owners.items()
        if len(regions) > 1
    ]


def _preferred_ports(config: Config) -> dict[str, int]:
    regions = sorted(region for territory in config.territories.values() for region in territory.regions)
    return {region: config.local.ports.get(region, FIRST_PORT + index) for index, region in enumerate(regions)}


def _territory(name: str, config: Config, ports: dict[str, int]) -> TerritorySpec:
    territory = config.territories[name]
    return TerritorySpec(
        name=name,
        jurisdictions=tuple(sorted(territory.jurisdictions)),
        regions=tuple(_region(region, name, config, ports[region]) for region in sorted(territory.regions)),
    )


def _region(region: str, territory: str, config: Config, port: int) -> RegionSpec:
    cloud: CloudName = "local"
    models = tuple(_model(name, model) for name, model in sorted(config.models.items()))
    largest = max(model.engine.max_model_len for model in models)
    return RegionSpec(
        name=region,
        cloud=cloud,
        territory=territory,
        replicas=tuple(_replica(region, model, config) for model in models),
        lanes=_lanes(config),
        tenants=tuple(
            TenantSpec(name=name, has_given_key=tenant.key is not None)
            for name, tenant in sorted(config.tenants.items())
            if tenant.territory == territory
        ),
        gateway=GatewaySpec(
            buffer_bytes=-(-largest * BYTES_PER_TOKEN // BUFFER_GRAIN) * BUFFER_GRAIN,
            stream_idle_seconds=STREAM_IDLE_SECONDS,
        ),
        preferred_port=port,
        port_is_fixed=region in config.local.ports,
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


def _replica(region: str, model: ModelSpec, config: Config) -> ReplicaSpec:
    return ReplicaSpec(
        name=f"{region}-{model.name}-0",
        model=model,
        drain_delay_seconds=config.drain.delay_seconds,
        drain_timeout_seconds=config.drain.timeout_seconds,
        stall_seconds=config.readiness.stall_seconds,
        probe_interval_seconds=config.readiness.probe_interval_seconds,
        threads=config.local.threads,
    )


def _lanes(config: Config) -> tuple[LaneSpec, ...]:
    return tuple(
        LaneSpec(
            name=name,
            max_output_tokens=lane.max_output_tokens,
            priority=PRIORITY[name],
            max_choices=lane.max_choices,
        )
        for name, lane in sorted(config.lanes.items())
    )
