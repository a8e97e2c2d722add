"""What every Envoy of ours is made of: listener, TLS, HTTP connection manager, probes, errors, access log; pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from components.gateway.behaviour import READY_PATH, TENANT_HEADER, HealthCheck, Listener

Json = dict[str, Any]

EXTENSION = "type.googleapis.com/envoy.extensions"
HEADERS_SECONDS = 10
"""How long a client may take to send its headers, against slow-header attacks."""
UNLIMITED = 100_000

LOG_FORMAT = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%PATH(NQ)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "tenant": f"%REQ({TENANT_HEADER.upper()})%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "bytes_in": "%BYTES_RECEIVED%",
    "bytes_out": "%BYTES_SENT%",
    "duration_ms": "%DURATION%",
    "upstream": "%UPSTREAM_HOST%",
}
"""The access log: who, what, when, how long; no query, no body, no key."""


@dataclass(frozen=True)
class OwnAnswer:
    """An answer that Envoy itself gives, in the form that OpenAI clients read."""

    status: int
    code: str
    message: str
    flag: str | None = None
    """Envoy's response flag that it is given for; None means every answer of that status."""
    header: str | None = None
    """A header of the request that it is given for; None means every request."""
    answered_as: int | None = None
    """Another status that clients see instead."""
    retry_after_seconds: int | None = None


def bootstrap(static: Mapping[str, list[Json]], *, admin_socket: str, extensions: Iterable[Json] = ()) -> str:
    """A whole static configuration as JSON. Statistics of a cluster are made at its first request."""
    return json.dumps(
        {
            "admin": {"address": {"pipe": {"path": admin_socket, "mode": 0o600}}},
            "bootstrap_extensions": list(extensions),
            "deferred_stat_options": {"enable_deferred_creation_stats": True},
            "static_resources": static,
        },
        indent=1,
    )


def tls_listener(listener: Listener, http: Json, *, buffer_bytes: int) -> Json:
    """Where clients connect: TLS 1.3 alone, HTTP/2 or HTTP/1.1."""
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
        "name": "entry",
        "address": address(listener.address, listener.port),
        "per_connection_buffer_limit_bytes": buffer_bytes,
        "filter_chains": [
            {"transport_socket": named("envoy.transport_sockets.tls", tls), "filters": [http_manager(http)]}
        ],
    }


def http_manager(config: Json) -> Json:
    """The filter that speaks HTTP."""
    kind = f"{EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager"
    return named("envoy.filters.network.http_connection_manager", {"@type": kind} | config)


def facing_clients(*, stream_idle_seconds: int, region: str | None, answers: Iterable[OwnAnswer]) -> Json:
    """The part of an HTTP connection manager that every entry has."""
    return {
        "stat_prefix": "entry",
        "use_remote_address": True,
        "server_name": "meridian",
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"},
        "request_headers_timeout": seconds(HEADERS_SECONDS),
        "stream_idle_timeout": seconds(stream_idle_seconds),
        "access_log": [access_log(region)],
        "local_reply_config": own_answers(answers),
    }


def own_answers(answers: Iterable[OwnAnswer]) -> Json:
    """Envoy's `local_reply_config`; the first answer that fits is given."""
    return {"mappers": [_own_answer(answer) for answer in answers]}


def _own_answer(answer: OwnAnswer) -> Json:
    headers = {"content-type": "application/json"}
    if answer.retry_after_seconds is not None:
        headers["retry-after"] = str(answer.retry_after_seconds)
    error = {"message": answer.message, "type": "gateway_error", "param": None, "code": answer.code}
    mapper: Json = {
        "filter": _fits(answer),
        "headers_to_add": [added(name, value) for name, value in headers.items()],
        "body_format_override": {"json_format": {"error": error}},
    }
    return mapper if answer.answered_as is None else mapper | {"status_code": answer.answered_as}


def _fits(answer: OwnAnswer) -> Json:
    value = {"default_value": answer.status, "runtime_key": f"status.{answer.status}"}
    status: Json = {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}
    wanted = [status]
    if answer.flag is not None:
        wanted.append({"response_flag_filter": {"flags": [answer.flag]}})
    if answer.header is not None:
        wanted.append({"header_filter": {"header": {"name": answer.header, "present_match": True}}})
    return status if len(wanted) == 1 else {"and_filter": {"filters": wanted}}


def access_log(region: str | None) -> Json:
    """One line of JSON per request, on standard output."""
    log = f"{EXTENSION}.access_loggers.stream.v3.StdoutAccessLog"
    fields = LOG_FORMAT | ({"region": region} if region else {})
    return named("envoy.access_loggers.stdout", {"@type": log, "log_format": {"json_format": fields}})


def router() -> Json:
    """The last HTTP filter. Envoy's own headers stay inside."""
    kind = f"{EXTENSION}.filters.http.router.v3.Router"
    return named("envoy.filters.http.router", {"@type": kind, "suppress_envoy_headers": True})


def upstream_tls(names: Iterable[str], authority_file: str) -> Json:
    """TLS 1.3 towards servers whose certificate carries one of the names; as a client Envoy stops at 1.2 unasked."""
    only = {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}
    wanted = sorted(set(names))
    validation = {
        "trusted_ca": {"filename": authority_file},
        "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": name}} for name in wanted],
    }
    return named(
        "envoy.transport_sockets.tls",
        {
            "@type": f"{EXTENSION}.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": wanted[0],
            "common_tls_context": {"tls_params": only, "validation_context": validation},
        },
    )


def health_check(check: HealthCheck) -> Json:
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


def added(name: str, value: str) -> Json:
    """A header that replaces any of its name."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def address(host: str, port: int) -> Json:
    """A TCP address."""
    return {"socket_address": {"address": host, "port_value": port}}


def named(name: str, config: Json) -> Json:
    """An extension with its typed configuration."""
    return {"name": name, "typed_config": config}


def seconds(count: int) -> str:
    """A duration."""
    return f"{count}s"
