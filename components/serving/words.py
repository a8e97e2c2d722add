"""Names that everything served agrees on: labels, namespaces, ports, secrets. Pure."""

from typing import Any

from components.gateway import kubernetes_parts
from components.naming import named
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec, ServingSpec

Manifest = dict[str, Any]
"""One object as the Kubernetes API takes it; leaves may be outputs."""

LABEL = "meridian.io"
POOL, ROLE, CAPACITY = f"{LABEL}/pool", f"{LABEL}/role", f"{LABEL}/capacity"
"""Of nodes, set by the ground."""
MODEL, GROUP = f"{LABEL}/model", f"{LABEL}/group"
"""Of pods; the first of a GPU node's taints too."""
NAME = "app.kubernetes.io/name"
GPU = "nvidia.com/gpu"

GATEWAY, WEIGHTS = kubernetes_parts.NAMESPACE, "meridian-weights"
"""Namespaces of ours that are not a model's."""
MONITORING, TRUST, PROXIES = "monitoring", "cert-manager", "envoy-gateway-system"
"""Namespaces of controllers; Envoy Gateway makes its proxies beside itself."""
CONTROLLERS = (MONITORING, PROXIES, TRUST)

ENGINE = kubernetes_parts.ENGINE_SERVICE
"""Service account, service, container and `app.kubernetes.io/name` of a replica."""
PORT = kubernetes_parts.ENGINE_PORT
"""Where a replica answers, over TLS: requests, readiness and metrics."""
PROMETHEUS = f"http://prometheus-operated.{MONITORING}.svc:9090"
"""The address that Prometheus' operator gives to what it runs."""

ENGINE_KEY, SALT_KEY, ENGINE_TLS = kubernetes_parts.ENGINE_KEY, "salt-key", "engine-tls"
"""Secrets of a model's namespace."""

LWS = "leaderworkerset.sigs.k8s.io"
"""Labels of a group's pods: `worker-index` (0 leads), `group-index`, `name`."""

PYTHON = "python"


def selector(model: ServedModelSpec) -> dict[str, str]:
    """Labels of every pod of a model that is an engine."""
    return {NAME: ENGINE, MODEL: model.name}


def answering(model: ServedModelSpec) -> dict[str, str]:
    """Labels of those of them that answer: where a replica spans nodes, its leader alone."""
    leads = {f"{LWS}/worker-index": "0"} if spans_nodes(model) else {}
    return {**selector(model), **leads}


def spans_nodes(model: ServedModelSpec) -> bool:
    """Whether a replica is more than one pod."""
    return any(group.nodes_per_replica > 1 for group in model.groups)


def workload(model: ServedModelSpec, group: ReplicaGroupSpec) -> str:
    """Name of a group's Deployment or LeaderWorkerSet."""
    return named("kubernetes", model.name, group.role)


def of_role(model: ServedModelSpec, role: str) -> ReplicaGroupSpec | None:
    """A model's group of one role, if it has one."""
    return next((group for group in model.groups if group.role == role), None)


def meta(name: str, namespace: str | None, spec: ServingSpec, **more: str) -> Manifest:
    """Metadata with the labels of everything; `more` are further labels, with dots and slashes as they are."""
    found: Manifest = {"name": name, "labels": {**dict(spec.labels), **more}}
    return found if namespace is None else {**found, "namespace": namespace}
