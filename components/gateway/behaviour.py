"""What a gateway does, as pure data; `envoy` renders it.

The gateway is the only place where a client is told apart by its key. It stamps the tenant, proves
itself to the engine by the engine key, and lets nothing pass that a client wrote in their place.
"""

from dataclasses import dataclass
from typing import Literal

from components.specs import LaneName

TENANT_HEADER = "x-meridian-tenant"
LANES_HEADER = "x-meridian-lanes"
"""The lanes that the tenant may use, as a comma list without spaces."""
TOKENS_HEADER = "x-meridian-tokens-per-minute"
"""The replica's share of the tenant's tokens per minute; absent when the tenant has no such limit."""
ENGINE_KEY_HEADER = "x-meridian-engine-key"
REGION_HEADER = "x-meridian-region"
"""On every answer: the region whose gateway gave it."""
OWNED_PREFIX = "x-meridian-"
"""Headers that only the platform may set: a client's copies are removed."""
OWNED_HEADERS = ("x-vllm-priority", "x-data-parallel-rank")
"""Headers that steer vLLM itself: a client's copies are removed."""

READY_PATH = "/-/ready"
"""Answers 200 when a replica behind the gateway served a token; needs no key."""


@dataclass(frozen=True)
class Path:
    """An exact path that the gateway lets through."""

    method: Literal["GET", "POST"]
    path: str


INFERENCE_PATHS = (
    Path(method="POST", path="/v1/chat/completions"),
    Path(method="POST", path="/v1/completions"),
    Path(method="POST", path="/v1/responses"),
    Path(method="GET", path="/v1/models"),
)
"""Exact, for a prefix would also open vLLM's unguarded neighbours such as `/v1/chat/completions/batch`."""


@dataclass(frozen=True)
class Listener:
    """Where clients connect."""

    address: str
    port: int
    certificate_file: str
    key_file: str


@dataclass(frozen=True)
class Upstream:
    """One replica, reached over TLS."""

    address: str
    port: int
    server_name: str
    """The name its certificate must carry."""


@dataclass(frozen=True)
class Retries:
    """When a request goes to another replica. Only before its first byte was answered: then nothing is sent twice.

    The server holds its headers until the first token, so this covers every request without a token.
    """

    attempts: int
    statuses: tuple[int, ...]
    """Answers of a replica that another one may better: it is full (429) or stopping (503)."""
    budget_percent: int
    """Retries at once, as a share of active requests, so that a dying region is not hit four times as hard."""
    least_concurrent: int
    """Retries at once that are always allowed, whatever the share."""


RETRIES = Retries(attempts=3, statuses=(429, 503), budget_percent=20, least_concurrent=64)
"""Measured: with Envoy's default of 3 concurrent retries, 12 of 32 requests failed when one of two replicas reset
them; with 64 none did."""


@dataclass(frozen=True)
class Ejection:
    """When a replica is left out because of what it answers."""

    consecutive_failures: int
    """Gateway errors (502, 503, 504, resets) in a row; a 500 of one bad request does not count."""
    seconds: int
    """How long the first time; longer each time after."""
    most_percent: int
    """Share of replicas that may be out at once; one always may."""


EJECTION = Ejection(consecutive_failures=3, seconds=5, most_percent=50)


@dataclass(frozen=True)
class HealthCheck:
    """How the gateway asks its replicas whether they are ready."""

    interval_seconds: int
    timeout_seconds: int
    unhealthy_after: int
    healthy_after: int


HEALTH_CHECK = HealthCheck(interval_seconds=1, timeout_seconds=2, unhealthy_after=2, healthy_after=1)

AFFINITY_HEADER = "x-meridian-affinity"
"""What requests are hashed by: tenant and `prompt_cache_key` of the body, or the header `x-session-id`."""
MODEL_HEADER = "x-meridian-model"
"""The model that a body asks for, where a gateway has several to choose from."""
BALANCE_PERCENT = 150
"""A replica with this much of the mean of active requests is passed over, whatever the hash says."""


@dataclass(frozen=True)
class Tenant:
    """An application as a region's gateway knows it."""

    name: str
    key: str
    """Its API key; secret."""
    requests_per_minute: int
    concurrent_requests: int
    tokens_per_minute_per_replica: int | None
    """None means no limit."""
    suspended: bool
    """True answers every request with 403."""
    lanes: tuple[LaneName, ...]


@dataclass(frozen=True)
class Behaviour:
    """One gateway."""

    region: str
    tenants: tuple[Tenant, ...]
    engine_key: str
    """What proves the gateway to its engines; secret."""
    upstreams: tuple[Upstream, ...]
    buffer_bytes: int
    stream_idle_seconds: int
