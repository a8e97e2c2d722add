"""The vocabulary between plan and components: frozen values, no defaults, no Pulumi.

A spec says what to build. The plan fills every field, components read them, and neither side
looks at configuration for anything else.
"""

from dataclasses import dataclass
from typing import Literal

CloudName = Literal["local"]
"""Who runs a region. More names arrive with their component folder."""

LaneName = Literal["chat", "batch"]
"""`chat` is interactive and streams under a tight SLO; `batch` is throughput work that yields."""


@dataclass(frozen=True)
class LaneSpec:
    """What one request of a lane may ask for."""

    name: LaneName
    max_output_tokens: int
    """Cap on generated tokens per request; a larger or missing wish is lowered to it."""
    priority: int
    """vLLM's scheduling priority: lower is served sooner."""
    max_choices: int
    """Cap on `n`, the number of answers to one prompt."""
    max_in_flight: int | None
    """Cap on running plus waiting requests of the lane in one replica; None means the engine's own admission alone."""


@dataclass(frozen=True)
class EngineSpec:
    """Size of one vLLM engine."""

    max_model_len: int
    """Context of prompt and output together, in tokens."""
    max_num_seqs: int
    """Requests generated side by side."""
    max_num_batched_tokens: int
    """Tokens of one scheduler step, the chunk of chunked prefill."""
    max_num_queued_reqs: int
    """Running plus waiting requests above which the engine refuses admission."""
    kv_cache_memory_bytes: int
    """Memory of the KV cache, in bytes."""
    extra_args: tuple[tuple[str, str | bool], ...]
    """Further vLLM flags, sorted by name; checked by the server against the pinned version."""


@dataclass(frozen=True)
class ModelSpec:
    """A served model."""

    name: str
    """The name clients send as `model`."""
    source: str
    """`tiny` (made on the spot) or the absolute path of a Hugging Face model folder."""
    engine: EngineSpec


@dataclass(frozen=True)
class ReplicaSpec:
    """One vLLM engine of one model in one region."""

    name: str
    """Unique in the environment and stable, e.g. `local-north-tiny-llama-0`."""
    model: ModelSpec
    drain_delay_seconds: int
    """How long a stopping replica says not ready while it still takes requests."""
    drain_timeout_seconds: int
    """How long running requests may take to finish after that."""
    stall_seconds: int
    """A running request without a token for so long makes the replica not ready."""
    probe_interval_seconds: int
    """An idle replica proves itself by one generated token this often."""
    threads: int
    """CPU threads of the engine's arithmetic."""


@dataclass(frozen=True)
class TenantSpec:
    """An application with its own key. The key itself is an input, never part of a spec."""

    name: str
    has_given_key: bool
    """True when configuration brings the key; false when the stack makes one."""
    requests_per_minute: int
    """Requests per minute that a region's gateway lets through; above it 429."""
    concurrent_requests: int
    """Requests at the same time that a region's gateway lets through; above it 429."""
    tokens_per_minute: int | None
    """Prompt plus output tokens per minute in a region, shared by its replicas; None means no limit."""
    suspended: bool
    """True refuses every request with 403."""
    lanes: tuple[LaneName, ...]
    """Lanes it may use, sorted."""


@dataclass(frozen=True)
class GatewaySpec:
    """Envoy of one region."""

    buffer_bytes: int
    """Largest request body that is buffered for a retry, in bytes."""
    stream_idle_seconds: int
    """A stream without a byte for so long is given up; streams have no other time limit."""


@dataclass(frozen=True)
class RegionSpec:
    """One region, the unit of failure."""

    name: str
    cloud: CloudName
    territory: str
    replicas: tuple[ReplicaSpec, ...]
    lanes: tuple[LaneSpec, ...]
    tenants: tuple[TenantSpec, ...]
    gateway: GatewaySpec
    address: str
    """Loopback address of the entry: one for all regions behind a proxy, one of its own each behind DNS."""
    preferred_port: int
    """Where the entry listens when that port is free; another free one is chosen and kept otherwise."""
    port_is_fixed: bool
    """True when configuration names the port: then a taken port is an error, not a reason to choose another."""


@dataclass(frozen=True)
class SteeringSpec:
    """What sends a territory's clients to its first healthy region."""

    provider: Literal["proxy", "dns"]
    name: str
    """The name that clients resolve (`dns`), and that every entry's certificate carries."""
    probe_interval_seconds: int
    unhealthy_after: int
    """Failed probes in a row until a region gets no more clients."""
    ttl_seconds: int
    """How long clients may keep an answer (`dns`)."""
    preferred_port: int
    """Where the proxy, or the name server, listens when that port is free."""
    port_is_fixed: bool
    """True when configuration names the port."""
    buffer_bytes: int
    """Largest request body that the proxy keeps for sending it to another region, in bytes."""
    stream_idle_seconds: int


@dataclass(frozen=True)
class TerritorySpec:
    """A legal space whose data and fail-over never leave it."""

    name: str
    jurisdictions: tuple[str, ...]
    regions: tuple[RegionSpec, ...]
    """In the order in which clients are sent to them: the first healthy one serves."""
    steering: SteeringSpec
