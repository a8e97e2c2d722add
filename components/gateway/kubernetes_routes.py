"""Who may send what where, as HTTPRoutes with their policies; pure.

A request is routed twice. `entry` holds the exact paths and knows no tenant; its filters tell whose the key is, read
the body and let Envoy choose again. Then the tenant's own route fits, which has the tenant's limits. A tenant that has
no route is suspended: its key is known and nothing is behind it.
"""

import json
from pathlib import Path as File

from components.gateway.behaviour import (
    AFFINITY_HEADER,
    EJECTION,
    ENGINE_KEY_HEADER,
    INFERENCE_PATHS,
    LANES_HEADER,
    MODEL_HEADER,
    READY_PATH,
    RETRIES,
    TENANT_HEADER,
    TOKENS_HEADER,
    Path,
)
from components.gateway.envoy_parts import UNLIMITED, OwnAnswer, seconds
from components.gateway.envoy_tenants import ENTRY_ANSWERS
from components.gateway.envoy_upstreams import AFFINITY, CONNECT_SECONDS
from components.gateway.kubernetes_parts import (
    ENGINE_KEY,
    GATEWAY,
    LISTENER,
    Json,
    backend,
    envoy_object,
    exact,
    filtered,
    gateway_object,
    one_of,
    quantity,
    reference,
    tenant_object,
)
from components.serving_specs import ServingSpec
from components.specs import TenantSpec

CHOOSING = File(__file__).with_name("choosing.lua")
ENTRY = "entry"
READY = "ready"
NOWHERE = "nowhere"
READY_SECONDS = 5
GENERATING = tuple(path.path for path in INFERENCE_PATHS if path.method == "POST")
LISTING = tuple(path for path in INFERENCE_PATHS if path.method == "GET")


def route_objects(spec: ServingSpec) -> tuple[Json, ...]:
    """Every route with its filters and policies."""
    served = [tenant for tenant in spec.tenants if not tenant.suspended]
    return (
        *_answers(spec),
        _engine_key(),
        _route(
            ENTRY, [_rule([exact(path) for path in INFERENCE_PATHS], [filtered("suspended"), filtered(ENGINE_KEY)])]
        ),
        _route(READY, [_ready_rule(spec)]),
        _route(NOWHERE, [_rule([{"path": {"type": "PathPrefix", "value": "/"}}], [filtered("not-found")])]),
        *(_tenant_route(spec, tenant) for tenant in served),
        _keys(spec),
        _no_keys(),
        _choosing(),
        _towards_engines(spec),
        _towards_readiness(),
        *(_limits(spec, tenant) for tenant in served),
    )


def _route(name: str, rules: list[Json]) -> Json:
    parent = reference("Gateway", GATEWAY) | {"sectionName": LISTENER}
    return gateway_object("HTTPRoute", name, {"parentRefs": [parent], "rules": rules})


def _rule(matches: list[Json], filters: list[Json], backends: list[Json] | None = None) -> Json:
    rule: Json = {"matches": matches} | ({"filters": filters} if filters else {})
    return rule | ({"backendRefs": backends} if backends else {})


def _answers(spec: ServingSpec) -> list[Json]:
    told = {answer.code: answer for answer in ENTRY_ANSWERS}
    missing = OwnAnswer(404, "model_not_found", "No such model is served here. See /v1/models.")
    made = [_says("suspended", told["tenant_suspended"]), _says("not-found", told["not_found"])]
    if len(spec.models) > 1:
        models = [{"id": model.name, "object": "model", "owned_by": "meridian"} for model in spec.models]
        made += [_says("no-model", missing), _direct("models", 200, {"object": "list", "data": models})]
    return made


def _says(name: str, answer: OwnAnswer) -> Json:
    error = {"message": answer.message, "type": "gateway_error", "param": None, "code": answer.code}
    return _direct(name, answer.status, {"error": error})


def _direct(name: str, status: int, content: Json) -> Json:
    body = {"type": "Inline", "inline": json.dumps(content)}
    answer = {"contentType": "application/json", "statusCode": status, "body": body}
    return envoy_object("HTTPRouteFilter", name, {"directResponse": answer})


def _engine_key() -> Json:
    secret = {"kind": "Secret", "group": "", "name": ENGINE_KEY}
    injected = {"header": ENGINE_KEY_HEADER, "overwrite": True, "credential": {"valueRef": secret}}
    return envoy_object("HTTPRouteFilter", ENGINE_KEY, {"credentialInjection": injected})


def _ready_rule(spec: ServingSpec) -> Json:
    """All replicas of all models are one cluster, so a region is ready while any of them is."""
    probe = exact(Path(method="GET", path=READY_PATH))
    return _rule([probe], [], [backend(model.name) for model in spec.models])


def _tenant_route(spec: ServingSpec, tenant: TenantSpec) -> Json:
    whose = {TENANT_HEADER: tenant.name}
    stamps = [{"name": name, "value": value} for name, value in _stamps(spec, tenant).items()]
    filters = [
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": stamps, "remove": [MODEL_HEADER]}},
        filtered(ENGINE_KEY),
    ]
    if len(spec.models) == 1:
        engines = [backend(spec.models[0].name)]
        generate = [_rule([one_of(GENERATING, "POST", whose)], filters, engines)]
        listing = _rule([exact(path, whose) for path in LISTING], filters, engines)
    else:
        generate = [
            _rule([one_of(GENERATING, "POST", whose | {MODEL_HEADER: model.name})], filters, [backend(model.name)])
            for model in spec.models
        ] + [_rule([one_of(GENERATING, "POST", whose)], [filtered("no-model")])]
        listing = _rule([exact(path, whose) for path in LISTING], [filtered("models")])
    return _route(tenant_object(tenant.name), [*generate, listing])


