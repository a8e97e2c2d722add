"""What holds on the gateway's routes, as policies: keys, limits, and how engines are reached; pure."""

from pathlib import Path as File

from components.gateway.behaviour import AFFINITY_HEADER, EJECTION, RETRIES, TENANT_HEADER
from components.gateway.envoy_parts import UNLIMITED, seconds
from components.gateway.envoy_upstreams import AFFINITY, CONNECT_SECONDS
from components.gateway.kubernetes_parts import GATEWAY, Json, envoy_object, quantity, reference, tenant_object
from components.gateway.kubernetes_routes import ENTRY, NOWHERE, READY
from components.serving_specs import ServingSpec
from components.specs import TenantSpec

CHOOSING = File(__file__).with_name("choosing.lua")
READY_SECONDS = 5
NOT_READY = "served:no"


def policy_objects(spec: ServingSpec) -> tuple[Json, ...]:
    """Every policy of the routes."""
    served = [tenant for tenant in spec.tenants if not tenant.suspended]
    return (
        _keys(spec),
        _nobody(spec),
        _no_keys(),
        _choosing(),
        _towards_engines(spec),
        _towards_readiness(spec),
        *(_limits(spec, tenant) for tenant in served),
    )


def _keys(spec: ServingSpec) -> Json:
    """For every route that says nothing else."""
    return envoy_object(
        "SecurityPolicy", GATEWAY, {"targetRefs": [reference("Gateway", GATEWAY)], "apiKeyAuth": _known(spec)}
    )


def _nobody(spec: ServingSpec) -> Json:
    """A known key without a route of its own is a suspended tenant's."""
    denied = {"authorization": {"defaultAction": "Deny"}}
    target = {"targetRefs": [reference("HTTPRoute", ENTRY)], "apiKeyAuth": _known(spec)}
    return envoy_object("SecurityPolicy", "suspended", target | denied)


def _known(spec: ServingSpec) -> Json:
    secrets = [{"kind": "Secret", "group": "", "name": tenant_object(tenant.name)} for tenant in spec.tenants]
    return {
        "credentialRefs": secrets,
        "extractFrom": [{"headers": ["Authorization"]}],
        "forwardClientIDHeader": TENANT_HEADER,
        "sanitize": True,
    }


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


def _towards_readiness(spec: ServingSpec) -> Json:
    """A probe has five seconds and no session, and learns no more than whether a token was served."""
    return envoy_object(
        "BackendTrafficPolicy",
        READY,
        {
            "targetRefs": [reference("HTTPRoute", READY)],
            "mergeType": "StrategicMerge",
            "timeout": {"http": {"requestTimeout": seconds(READY_SECONDS)}},
            "responseOverride": [_said(200, spec.probe_body), _said(503, NOT_READY)],
        },
    )


def _said(status: int, text: str) -> Json:
    body = {"type": "Inline", "inline": text}
    return {
        "match": {"statusCodes": [{"type": "Value", "value": status}]},
        "response": {"contentType": "text/plain", "body": body},
    }


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
