"""Whose a request is and whether the tenant may send it now, as Envoy's filters and one cluster per tenant; pure."""

from components.gateway.behaviour import (
    LANES_HEADER,
    OWNED_HEADERS,
    OWNED_PREFIX,
    TENANT_HEADER,
    TOKENS_HEADER,
    Behaviour,
    Tenant,
)
from components.gateway.envoy_parts import EXTENSION, UNLIMITED, Json, OwnAnswer, added, named, seconds

KEY_AUTH = "envoy.filters.http.api_key_auth"
RATE_LIMIT = "envoy.filters.http.local_ratelimit"
TO_REPLICAS = "to-replicas"
"""Name of the internal listener that every tenant's cluster leads to."""

BURST_SHARE = 0.05
"""How much of a minute's requests may come at once, one at least. A larger bucket would let more than the limit
through in the minute that begins with it full; no bucket at all would refuse two requests that happen to meet."""

CONCURRENCY_RETRY_SECONDS = 1

STRIPPED_PREFIXES = (OWNED_PREFIX, "x-envoy-")
"""Envoy's own headers steer its retries and timeouts, and Envoy trusts clients of private addresses with them."""

ENTRY_ANSWERS = (
    OwnAnswer(
        401,
        "invalid_api_key",
        "The API key is missing or not known here. Send `Authorization: Bearer <key>`.",
    ),
    OwnAnswer(
        403,
        "tenant_suspended",
        "This tenant is suspended. The key is known and the request was not served; ask the platform team.",
    ),
    OwnAnswer(404, "not_found", "This path is not served. See /v1/models and the OpenAI API reference."),
    OwnAnswer(
        503,
        "concurrency_limit_exceeded",
        "The tenant has as many requests under way as it may. Wait for one to end, then send the next.",
        flag="UO",
        answered_as=429,
        retry_after_seconds=CONCURRENCY_RETRY_SECONDS,
    ),
    OwnAnswer(
        429,
        "rate_limit_exceeded",
        "The tenant sent more requests per minute than it may. Wait as long as `Retry-After` says.",
    ),
)


def entry_filters(behaviour: Behaviour) -> list[Json]:
    """In order: drop what a client forged, know the key, refuse the suspended, count requests, choose the cluster."""
    suspended = [tenant.name for tenant in behaviour.tenants if tenant.suspended]
    refusal = [_refuse(suspended)] if suspended else []
    return [_strip(), _api_keys(behaviour), *refusal, _rate_limit(behaviour), _choose_again()]


def tenant_cluster(tenant: Tenant, behaviour: Behaviour) -> Json:
    """Counts a tenant's requests under way and stamps what it may do; leads to the second pass."""
    stamps = {LANES_HEADER: ",".join(tenant.lanes)}
    if tenant.tokens_per_minute_per_replica is not None:
        stamps[TOKENS_HEADER] = str(tenant.tokens_per_minute_per_replica)
    breaker = {
        "max_requests": tenant.concurrent_requests,
        "max_connections": UNLIMITED,
        "max_pending_requests": UNLIMITED,
    }
    inside = {"envoy_internal_address": {"server_listener_name": TO_REPLICAS}}
    return {
        "name": tenant.name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": behaviour.buffer_bytes,
        "circuit_breakers": {"thresholds": [breaker]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": _stamping(stamps)
        },
        "load_assignment": {
            "cluster_name": tenant.name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": inside}}]}],
        },
    }


def _stamping(stamps: dict[str, str]) -> Json:
    codec = {"@type": f"{EXTENSION}.filters.http.upstream_codec.v3.UpstreamCodec"}
    return {
        "@type": f"{EXTENSION}.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
        "http_filters": [
            _mutation([{"append": added(name, value)} for name, value in stamps.items()]),
            named("envoy.filters.http.upstream_codec", codec),
        ],
    }


def _mutation(mutations: list[Json]) -> Json:
    kind = f"{EXTENSION}.filters.http.header_mutation.v3.HeaderMutation"
    return named("envoy.filters.http.header_mutation", {"@type": kind, "mutations": {"request_mutations": mutations}})


def _strip() -> Json:
    prefixes = [{"key_matcher": {"prefix": prefix, "ignore_case": True}} for prefix in STRIPPED_PREFIXES]
    return _mutation(
        [{"remove_on_match": prefix} for prefix in prefixes] + [{"remove": name} for name in OWNED_HEADERS]
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


def _refuse(tenants: list[str]) -> Json:
    principals = [{"header": {"name": TENANT_HEADER, "string_match": {"exact": tenant}}} for tenant in tenants]
    policy = {"permissions": [{"any": True}], "principals": principals}
    rules = {"action": "DENY", "policies": {"suspended": policy}}
    return named("envoy.filters.http.rbac", {"@type": f"{EXTENSION}.filters.http.rbac.v3.RBAC", "rules": rules})


def _rate_limit(behaviour: Behaviour) -> Json:
    always = {"default_value": {"numerator": 100}}
    by_tenant = {"request_headers": {"header_name": TENANT_HEADER, "descriptor_key": "tenant"}}
    return named(
        RATE_LIMIT,
        {
            "@type": f"{EXTENSION}.filters.http.local_ratelimit.v3.LocalRateLimit",
            "stat_prefix": "requests",
            "filter_enabled": always,
            "filter_enforced": always,
            "enable_retry_after_header": True,
            "rate_limits": [{"actions": [by_tenant]}],
            "descriptors": [_bucket(tenant) for tenant in behaviour.tenants],
        },
    )


def burst(limit: int) -> int:
    """How many requests of a minute's limit may come at once."""
    return max(1, int(limit * BURST_SHARE))


def _bucket(tenant: Tenant) -> Json:
    """Filled steadily, a token every 60 s / limit, so that in any minute at most the limit and the burst passes."""
    limit = tenant.requests_per_minute
    return {
        "entries": [{"key": "tenant", "value": tenant.name}],
        "token_bucket": {
            "max_tokens": burst(limit),
            "tokens_per_fill": limit,
            "fill_interval": seconds(60),
        },
    }


def _choose_again() -> Json:
    """Envoy chose the cluster before the tenant was known, by a header that a client may have forged."""
    script = "function envoy_on_request(handle) handle:clearRouteCache() end"
    return named(
        "envoy.filters.http.lua",
        {"@type": f"{EXTENSION}.filters.http.lua.v3.Lua", "default_source_code": {"inline_string": script}},
    )
