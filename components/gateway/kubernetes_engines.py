"""What lets the gateway reach a model's engines, in the model's own namespace; pure."""

from components.gateway.kubernetes_parts import (
    ENGINE_SERVICE,
    ENGINE_TLS,
    GATEWAY_API,
    NAMESPACE,
    VERSIONS,
    Json,
    engine_host,
    gateway_object,
    manifest,
    reference,
)
from components.serving_specs import ServingSpec


def engine_objects(spec: ServingSpec) -> tuple[Json, ...]:
    """Per model: leave for the gateway's routes to name its Service, and TLS that verifies its engines."""
    return tuple(made for model in spec.models for made in (_grant(model.name), _tls(model.name)))


def _grant(model: str) -> Json:
    spec = {
        "from": [{"group": GATEWAY_API, "kind": "HTTPRoute", "namespace": NAMESPACE}],
        "to": [{"group": "", "kind": "Service", "name": ENGINE_SERVICE}],
    }
    return manifest(VERSIONS["grants"], "ReferenceGrant", "gateway", {"spec": spec}, namespace=model)


def _tls(model: str) -> Json:
    authority = reference("Secret", ENGINE_TLS, "")
    return gateway_object(
        "BackendTLSPolicy",
        ENGINE_SERVICE,
        {
            "targetRefs": [reference("Service", ENGINE_SERVICE, "")],
            "validation": {"caCertificateRefs": [authority], "hostname": engine_host(model)},
        },
        namespace=model,
    )
