"""What a gateway does, as pure data; `envoy` renders it.

The gateway is the only place where a client is told apart by its key. It stamps the tenant, proves
itself to the engine by the engine key, and lets nothing pass that a client wrote in their place.
"""

from dataclasses import dataclass
from typing import Literal

TENANT_HEADER = "x-meridian-tenant"
ENGINE_KEY_HEADER = "x-meridian-engine-key"
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
class Behaviour:
    """One gateway."""

    tenant_keys: tuple[tuple[str, str], ...]
    """Tenant and its API key; secret."""
    engine_key: str
    """What proves the gateway to its engines; secret."""
    upstreams: tuple[Upstream, ...]
    buffer_bytes: int
    stream_idle_seconds: int
