"""The steering of a territory as the static configuration of one Envoy; pure.

It sends every client to the first healthy entry of its own territory. It knows no other entry, and with
none healthy it says 503: nothing can cross a territory, whatever is dead.
"""

import json
from dataclasses import dataclass

from components.gateway.behaviour import READY_PATH, Listener
from components.gateway.envoy_listener import http_manager, mapped_error, tls_listener
from components.gateway.envoy_upstreams import CONNECT_SECONDS, EXTENSION, Json, address, named, seconds

CLUSTER = "entries"
PROBE_SECONDS = 1
RETRY_AFTER_SECONDS = 2
STRICT = 100_000
"""Overprovisioning that keeps a priority whole while any entry of it is healthy: at Envoy's default of 140, 94 of 300
requests went on to the next one with half of it healthy."""


@dataclass(frozen=True)
class Entry:
    """One region's front door."""

    region: str
    address: str
    port: int
    server_name: str
    """The name that its certificate must carry."""
    priority: int
    """0 is used first."""


@dataclass(frozen=True)
class Steering:
    """Where the clients of one territory go."""

    territory: str
    entries: tuple[Entry, ...]
    probe_interval_seconds: int
    unhealthy_after: int
    buffer_bytes: int
    stream_idle_seconds: int


def steering_bootstrap(steering: Steering, listener: Listener, *, admin_socket: str, authority_file: str) -> str:
    """Envoy's configuration as JSON."""
    return json.dumps(
        {
            "admin": {"address": {"pipe": {"path": admin_socket, "mode": 0o600}}},
            "static_resources": {
                "listeners": [_listener(steering, listener)],
                "clusters": [_entries(steering, authority_file)],
            },
        },
        indent=1,
    )


def _listener(steering: Steering, listener: Listener) -> Json:
    virtual_host = {"name": steering.territory, "domains": ["*"], "routes": [_route(steering)]}
    http = http_manager(
        "steering", filters=(), virtual_host=virtual_host, idle_seconds=steering.stream_idle_seconds, log=_LOG_FORMAT
    )
    nobody = f"No region of {steering.territory} can take the request now. Try again shortly."
    http["local_reply_config"] = {
        "mappers": [
            mapped_error(503, "territory_unavailable", nobody, retry_after_seconds=RETRY_AFTER_SECONDS),
            mapped_error(413, "request_too_large", "The request is larger than any model's context allows."),
        ]
    }
    return tls_listener("endpoint", listener, http, buffer_bytes=steering.buffer_bytes)


def _route(steering: Steering) -> Json:
    """Once more, at another region, and only for what no region has answered: statuses are the gateways' to judge."""
    return {
        "match": {"prefix": "/"},
        "route": {
            "cluster": CLUSTER,
            "timeout": "0s",
            "idle_timeout": seconds(steering.stream_idle_seconds),
            "retry_policy": {
                "retry_on": "connect-failure,refused-stream,reset",
                "num_retries": 1,
                "retry_priority": named(
                    "envoy.retry_priorities.previous_priorities",
                    {
                        "@type": f"{EXTENSION}.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                        "update_frequency": 1,
                    },
                ),
            },
        },
    }


def _entries(steering: Steering, authority_file: str) -> Json:
    probe = seconds(steering.probe_interval_seconds)
    return {
        "name": CLUSTER,
        "type": "STATIC",
        "connect_timeout": seconds(CONNECT_SECONDS),
        "per_connection_buffer_limit_bytes": steering.buffer_bytes,
        "lb_policy": "ROUND_ROBIN",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "health_checks": [
            {
                "interval": probe,
                "no_traffic_interval": probe,
                "no_traffic_healthy_interval": probe,
                "unhealthy_interval": probe,
                "timeout": seconds(PROBE_SECONDS),
                "unhealthy_threshold": steering.unhealthy_after,
                "healthy_threshold": 1,
                "http_health_check": {"path": READY_PATH},
            }
        ],
        "circuit_breakers": {"thresholds": [_unlimited("DEFAULT"), _unlimited("HIGH")]},
        "load_assignment": {
            "cluster_name": CLUSTER,
            "policy": {"overprovisioning_factor": STRICT},
            "endpoints": [
                {"priority": entry.priority, "lb_endpoints": [_endpoint(entry)]} for entry in steering.entries
            ],
        },
        "transport_socket_matches": [_trusted(entry, authority_file) for entry in steering.entries],
    }


def _unlimited(priority: str) -> Json:
    """No limit here: the gateways and engines have theirs, and say 429."""
    most = 100_000
    return {
        "priority": priority,
        "max_connections": most,
        "max_pending_requests": most,
        "max_requests": most,
        "max_retries": most,
    }


def _endpoint(entry: Entry) -> Json:
    return {
        "endpoint": {"address": address(entry.address, entry.port)},
        "metadata": {"filter_metadata": {"envoy.transport_socket_match": {"region": entry.region}}},
    }


def _trusted(entry: Entry, authority_file: str) -> Json:
    """Each entry is believed under its own name alone."""
    return {
        "name": entry.region,
        "match": {"region": entry.region},
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": f"{EXTENSION}.transport_sockets.tls.v3.UpstreamTlsContext",
                "sni": entry.server_name,
                "common_tls_context": {
                    "tls_params": {
                        "tls_minimum_protocol_version": "TLSv1_3",
                        "tls_maximum_protocol_version": "TLSv1_3",  # as a client Envoy stops at 1.2 otherwise
                    },
                    "validation_context": {
                        "trusted_ca": {"filename": authority_file},
                        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": entry.server_name}}],
                    },
                },
            },
        },
    }


_LOG_FORMAT = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "duration_ms": "%DURATION%",
    "upstream": "%UPSTREAM_HOST%",
}
"""The access log: no query, no body, no key."""
