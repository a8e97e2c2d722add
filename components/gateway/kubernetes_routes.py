"""Who may send what where, as HTTPRoutes; pure. The policies on them are beside.

A request is routed twice. `entry` holds the exact paths and knows no tenant; its filters tell whose the key is, read
the body and let Envoy choose again. Then the tenant's own route fits, which has the tenant's limits. A tenant that has
no route is suspended: its key is known and nothing is behind it.
"""

import json

from components.gateway.behaviour import (
    ENGINE_KEY_HEADER,
    INFERENCE_PATHS,
    LANES_HEADER,
    MODEL_HEADER,
    READY_PATH,
    TENANT_HEADER,
    TOKENS_HEADER,
    Path,
)
from components.gateway.envoy_parts import OwnAnswer
from components.gateway.envoy_tenants import ENTRY_ANSWERS
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
    reference,
    tenant_object,
)
from components.serving_specs import ServingSpec
from components.specs import TenantSpec

ENTRY = "entry"
READY = "ready"
NOWHERE = "nowhere"
NO_MODEL = OwnAnswer(404, "model_not_found", "No such model is served here. See /v1/models.", header=MODEL_HEADER)
"""Of requests whose body was read; a path that is not served has no such header."""
GENERATING = tuple(path.path for path in INFERENCE_PATHS if path.method == "POST")
LISTING = tuple(path for path in INFERENCE_PATHS if path.method == "GET")


def route_objects(spec: ServingSpec) -> tuple[Json, ...]:
    """Every route with its filters."""
    served = [tenant for tenant in spec.tenants if not tenant.suspended]
    return (
        *_answers(spec),
        _engine_key(),
        _entry(spec),
        _route(READY, [_ready_rule(spec)]),
        _route(NOWHERE, [_rule([{"path": {"type": "PathPrefix", "value": "/"}}], [filtered("not-found")])]),
        *(_tenant_route(spec, tenant) for tenant in served),
    )


def _route(name: str, rules: list[Json]) -> Json:
    parent = reference("Gateway", GATEWAY) | {"sectionName": LISTENER}
    return gateway_object("HTTPRoute", name, {"parentRefs": [parent], "rules": rules})


def _rule(matches: list[Json], filters: list[Json], backends: list[Json] | None = None) -> Json:
    rule: Json = {"matches": matches} | ({"filters": filters} if filters else {})
    return rule | ({"backendRefs": backends} if backends else {})


def _answers(spec: ServingSpec) -> list[Json]:
    told = {answer.code: answer for answer in ENTRY_ANSWERS}
    made = [_says("not-found", told["not_found"])]
    if len(spec.models) > 1:
        models = [{"id": model.name, "object": "model", "owned_by": "meridian"} for model in spec.models]
        made += [_says("no-model", NO_MODEL), _direct("models", 200, {"object": "list", "data": models})]
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


def _entry(spec: ServingSpec) -> Json:
    """It has the filters that the tenants' routes need, for Envoy makes the chain of filters from the first route.

    Nothing passes it to the engines it names: its own policy denies every request that is still on it then.
    """
    engines = [backend(model.name) for model in spec.models]
    matches = [one_of(GENERATING, "POST", {}), *(exact(path) for path in LISTING)]
    return _route(ENTRY, [_rule(matches, [filtered(ENGINE_KEY)], engines)])


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
