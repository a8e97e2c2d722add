"""The replicas behind a gateway, as Envoy's cluster and retry policy; pure."""

from pathlib import Path as File

from components.gateway import envoy_parts as parts
from components.gateway.behaviour import (
    AFFINITY_HEADER,
    BALANCE_PERCENT,
    EJECTION,
    HEALTH_CHECK,
    RETRIES,
    Behaviour,
    Ejection,
    Retries,
    Upstream,
)
from components.gateway.envoy_parts import EXTENSION, UNLIMITED, Json, named, seconds

AFFINITY = File(__file__).with_name("affinity.lua")
CLUSTER = "engines:all"
"""No tenant can have this name: a tenant's cluster bears the tenant's, which holds no colon."""
CONNECT_SECONDS = 2
HOST_ATTEMPTS = 30
"""How often a retry looks for a replica not tried yet. Measured with Maglev: at 5, 6 of 600 failed; at 30, none."""


def engines(behaviour: Behaviour, authority_file: str) -> Json:
    """The cluster of all replicas."""
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": seconds(CONNECT_SECONDS),
        "per_connection_buffer_limit_bytes": behaviour.buffer_bytes,
        "lb_policy": "MAGLEV",
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 0},
            "consistent_hashing_lb_config": {"hash_balance_factor": BALANCE_PERCENT},
        },
        "outlier_detection": _outlier_detection(EJECTION),
        "health_checks": [parts.health_check(HEALTH_CHECK)],
        "circuit_breakers": {"thresholds": [_breaker(RETRIES)]},
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [{"lb_endpoints": [_endpoint(upstream) for upstream in behaviour.upstreams]}],
        },
        "transport_socket": parts.upstream_tls((one.server_name for one in behaviour.upstreams), authority_file),
    }


def body_limit(behaviour: Behaviour) -> Json:
    """Waits for the whole body, 413 above the limit. The buffer of a connection does not do it: HTTP/2 has another."""
    kind = f"{EXTENSION}.filters.http.buffer.v3.Buffer"
    return named("envoy.filters.http.buffer", {"@type": kind, "max_request_bytes": behaviour.buffer_bytes})


def affinity() -> Json:
    """The filter that finds what a request belongs to."""
    script = {"inline_string": AFFINITY.read_text() + "envoy_on_request = set_affinity\n"}
    return named(
        "envoy.filters.http.lua", {"@type": f"{EXTENSION}.filters.http.lua.v3.Lua", "default_source_code": script}
    )


def replica_route(behaviour: Behaviour) -> Json:
    """Every request to a replica: without a time limit as a whole, retried, and hashed by what it belongs to."""
    return {
        "match": {"prefix": "/"},
        "route": {
            "cluster": CLUSTER,
            "timeout": "0s",
            "idle_timeout": seconds(behaviour.stream_idle_seconds),
            "retry_policy": retry_policy(RETRIES),
            "hash_policy": [{"header": {"header_name": AFFINITY_HEADER}}],
        },
    }


def retry_policy(retries: Retries) -> Json:
    """When and where a request is tried again."""
    return {
        "retry_on": "connect-failure,refused-stream,reset,retriable-status-codes",
        "retriable_status_codes": list(retries.statuses),
        "num_retries": retries.attempts,
        "host_selection_retry_max_attempts": HOST_ATTEMPTS,
        "retry_host_predicate": [
            named(
                "envoy.retry_host_predicates.previous_hosts",
                {"@type": f"{EXTENSION}.retry.host.previous_hosts.v3.PreviousHostsPredicate"},
            )
        ],
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    }


def _breaker(retries: Retries) -> Json:
    """No limit on requests here: the engines' own admission is the limit, and says 429."""
    return {
        "max_connections": UNLIMITED,
        "max_pending_requests": UNLIMITED,
        "max_requests": UNLIMITED,
        "retry_budget": {
            "budget_percent": {"value": retries.budget_percent},
            "min_retry_concurrency": retries.least_concurrent,
        },
    }


def _outlier_detection(ejection: Ejection) -> Json:
    return {
        "consecutive_gateway_failure": ejection.consecutive_failures,
        "enforcing_consecutive_gateway_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": seconds(ejection.seconds),
        "max_ejection_percent": ejection.most_percent,
        "always_eject_one_host": True,
    }


def _endpoint(upstream: Upstream) -> Json:
    return {"endpoint": {"address": parts.address(upstream.address, upstream.port)}}
