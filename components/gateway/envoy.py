"""The gateway as the static configuration of one Envoy on this machine; pure.

A request passes it twice. The entry finds out whose it is and whether the tenant may send it now; a cluster of the
tenant's own counts what is under way, for Envoy has no other exact limit on concurrency per tenant. That cluster leads
to an internal listener, in the same process and without a socket, which chooses a replica and retries.
"""

from components.gateway import envoy_parts as parts
from components.gateway.behaviour import (
    ENGINE_KEY_HEADER,
    INFERENCE_PATHS,
    READY_PATH,
    REGION_HEADER,
    RETRIES,
    TENANT_HEADER,
    Behaviour,
    Listener,
    Path,
)
from components.gateway.envoy_parts import EXTENSION, Json, OwnAnswer, added, seconds
from components.gateway.envoy_tenants import (
    ENTRY_ANSWERS,
    KEY_AUTH,
    RATE_LIMIT,
    TO_REPLICAS,
    entry_filters,
    tenant_cluster,
)
from components.gateway.envoy_upstreams import CLUSTER, affinity, body_limit, engines, replica_route, retry_policy

UNAVAILABLE = OwnAnswer(
    503, "unavailable", "No replica can take the request now. Try again shortly.", retry_after_seconds=2
)
TOO_LARGE = "The request is larger than the model's context allows: {bytes} bytes at most. Shorten the prompt."


def bootstrap(behaviour: Behaviour, listener: Listener, *, admin_socket: str, authority_file: str) -> str:
    """Envoy's configuration as JSON. It holds keys: store it where only its owner reads."""
    entry = parts.tls_listener(listener, _entry(behaviour), buffer_bytes=behaviour.buffer_bytes)
    tenants = [tenant_cluster(tenant, behaviour) for tenant in behaviour.tenants if not tenant.suspended]
    internal = {"@type": f"{EXTENSION}.bootstrap.internal_listener.v3.InternalListener"}
    return parts.bootstrap(
        {"listeners": [entry, _to_replicas(behaviour)], "clusters": [engines(behaviour, authority_file), *tenants]},
        admin_socket=admin_socket,
        extensions=[parts.named("envoy.bootstrap.internal_listener", internal)],
    )


def _entry(behaviour: Behaviour) -> Json:
    answers = local_answers(behaviour.buffer_bytes)
    idle = behaviour.stream_idle_seconds
    return parts.facing_clients(stream_idle_seconds=idle, region=behaviour.region, answers=answers) | {
        "http_filters": [*entry_filters(behaviour), parts.router()],
        "route_config": {
            "name": "exact",
            "response_headers_to_add": [added(REGION_HEADER, behaviour.region)],
            "virtual_hosts": [
                {
                    "name": "clients",
                    "domains": ["*"],
                    "routes": [_ready(), *(_inference(path, idle) for path in INFERENCE_PATHS), _nowhere()],
                }
            ],
        },
    }


def _to_replicas(behaviour: Behaviour) -> Json:
    """The second pass. It trusts what the first one stamped, for nothing else can connect."""
    http = {
        "stat_prefix": TO_REPLICAS,
        "codec_type": "HTTP2",
        "preserve_external_request_id": True,
        "server_name": "meridian",
        "stream_idle_timeout": seconds(behaviour.stream_idle_seconds),
        "local_reply_config": parts.own_answers(_replicas_answers(behaviour.buffer_bytes)),
        "http_filters": [body_limit(behaviour), affinity(), parts.router()],
        "route_config": {
            "name": "replicas",
            "request_headers_to_add": [added(ENGINE_KEY_HEADER, behaviour.engine_key)],
            "virtual_hosts": [{"name": "replicas", "domains": ["*"], "routes": [replica_route(behaviour)]}],
        },
    }
    return {
        "name": TO_REPLICAS,
        "internal_listener": {},
        "per_connection_buffer_limit_bytes": behaviour.buffer_bytes,
        "filter_chains": [{"filters": [parts.http_manager(http)]}],
    }


def local_answers(buffer_bytes: int) -> tuple[OwnAnswer, ...]:
    """Every answer that a gateway gives by itself."""
    return (*ENTRY_ANSWERS, *_replicas_answers(buffer_bytes))


def _replicas_answers(buffer_bytes: int) -> tuple[OwnAnswer, ...]:
    return (OwnAnswer(413, "request_too_large", TOO_LARGE.format(bytes=buffer_bytes)), UNAVAILABLE)


def _disabled(*filters: str) -> Json:
    off = {"@type": "type.googleapis.com/envoy.config.route.v3.FilterConfig", "disabled": True}
    return {"typed_per_filter_config": dict.fromkeys(filters, off)}


def _match(path: Path) -> Json:
    return {"path": path.path, "headers": [{"name": ":method", "string_match": {"exact": path.method}}]}


def _ready() -> Json:
    """The probe has no tenant, so it goes to the replicas at once; a region is ready while any of them is."""
    match = _match(Path(method="GET", path=READY_PATH))
    route = {"cluster": CLUSTER, "timeout": "5s", "retry_policy": retry_policy(RETRIES)}
    return {"match": match, "route": route} | _disabled(KEY_AUTH, RATE_LIMIT)


def _inference(path: Path, idle_seconds: int) -> Json:
    route = {"cluster_header": TENANT_HEADER, "timeout": "0s", "idle_timeout": seconds(idle_seconds)}
    uncounted = _disabled(RATE_LIMIT) if path.method == "GET" else {}
    return {"match": _match(path), "route": route} | uncounted


def _nowhere() -> Json:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 404}} | _disabled(KEY_AUTH, RATE_LIMIT)
