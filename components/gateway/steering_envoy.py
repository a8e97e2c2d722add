"""The steering of a territory as one Envoy: clients reach its first healthy region, and no other territory; pure."""

from dataclasses import dataclass

from components.gateway import envoy_parts as parts
from components.gateway.behaviour import HealthCheck, Listener
from components.gateway.envoy_parts import EXTENSION, Json, OwnAnswer, named, seconds

CLUSTER = "regions"
CONNECT_SECONDS = 1
PROBE_TIMEOUT_SECONDS = 1
NEVER_SPILL = 100_000
"""Overprovisioning factor, in percent: a region with any healthy entry takes everything. Measured: at Envoy's 140, 94
of 300 requests went to the second priority while one of two entries of the first was healthy; here none."""

ANSWERS = (
    OwnAnswer(
        503,
        "unavailable",
        "No region of this territory can take the request now. Try again shortly.",
        retry_after_seconds=2,
    ),
)


@dataclass(frozen=True)
class Entry:
    """A region's gateway, reached over TLS."""

    region: str
    address: str
    port: int
    server_name: str
    """The name its certificate must carry."""
    priority: int
    """0 is served first; the numbers of a territory have no gaps."""


@dataclass(frozen=True)
class Steering:
    """One territory. It knows no entry of another one, so nothing can be sent there."""

    territory: str
    entries: tuple[Entry, ...]
    probe_interval_seconds: int
    unhealthy_after: int
    """Failed probes in a row until a region gets no more clients."""
    buffer_bytes: int
    """Largest request body that is kept for sending it to another region."""
    stream_idle_seconds: int


def steering_bootstrap(steering: Steering, listener: Listener, *, admin_socket: str, authority_file: str) -> str:
    """Envoy's configuration as JSON; it holds no secret."""
    listeners = [parts.tls_listener(listener, _http(steering), buffer_bytes=steering.buffer_bytes)]
    return parts.bootstrap(
        {"listeners": listeners, "clusters": [_regions(steering, authority_file)]}, admin_socket=admin_socket
    )


def _http(steering: Steering) -> Json:
    idle = steering.stream_idle_seconds
    route = {
        "cluster": CLUSTER,
        "timeout": "0s",
        "idle_timeout": seconds(idle),
        "retry_policy": _retry_policy(),
    }
    host = {"name": steering.territory, "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": route}]}
    return parts.facing_clients(stream_idle_seconds=idle, region=None, answers=ANSWERS) | {
        "http_filters": [parts.router()],
        "route_config": {"name": "territory", "virtual_hosts": [host]},
    }


def _retry_policy() -> Json:
    """Once, to the next region, when a region broke off before it answered. What a region answers stands: its own
    gateway asked all its replicas, and asking the next region too would bring an overload there."""
    kind = f"{EXTENSION}.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
    return {
        "retry_on": "connect-failure,refused-stream,reset",
        "num_retries": 1,
        "retry_priority": named("envoy.retry_priorities.previous_priorities", {"@type": kind, "update_frequency": 1}),
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    }


def _regions(steering: Steering, authority_file: str) -> Json:
    check = HealthCheck(
        interval_seconds=steering.probe_interval_seconds,
        timeout_seconds=PROBE_TIMEOUT_SECONDS,
        unhealthy_after=steering.unhealthy_after,
        healthy_after=1,
    )
    breaker = {
        "max_connections": parts.UNLIMITED,
        "max_pending_requests": parts.UNLIMITED,
        "max_requests": parts.UNLIMITED,
        "max_retries": parts.UNLIMITED,  # a dead region hands over all its requests at once
    }
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": seconds(CONNECT_SECONDS),
        "per_connection_buffer_limit_bytes": steering.buffer_bytes,
        "lb_policy": "LEAST_REQUEST",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [parts.health_check(check)],
        "circuit_breakers": {"thresholds": [breaker]},
        "load_assignment": {
            "cluster_name": CLUSTER,
            "policy": {"overprovisioning_factor": NEVER_SPILL},
            "endpoints": [_locality(entry) for entry in steering.entries],
        },
        "transport_socket": parts.upstream_tls((entry.server_name for entry in steering.entries), authority_file),
    }


def _locality(entry: Entry) -> Json:
    return {
        "locality": {"region": entry.region},
        "priority": entry.priority,
        "lb_endpoints": [{"endpoint": {"address": parts.address(entry.address, entry.port)}}],
    }
