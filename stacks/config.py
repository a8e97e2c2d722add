"""The typed configuration of an environment: closed, and the only home of defaults.

A configuration is the `meridian:` part of `Pulumi.<stack>.yaml`. `parse` turns it into a `Config`
or raises `ConfigurationRefused` with every problem at once; it never calls a cloud and never
reads a file. `stacks.configfile` and `stacks.program` fetch the values it is given.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, SecretStr, ValidationError

from stacks.config_fleet import (
    Capacity,
    Compliance,
    Image,
    ModelDemand,
    Network,
    Precision,
    RegionName,
    Revision,
    Rollout,
    Section,
    Slo,
    State,
    Steering,
)
from stacks.config_ground import Accounts, Cluster, Tags
from stacks.explain import problems_of
from stacks.problems import ConfigurationRefused, Problem

Name = Annotated[str, Field(pattern=r"^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$")]
"""Lower-case letters, digits and inner hyphens, 1 to 30 characters: legal in every name built from it."""

Port = Annotated[int, Field(ge=1024, le=65535)]

KeyText = Annotated[SecretStr, Field(min_length=20, max_length=200)]

ServedLane = Literal["chat", "batch"]
"""`chat` is interactive; `batch` (asked for by `service_tier: flex`) yields to it."""
LANES: tuple[ServedLane, ...] = get_args(ServedLane)
MIN_DRAIN_SECONDS, MAX_DRAIN_SECONDS = 10, 3600


class Territory(Section):
    """A legal space: data, keys, logs and fail-over of its tenants never leave its regions."""

    jurisdictions: tuple[str, ...] = Field(min_length=1, description="legal areas, e.g. [EU]")
    regions: tuple[RegionName, ...] = Field(min_length=1, description="regions, e.g. [local-north]")
    state: State | None = Field(None, description="where state lies; needed on clouds")


class Engine(Section):
    """Size of one vLLM engine. The defaults fit a laptop: one CPU engine under 3.5 GB."""

    max_model_len: int = Field(4096, ge=256, le=1_048_576, description="context, prompt plus output, in tokens")
    max_num_seqs: int = Field(8, ge=1, le=4096, description="requests generated side by side")
    max_num_batched_tokens: int = Field(2048, ge=128, le=1_048_576, description="tokens of one scheduler step")
    max_num_queued_reqs: int = Field(64, ge=1, le=100_000, description="running plus waiting requests admitted")
    kv_cache_mib: int = Field(64, ge=16, le=1_048_576, description="memory of the KV cache, in MiB")
    extra_args: dict[str, str | bool] = Field(default_factory=dict, description="further vLLM flags by name")


class Model(Section):
    """A model to serve."""

    source: str = Field(
        min_length=1,
        description="`tiny` (random, made on the spot), the folder of a Hugging Face model, or, on clouds, its name",
    )
    revision: Revision | None = Field(None, description="commit of the weights, 40 hex digits; needed on clouds")
    precision: Precision = Field("bf16", description="number format of the weights: bf16 or fp8")
    slo: Slo | None = Field(None, description="what clients are promised; needed on clouds")
    demand: dict[Name, ModelDemand] = Field(default_factory=dict, description="demand by territory; needed on clouds")
    engine: Engine = Field(default_factory=Engine, description="size of one engine")


class Lane(Section):
    """Caps of one lane."""

    max_output_tokens: int = Field(1024, ge=1, le=1_048_576, description="generated tokens per request")
    max_choices: int = Field(1, ge=1, le=64, description="answers to one prompt")
    max_in_flight: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="running plus waiting requests of the lane in one replica; without it chat may fill the queue and "
        "batch half of it",
    )


class Tenant(Section):
    """An application: its key, where it is served and what it may call."""

    territory: Name = Field(description="the territory that serves it")
    models: tuple[Name, ...] = Field(min_length=1, description="models it may call, e.g. [tiny-llama]")
    key: KeyText | None = Field(
        None,
        description="its API key, 20 to 200 characters, kept encrypted in the state; without one the stack makes a key",
    )
    lanes: tuple[ServedLane, ...] = Field(("chat",), min_length=1, description="lanes it may use: chat, batch")
    requests_per_minute: int = Field(
        600, ge=1, le=1_000_000, description="requests per minute in each region; above it 429 with Retry-After"
    )
    concurrent_requests: int = Field(
        64, ge=1, le=100_000, description="requests at the same time in each region; above it 429 with Retry-After"
    )
    tokens_per_minute: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        description="prompt plus output tokens per minute in each region; no limit without it",
    )
    suspended: bool = Field(False, description="true refuses every request of the tenant with 403, its key stays known")  # noqa: FBT003


class Drain(Section):
    """How a replica stops: says not ready, then refuses new requests, then waits for running ones."""

    delay_seconds: int = Field(5, ge=0, le=300, description="seconds of saying not ready before refusing")
    timeout_seconds: int = Field(
        120, ge=MIN_DRAIN_SECONDS, le=MAX_DRAIN_SECONDS, description="seconds that running requests may take"
    )


class Readiness(Section):
    """When a replica counts as ready; see the page on readiness in `docs`."""

    stall_seconds: int = Field(60, ge=2, le=600, description="seconds without a token before a replica is not ready")
    probe_interval_seconds: int = Field(30, ge=1, le=300, description="seconds between tokens that prove an idle one")


class LocalSteering(Section):
    """What sends a territory's clients to its first healthy region, and never to another territory."""

    provider: Literal["proxy", "dns"] = Field(
        "proxy",
        description="`proxy`: one address per territory (Envoy) that fails over by itself; `dns`: a name server, and "
        "clients resolve again as they do with a cloud's DNS",
    )
    probe_interval_seconds: int = Field(1, ge=1, le=60, description="seconds between probes of each region")
    unhealthy_after: int = Field(2, ge=1, le=10, description="failed probes until a region gets no more clients")
    ttl_seconds: int = Field(5, ge=1, le=300, description="seconds for which clients may keep an answer (`dns`)")
    ports: dict[Name, Port] = Field(
        default_factory=dict,
        description="port of the endpoint by territory; without one a free port is chosen once and kept (`dns`: 8443)",
    )


