"""What every Envoy here does in front of clients: TLS 1.3, HTTP/1.1 and 2, strict paths, errors that teach; pure."""

from collections.abc import Mapping, Sequence

from components.gateway.behaviour import Listener
from components.gateway.envoy_upstreams import EXTENSION, Json, address, named, seconds

HEADERS_SECONDS = 10
"""How long a client may take to send its headers, against slow-header attacks."""


def tls_listener(name: str, listener: Listener, http: Json, *, buffer_bytes: int) -> Json:
    """A listener that ends TLS 1.3 and hands requests to an HTTP connection manager."""
    tls = {
        "@type": f"{EXTENSION}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "alpn_protocols": ["h2", "http/1.1"],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": listener.certificate_file},
                    "private_key": {"filename": listener.key_file},
                }
            ],
        },
    }
    return {
        "name": name,
        "address": address(listener.address, listener.port),
        "per_connection_buffer_limit_bytes": buffer_bytes,
        "filter_chains": [
            {
                "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                "filters": [named("envoy.filters.network.http_connection_manager", http)],
            }
        ],
    }


def http_manager(
    name: str, *, filters: Sequence[Json], virtual_host: Json, idle_seconds: int, log: Mapping[str, str]
) -> Json:
    """An HTTP connection manager that never cuts a stream which still moves."""
    return {
        "@type": f"{EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "use_remote_address": True,
        "server_name": "meridian",
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "request_headers_timeout": seconds(HEADERS_SECONDS),
        "stream_idle_timeout": seconds(idle_seconds),
        "access_log": [access_log(log)],
        "http_filters": [*filters, router()],
        "route_config": {"name": name, "virtual_hosts": [virtual_host]},
    }


def router() -> Json:
    """The last filter."""
    return named("envoy.filters.http.router", {"@type": f"{EXTENSION}.filters.http.router.v3.Router"})


def access_log(fields: Mapping[str, str]) -> Json:
    """One JSON line a request, on standard output."""
    return named(
        "envoy.access_loggers.stdout",
        {
            "@type": f"{EXTENSION}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": dict(fields)},
        },
    )


def mapped_error(status: int, code: str, message: str, *, retry_after_seconds: int | None = None) -> Json:
    """Envoy's own answer of a status, in the form that OpenAI clients read."""
    headers = {"content-type": "application/json"}
    if retry_after_seconds is not None:
        headers["retry-after"] = str(retry_after_seconds)
    value = {"default_value": status, "runtime_key": f"status.{status}"}
    return {
        "filter": {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}},
        "headers_to_add": [{"header": {"key": key, "value": text}} for key, text in headers.items()],
        "body_format_override": {
            "json_format": {"error": {"message": message, "type": "gateway_error", "param": None, "code": code}}
        },
    }
