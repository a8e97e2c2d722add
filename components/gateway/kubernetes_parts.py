"""What the Kubernetes form of the gateway is made of: names, references, small objects; pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from components.gateway.behaviour import Path

Json = dict[str, Any]

NAMESPACE = "meridian-gateway"
"""Of the Gateway, its routes and policies, and the tenants' keys; Envoy's pods run beside Envoy Gateway itself."""
GATEWAY = "entry"
LISTENER = "https"
CLASS = "meridian"
ENTRY_CERTIFICATE = "entry-certificate"
"""Secret of type kubernetes.io/tls with the gateway's certificate; made by an issuer in the cluster."""
ENGINE_KEY = "engine-key"
"""Secret whose key `credential` proves the gateway to its engines; an ExternalSecret makes it."""
ENGINE_SERVICE = "engine"
"""Service of a model's replicas, in the model's namespace."""
ENGINE_PORT = 8000
ENGINE_TLS = "engine-tls"
"""Secret in each model's namespace with the engines' certificate, and in `ca.crt` whose signature is to be trusted."""

GATEWAY_API = "gateway.networking.k8s.io"
ENVOY_API = "gateway.envoyproxy.io"
VERSIONS = {
    GATEWAY_API: f"{GATEWAY_API}/v1",
    ENVOY_API: f"{ENVOY_API}/v1alpha1",
    "grants": f"{GATEWAY_API}/v1beta1",
}


def tenant_object(name: str) -> str:
    """Name of a tenant's route and policy, and of the Secret that holds its API key under its own name."""
    return f"tenant-{name}"


def engine_host(model: str) -> str:
    """The name that the certificate of a model's engines must carry; no engine of another model has it."""
    return f"{ENGINE_SERVICE}.{model}.svc"


def manifest(version: str, kind: str, name: str, content: Mapping[str, Any], *, namespace: str | None) -> Json:
    """A Kubernetes object; without a namespace it belongs to the cluster."""
    metadata: Json = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def gateway_object(kind: str, name: str, spec: Json, *, namespace: str = NAMESPACE) -> Json:
    """An object of the Gateway API."""
    return manifest(VERSIONS[GATEWAY_API], kind, name, {"spec": spec}, namespace=namespace)


def envoy_object(kind: str, name: str, spec: Json) -> Json:
    """An object of Envoy Gateway's own API."""
    return manifest(VERSIONS[ENVOY_API], kind, name, {"spec": spec}, namespace=NAMESPACE)


def reference(kind: str, name: str, group: str = GATEWAY_API) -> Json:
    """A reference to an object of the same namespace."""
    return {"group": group, "kind": kind, "name": name}


def exact(path: Path, headers: Mapping[str, str] | None = None) -> Json:
    """A match of one method and one exact path."""
    return {"method": path.method, "path": {"type": "Exact", "value": path.path}} | _headers(headers or {})


def _headers(headers: Mapping[str, str]) -> Json:
    if not headers:
        return {}
    return {"headers": [{"type": "Exact", "name": name, "value": value} for name, value in headers.items()]}


def one_of(paths: Iterable[str], method: str, headers: Mapping[str, str]) -> Json:
    """One match for several exact paths: Envoy counts a limit for each match apart, and the limit is on all of them."""
    either = "|".join(path.replace(".", "[.]") for path in paths)
    return {"method": method, "path": {"type": "RegularExpression", "value": f"({either})"}} | _headers(headers)


def filtered(name: str) -> Json:
    """A rule's reference to an HTTPRouteFilter."""
    return {"type": "ExtensionRef", "extensionRef": reference("HTTPRouteFilter", name, ENVOY_API)}


def backend(model: str) -> Json:
    """The replicas of a model, in their own namespace."""
    return {"name": ENGINE_SERVICE, "namespace": model, "port": ENGINE_PORT}


def quantity(count: int) -> str:
    """A number of bytes as Kubernetes writes it; Envoy Gateway takes no plain number that ends in 0."""
    return f"{count // 1024}Ki" if count % 1024 == 0 else f"{count}"
