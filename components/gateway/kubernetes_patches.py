"""What Envoy can do and Envoy Gateway has no field for, as EnvoyPatchPolicies; pure.

Two policies, so that a cluster that has gone for want of ready replicas takes no patch of the listener along.
"""

import math
from collections.abc import Iterable

from components.gateway.behaviour import BALANCE_PERCENT
from components.gateway.envoy import local_answers
from components.gateway.envoy_parts import HEADERS_SECONDS, added, own_answers, seconds
from components.gateway.envoy_tenants import RATE_LIMIT, burst
from components.gateway.envoy_upstreams import HOST_ATTEMPTS
from components.gateway.kubernetes_parts import (
    GATEWAY,
    LISTENER,
    NAMESPACE,
    Json,
    envoy_object,
    reference,
    tenant_object,
)
from components.gateway.kubernetes_policies import per_pod
from components.gateway.kubernetes_routes import NO_MODEL
from components.serving_specs import ServingSpec
from components.specs import TenantSpec

_TYPE = "type.googleapis.com/envoy.config"
XDS_NAME = f"{NAMESPACE}/{GATEWAY}/{LISTENER}"
"""What Envoy Gateway calls the listener and its routes."""
_MANAGER = "/filter_chains/0/filters/0/typed_config"
_BALANCER = "/load_balancing_policy/policies/0/typed_extension_config/typed_config/consistent_hashing_lb_config"


def patch_objects(spec: ServingSpec) -> tuple[Json, ...]:
    """The patches of a region's gateway."""
    served = [tenant for tenant in spec.tenants if not tenant.suspended]
    listener = [_listener(field, value) for field, value in _manager(spec).items()]
    routes = [_retries(), *(patch for tenant in served for patch in _limit(tenant, spec))]
    clusters = [
        _balance(tenant, rule) for tenant in served for rule in range(len(spec.models) + (len(spec.models) == 1))
    ]
    return (_policy("answers", [*listener, *routes]), _policy("bounded-load", clusters))


def _policy(name: str, patches: list[Json]) -> Json:
    target = reference("Gateway", GATEWAY)
    return envoy_object("EnvoyPatchPolicy", name, {"targetRef": target, "type": "JSONPatch", "jsonPatches": patches})


def _patch(kind: str, name: str, operation: Json) -> Json:
    return {"type": f"{_TYPE}.{kind}", "name": name, "operation": operation}


def _listener(field: str, value: object) -> Json:
    operation = {"op": "add", "path": f"{_MANAGER}/{field}", "value": value}
    return _patch("listener.v3.Listener", XDS_NAME, operation)


def _manager(spec: ServingSpec) -> Json:
    """Envoy's own answers in the form that OpenAI clients read, and how long headers may take."""
    return {
        "local_reply_config": own_answers([NO_MODEL, *local_answers(spec.gateway.buffer_bytes)]),
        "request_headers_timeout": seconds(HEADERS_SECONDS),
        "server_name": "meridian",
    }


def _retries() -> Json:
    operation = {
        "op": "replace",
        "jsonPath": "$.virtual_hosts[*].routes[*].route.retry_policy.host_selection_retry_max_attempts",
        "value": str(HOST_ATTEMPTS),
    }
    return _patch("route.v3.RouteConfiguration", XDS_NAME, operation)


def _limit(tenant: TenantSpec, spec: ServingSpec) -> Iterable[Json]:
    """A bucket as small as the local form's, and when to come back: Envoy Gateway's bucket holds a whole minute."""
    limit = per_pod(tenant.requests_per_minute, spec)
    found = f"$.virtual_hosts[*].routes[?(@.name =~ '^httproute/{NAMESPACE}/{tenant_object(tenant.name)}/')]"
    config = f"{found}.typed_per_filter_config['{RATE_LIMIT}']"
    wait = added("retry-after", str(math.ceil(60 / limit)))
    for operation in (
        {"op": "replace", "jsonPath": f"{config}.descriptors[*].token_bucket.max_tokens", "value": burst(limit)},
        {"op": "add", "jsonPath": config, "path": "/response_headers_to_add", "value": [wait]},
    ):
        yield _patch("route.v3.RouteConfiguration", XDS_NAME, operation)


def _balance(tenant: TenantSpec, rule: int) -> Json:
    name = f"httproute/{NAMESPACE}/{tenant_object(tenant.name)}/rule/{rule}"
    operation = {"op": "add", "path": f"{_BALANCER}/hash_balance_factor", "value": BALANCE_PERCENT}
    return _patch("cluster.v3.Cluster", name, operation)
