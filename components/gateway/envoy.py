"""The gateway as the static configuration of one Envoy on this machine; pure."""

import json
from pathlib import Path as File

from components.gateway.behaviour import (
    AFFINITY_HEADER,
    ENGINE_KEY_HEADER,
    INFERENCE_PATHS,
    OWNED_HEADERS,
    OWNED_PREFIX,
    READY_PATH,
    RETRIES,
    TENANT_HEADER,
    Behaviour,
    Listener,
    Path,
)
from components.gateway.envoy_upstreams import CLUSTER, EXTENSION, Json, address, engines, named, retry_policy, seconds

AFFINITY = File(__file__).with_name("affinity.lua")
HEADERS_SECONDS = 10
"""How long a client may take to send its headers, against slow-header attacks."""
KEY_AUTH = "envoy.filters.http.api_key_auth"

_LOG_FORMAT = {
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


def bootstrap(behaviour: Behaviour, listener: Listener, *, admin_socket: str, authority_file: str) -> str:
    """Envoy's configuration as JSON. It holds keys: store it where only its owner reads."""
    return json.dumps(
        {
            "admin": {"address": {"pipe": {"path": admin_socket, "mode": 0o600}}},
            "static_resources": {
                "listeners": [_listener(behaviour, listener)],
                "clusters": [engines(behaviour, authority_file)],
            },
        },
        indent=1,
    )


def _listener(behaviour: Behaviour, listener: Listener) -> Json:
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
        "per_connection_buffer_limit_bytes": behaviour.buffer_bytes,
        "filter_chains": [
            {
                "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": tls},
                "filters": [named("envoy.filters.network.http_connection_manager", _http(behaviour))],
            }
        ],
    }


def _http(behaviour: Behaviour) -> Json:
    return {
        "@type": f"{EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "entry",
        "use_remote_address": True,
        "server_name": "meridian",
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "request_headers_timeout": seconds(HEADERS_SECONDS),
        "stream_idle_timeout": seconds(behaviour.stream_idle_seconds),
        "access_log": [_access_log()],
        "local_reply_config": _errors(),
        "http_filters": [_strip_owned(), _api_keys(behaviour), _affinity(), _router()],
        "route_config": {"name": "exact", "virtual_hosts": [_virtual_host(behaviour)]},
    }


def _strip_owned() -> Json:
    removals: list[Json] = [{"remove_on_match": {"key_matcher": {"prefix": OWNED_PREFIX, "ignore_case": True}}}]
    removals += [{"remove": name} for name in OWNED_HEADERS]
    return named(
        "envoy.filters.http.header_mutation",
        {
            "@type": f"{EXTENSION}.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {"request_mutations": removals},
        },
    )


def _api_keys(behaviour: Behaviour) -> Json:
    return named(
        KEY_AUTH,
        {
            "@type": f"{EXTENSION}.filters.http.api_key_auth.v3.ApiKeyAuth",
            "credentials": [{"key": tenant.key, "client": tenant.name} for tenant in behaviour.tenants],
            "key_sources": [{"header": "Authorization"}],
            "forwarding": {"header": TENANT_HEADER, "hide_credentials": True},
        },
    )


def _affinity() -> Json:
    return named(
        "envoy.filters.http.lua",
        {
            "@type": f"{EXTENSION}.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": AFFINITY.read_text()},
        },
    )


def _router() -> Json:
    return named("envoy.filters.http.router", {"@type": f"{EXTENSION}.filters.http.router.v3.Router"})


def _virtual_host(behaviour: Behaviour) -> Json:
    open_to_all = {
        KEY_AUTH: {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True},
    }
    ready = _route(Path(method="GET", path=READY_PATH), behaviour) | {"typed_per_filter_config": open_to_all}
    nowhere = {
        "match": {"prefix": "/"},
        "direct_response": {"status": 404},
        "typed_per_filter_config": open_to_all,
    }
    return {
        "name": "clients",
        "domains": ["*"],
        "routes": [ready, *(_route(path, behaviour) for path in INFERENCE_PATHS), nowhere],
    }


def _route(path: Path, behaviour: Behaviour) -> Json:
    engine_key = {"header": {"key": ENGINE_KEY_HEADER, "value": behaviour.engine_key}}
    return {
        "match": {
            "path": path.path,
            "headers": [{"name": ":method", "string_match": {"exact": path.method}}],
        },
        "route": {
            "cluster": CLUSTER,
            "timeout": "0s",
            "idle_timeout": seconds(behaviour.stream_idle_seconds),
            "retry_policy": retry_policy(RETRIES),
            "hash_policy": [{"header": {"header_name": AFFINITY_HEADER}}],
        },
        "request_headers_to_add": [engine_key | {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
    }


def _errors() -> Json:
    """Envoy's own answers in the form that OpenAI clients read."""
    kinds = {
        401: ("invalid_api_key", "The API key is missing or not known here. Send `Authorization: Bearer <key>`."),
        404: ("not_found", "This path is not served. See /v1/models and the OpenAI API reference."),
        413: ("request_too_large", "The request is larger than the model's context allows."),
        503: ("unavailable", "No replica can take the request now. Try again shortly."),
    }
    return {
        "mappers": [
            {
                "filter": _status_is(status),
                "headers_to_add": [{"header": {"key": "content-type", "value": "application/json"}}],
                "body_format_override": {
                    "json_format": {"error": {"message": message, "type": "gateway_error", "param": None, "code": code}}
                },
            }
            for status, (code, message) in kinds.items()
        ]
    }


def _status_is(status: int) -> Json:
    value = {"default_value": status, "runtime_key": f"status.{status}"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _access_log() -> Json:
    return named(
        "envoy.access_loggers.stdout",
        {
            "@type": f"{EXTENSION}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": _LOG_FORMAT},
        },
    )