class Local(Section):
    """What only a stack on this machine has."""

    ports: dict[RegionName, Port] = Field(
        default_factory=dict, description="entry port by region; without one a free port is chosen once and kept"
    )
    replicas: dict[RegionName, Annotated[int, Field(ge=1, le=8)]] = Field(
        default_factory=dict, description="engines by region, 1 without it; each needs about 1.7 GB"
    )
    steering: LocalSteering = Field(default_factory=LocalSteering, description="how clients find a healthy region")
    threads: int = Field(1, ge=1, le=256, description="CPU threads per engine")


class Config(Section):
    """One environment."""

    environment: Literal["local", "dev", "prod"] = Field(
        description="`local` runs on this machine, `dev` and `prod` on clouds"
    )
    territories: dict[Name, Territory] = Field(min_length=1, description="legal spaces by name")
    models: dict[Name, Model] = Field(min_length=1, description="served models by name")
    tenants: dict[Name, Tenant] = Field(min_length=1, description="applications by name")
    lanes: dict[ServedLane, Lane] = Field(
        default_factory=lambda: dict.fromkeys(LANES, Lane()), min_length=1, description="caps by lane"
    )
    drain: Drain = Field(default_factory=Drain, description="how a replica stops")
    readiness: Readiness = Field(default_factory=Readiness, description="when a replica is ready")
    local: Local = Field(default_factory=Local, description="settings of a stack on this machine")
    domain: str | None = Field(
        None, pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", description="domain of the territories' names; needed on clouds"
    )
    steering: Steering | None = Field(None, description="how clients find a healthy region; needed on clouds")
    capacity: Capacity | None = Field(None, description="what may be bought and must survive; needed on clouds")
    compliance: Compliance = Field(default_factory=Compliance, description="what auditors ask for")
    network: Network = Field(default_factory=Network, description="how regions are reached")
    accounts: Accounts = Field(default_factory=dict, description="account, project or subscription by cloud")
    cluster: Cluster = Field(default_factory=Cluster, description="the Kubernetes clusters")
    tags: Tags = Field(default_factory=dict, description="tags of your own on everything, e.g. {owner: platform}")
    rollout: Rollout = Field(default_factory=Rollout, description="in which order regions change")
    image: Image | None = Field(None, description="the serving image; needed on clouds")


