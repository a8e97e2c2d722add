"""Who is asking: proved by the gateway, never by the client; pure.

The gateway proves itself by the engine key and stamps tenant, lanes and limit. Without that proof any
process that reaches the port could name itself a tenant.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from meridian_server.errors import Headers, Refusal
from meridian_server.settings import LaneName

ENGINE_KEY_HEADER = b"x-meridian-engine-key"
TENANT_HEADER = b"x-meridian-tenant"
LANES_HEADER = b"x-meridian-lanes"
TOKENS_HEADER = b"x-meridian-tokens-per-minute"
OWNED_PREFIX = b"x-meridian-"
STEERING_HEADERS = frozenset(
    {b"x-vllm-priority", b"x-data-parallel-rank", b"x-request-id", b"x-session-id", b"authorization"}
)
"""Headers by which a client could steer vLLM past its lane, or that carry a key it need not see."""

TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LIMIT = re.compile(r"[1-9][0-9]{0,11}")
LANES: tuple[LaneName, ...] = get_args(LaneName)


@dataclass(frozen=True)
class Caller:
    """A proved caller."""

    tenant: str
    lanes: tuple[LaneName, ...]
    """Lanes it may use."""
    tokens_per_minute: int | None
    """This replica's share of its limit; None is no limit."""


def caller(headers: Headers, engine_key: bytes) -> Caller:
    """The caller of a request; raises a 401 `Refusal`, or 400 for a stamp that cannot be read."""
    shown = _values(headers, ENGINE_KEY_HEADER)
    if not engine_key or len(shown) != 1 or not hmac.compare_digest(shown[0], engine_key):
        raise Refusal(401, "unproved_gateway", "This engine answers its gateway only. Send the request to the entry.")
    tenants = _values(headers, TENANT_HEADER)
    if len(tenants) != 1 or not TENANT.fullmatch(tenants[0].decode("latin-1")):
        raise Refusal(401, "missing_tenant", "The gateway did not say which tenant this request belongs to.")
    return Caller(tenants[0].decode(), _lanes(_values(headers, LANES_HEADER)), _limit(_values(headers, TOKENS_HEADER)))


def salt(key: bytes, territory: str, tenant: str) -> str:
    """The prefix-cache salt of a tenant: without the key nobody can name another tenant's cache."""
    return hmac.new(key, f"{territory}|{tenant}".encode(), hashlib.sha256).hexdigest()


def without_owned(headers: Headers) -> Headers:
    """The headers that vLLM may see."""
    return [
        (name, value)
        for name, value in headers
        if not name.lower().startswith(OWNED_PREFIX) and name.lower() not in STEERING_HEADERS
    ]


def _lanes(values: Sequence[bytes]) -> tuple[LaneName, ...]:
    if not values:
        return ("chat",)
    names = [name.strip() for name in values[0].decode("latin-1").split(",") if name.strip()]
    if len(values) > 1 or not set(names) <= set(LANES):
        raise Refusal(400, "unknown_lane", f"There is no such lane. Lanes: {', '.join(LANES)}.")
    return tuple(lane for lane in LANES if lane in names)


def _limit(values: Sequence[bytes]) -> int | None:
    if not values:
        return None
    if len(values) > 1 or not LIMIT.fullmatch(values[0].decode("latin-1")):
        raise Refusal(400, "wrong_limit", "The gateway stamped tokens per minute that are no whole number above 0.")
    return int(values[0])


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key.lower() == name]
