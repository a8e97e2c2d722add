"""The replicas behind a gateway, as Envoy's cluster and retry policy; pure."""

from typing import Any

from components.gateway.behaviour import (
    BALANCE_PERCENT,
    EJECTION,
    HEALTH_CHECK,
    READY_PATH,
    RETRIES,
    Behaviour,
    Ejection,
    HealthCheck,
    Retries,
    Upstream,
)

Json = dict[str, Any]

EXTENSION = "type.googleapis.com/envoy.extensions"
CLUSTER = "engines"
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
        "health_checks": [_health_check(HEALTH_CHECK)],
        "circuit_breakers": {"thresholds": [_breaker(RETRIES)]},
        "load_assignment": {
            "cluster_name": CLUSTER,
            "endpoints": [{"lb_endpoints": [_endpoint(upstream) for upstream in behaviour.upstreams]}],
        },
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": _tls(behaviour.upstreams, authority_file),
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
    unlimited = 100_000
    return {
        "max_connections": unlimited,
        "max_pending_requests": unlimited,
        "max_requests": unlimited,
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


def _health_check(check: HealthCheck) -> Json:
    """Without traffic Envoy would ask every 60 s only; the interval is the same with and without."""
    interval = seconds(check.interval_seconds)
    return {
        "interval": interval,
        "no_traffic_interval": interval,
        "no_traffic_healthy_interval": interval,
        "timeout": seconds(check.timeout_seconds),
        "unhealthy_threshold": check.unhealthy_after,
        "healthy_threshold": check.healthy_after,
        "http_health_check": {"path": READY_PATH},
    }


def _tls(upstreams: tuple[Upstream, ...], authority_file: str) -> Json:
    names = sorted({upstream.server_name for upstream in upstreams})
    return {
        "@type": f"{EXTENSION}.transport_sockets.tls.v3.UpstreamTlsContext",
        "sni": names[0],
        "common_tls_context": {
            "validation_context": {
                "trusted_ca": {"filename": authority_file},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": name}} for name in names],
            }
        },
    }


def _endpoint(upstream: Upstream) -> Json:
    return {"endpoint": {"address": address(upstream.address, upstream.port)}}


def address(host: str, port: int) -> Json:
    """A TCP address."""
    return {"socket_address": {"address": host, "port_value": port}}


def named(name: str, config: Json) -> Json:
    """An extension with its typed configuration."""
    return {"name": name, "typed_config": config}


def seconds(count: int) -> str:
    """A duration."""
    return f"{count}s"