def parse(values: Mapping[str, Any]) -> Config:
    """Read configuration values, keyed as in the stack file without `meridian:`.

    Raises `ConfigurationRefused` with every problem of form, or, when the form is right, every
    contradiction between values.
    """
    try:
        config = Config.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigurationRefused(problems_of(error, Config)) from None
    problems = [*_unknown_names(config), *_shared_keys(config), *_odd_keys(config), *_repeated_regions(config)]
    if problems:
        raise ConfigurationRefused(problems)
    return config


def _unknown_names(config: Config) -> list[Problem]:
    problems = []
    for name, tenant in config.tenants.items():
        where = f"meridian:tenants.{name}"
        if tenant.territory not in config.territories:
            problems.append(_no_such("territory", f"{where}.territory", tenant.territory, config.territories))
        problems += [
            _no_such("model", f"{where}.models", model, config.models)
            for model in tenant.models
            if model not in config.models
        ]
    regions = dict.fromkeys(region for territory in config.territories.values() for region in territory.regions)
    problems += [
        _no_such("region", f"meridian:local.{section}.{region}", region, regions)
        for section, named in (("ports", config.local.ports), ("replicas", config.local.replicas))
        for region in named
        if region not in regions
    ]
    problems += [
        _no_such("territory", f"meridian:local.steering.ports.{name}", name, config.territories)
        for name in config.local.steering.ports
        if name not in config.territories
    ]
    problems += [
        _no_such("lane", f"meridian:tenants.{name}.lanes", lane, dict.fromkeys(map(str, config.lanes)))
        for name, tenant in config.tenants.items()
        for lane in tenant.lanes
        if lane not in config.lanes
    ]
    return problems


def _no_such(kind: str, where: str, name: str, known: Mapping[str, Any]) -> Problem:
    return Problem(
        where=where,
        what=f"there is no {kind} named {name!r}",
        why=f"a {kind} must be declared before it can be named, or requests would have nowhere to go",
        fix=f"write one of: {', '.join(sorted(known))}",
    )


def _shared_keys(config: Config) -> list[Problem]:
    owners: dict[str, list[str]] = {}
    for name, tenant in sorted(config.tenants.items()):
        if tenant.key is not None:
            owners.setdefault(tenant.key.get_secret_value(), []).append(name)
    return [
        Problem(
            where=f"meridian:tenants.{names[-1]}.key",
            what=f"the tenants {' and '.join(names)} have the same key",
            why="the key alone tells who calls: limits, cache isolation and the audit trail would be shared",
            fix="give each tenant a key of its own, or leave `key` out and the stack makes one",
        )
        for names in owners.values()
        if len(names) > 1
    ]


def _odd_keys(config: Config) -> list[Problem]:
    return [
        Problem(
            where=f"meridian:tenants.{name}.key",
            what="the key holds a blank or a character outside ASCII",
            why="it travels in an HTTP header, which cannot carry it",
            fix="write letters, digits and punctuation of ASCII, or leave `key` out and the stack makes one",
        )
        for name, tenant in config.tenants.items()
        if tenant.key is not None and not all("!" <= letter <= "~" for letter in tenant.key.get_secret_value())
    ]


def _repeated_regions(config: Config) -> list[Problem]:
    homes: dict[str, list[str]] = {}
    for name, territory in sorted(config.territories.items()):
        for region in territory.regions:
            homes.setdefault(region, []).append(name)
    return [
        Problem(
            where=f"meridian:territories.{names[-1]}.regions",
            what=f"{region} is named {len(names)} times, in {' and '.join(names)}",
            why="a region belongs to exactly one territory, or data could leave its legal space",
            fix=f"keep {region} in one territory, once",
        )
        for region, names in homes.items()
        if len(names) > 1
    ]