def _stamps(spec: ServingSpec, tenant: TenantSpec) -> dict[str, str]:
    """A region's tokens are shared out evenly over what survives, rounded down, one at least."""
    stamps = {LANES_HEADER: ",".join(tenant.lanes)}
    if tenant.tokens_per_minute is None:
        return stamps
    base = sum(group.replicas for model in spec.models for group in model.groups if group.role == "base")
    return stamps | {TOKENS_HEADER: str(max(1, tenant.tokens_per_minute // max(1, base)))}


def _keys(spec: ServingSpec) -> Json:
    secrets = [{"kind": "Secret", "group": "", "name": tenant_object(tenant.name)} for tenant in spec.tenants]
    keys = {
        "credentialRefs": secrets,
        "extractFrom": [{"headers": ["Authorization"]}],
        "forwardClientIDHeader": TENANT_HEADER,
        "sanitize": True,
    }
    return envoy_object("SecurityPolicy", GATEWAY, {"targetRefs": [reference("Gateway", GATEWAY)], "apiKeyAuth": keys})


def _no_keys() -> Json:
    """What needs no key takes the place of the Gateway's policy: a path that is not served says so to everyone."""
    targets = [reference("HTTPRoute", name) for name in (READY, NOWHERE)]
    return envoy_object(
        "SecurityPolicy", "public", {"targetRefs": targets, "authorization": {"defaultAction": "Allow"}}
    )


def _choosing() -> Json:
    script = {"type": "Inline", "inline": AFFINITY.read_text() + CHOOSING.read_text()}
    spec = {"targetRefs": [reference("HTTPRoute", ENTRY)], "lua": [script]}
    return envoy_object("EnvoyExtensionPolicy", "choosing", spec)


def _towards_engines(spec: ServingSpec) -> Json:
    """How any route reaches its engines; a tenant's own policy is merged into it."""
    size = quantity(spec.gateway.buffer_bytes)
    return envoy_object(
        "BackendTrafficPolicy",
        GATEWAY,
        {
            "targetRefs": [reference("Gateway", GATEWAY)],
            "loadBalancer": {
                "type": "ConsistentHash",
                "consistentHash": {"type": "Headers", "headers": [{"name": AFFINITY_HEADER}]},
            },
            "retry": _retry(),
            "circuitBreaker": _breaker(UNLIMITED),
            "healthCheck": {"panicThreshold": 0, "passive": _ejection()},
            "timeout": {
                "tcp": {"connectTimeout": seconds(CONNECT_SECONDS)},
                "http": {
                    "requestTimeout": "0s",
                    "streamIdleTimeout": seconds(spec.gateway.stream_idle_seconds),
                },
            },
            "connection": {"bufferLimit": size},
            "requestBuffer": {"limit": size},
        },
    )


def _towards_readiness() -> Json:
    """A probe has five seconds and no session; what is asked belongs to no one."""
    return envoy_object(
        "BackendTrafficPolicy",
        READY,
        {
            "targetRefs": [reference("HTTPRoute", READY)],
            "mergeType": "StrategicMerge",
            "timeout": {"http": {"requestTimeout": seconds(READY_SECONDS)}},
        },
    )


def _retry() -> Json:
    return {
        "numRetries": RETRIES.attempts,
        "retryOn": {
            "triggers": ["connect-failure", "refused-stream", "reset", "retriable-status-codes"],
            "httpStatusCodes": list(RETRIES.statuses),
        },
        "perRetry": {"backOff": {"baseInterval": "25ms", "maxInterval": "250ms"}},
    }


def _breaker(requests: int) -> Json:
    budget = {"percent": {"numerator": RETRIES.budget_percent}, "minRetryConcurrency": RETRIES.least_concurrent}
    return {
        "maxConnections": UNLIMITED,
        "maxPendingRequests": UNLIMITED,
        "maxParallelRequests": requests,
        "retryBudget": budget,
    }


def _ejection() -> Json:
    """Counted are gateway errors alone: a 500 is told by the request that caused it, and 5xx in a row end never."""
    return {
        "consecutiveGatewayErrors": EJECTION.consecutive_failures,
        "consecutive5XxErrors": UNLIMITED,
        "interval": "1s",
        "baseEjectionTime": seconds(EJECTION.seconds),
        "maxEjectionPercent": EJECTION.most_percent,
        "alwaysEjectOneEndpoint": True,
    }


def _limits(spec: ServingSpec, tenant: TenantSpec) -> Json:
    """Each of the gateway's pods counts alone, so each gets its share."""
    rule = {
        "clientSelectors": [{"methods": [{"value": "POST"}]}],
        "limit": {"requests": per_pod(tenant.requests_per_minute, spec), "unit": "Minute"},
    }
    return envoy_object(
        "BackendTrafficPolicy",
        tenant_object(tenant.name),
        {
            "targetRefs": [reference("HTTPRoute", tenant_object(tenant.name))],
            "mergeType": "StrategicMerge",
            "circuitBreaker": _breaker(per_pod(tenant.concurrent_requests, spec)),
            "rateLimit": {"local": {"rules": [rule]}},
        },
    )


def per_pod(limit: int, spec: ServingSpec) -> int:
    """A region's limit as each of its gateway pods counts it: an even share, one at least."""
    return max(1, limit // spec.gateway.nodes)
