"""Namespaces, what may be asked for in them, and who yields to whom. Pure."""

from components.serving.words import GATEWAY, GPU, MODEL, WEIGHTS, Manifest, meta
from components.serving_specs import ServedModelSpec, ServingSpec

PRIORITIES = {"base": 1_000_000, "next": 900_000, "spot": 800_000, "weights": 100_000}
"""Who finds room first; nobody of them pushes another out."""

POD_SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


def namespaces(spec: ServingSpec) -> list[Manifest]:
    """One for each model, one for the gateway and one for the weights: restricted, all of them."""
    return [_namespace(name, spec) for name in (*(model.name for model in spec.models), GATEWAY, WEIGHTS)]


def _namespace(name: str, spec: ServingSpec) -> Manifest:
    """A namespace whose pods may do nothing special."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta(name, None, spec, **POD_SECURITY)}


def priorities(spec: ServingSpec) -> list[Manifest]:
    """Priority classes by role."""
    return [
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            "metadata": meta(f"meridian-{role}", None, spec),
            "value": value,
            "globalDefault": False,
            "preemptionPolicy": "Never",
            "description": f"Pods of Meridian's {role}.",
        }
        for role, value in PRIORITIES.items()
    ]


def limits(model: ServedModelSpec, spec: ServingSpec) -> list[Manifest]:
    """What a model's namespace may hold: the plan's GPUs, no door of its own, no disk that outlives a pod."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": meta("quota", model.name, spec, **{MODEL: model.name}),
            "spec": {"hard": {f"requests.{GPU}": str(gpus(model)), **_NONE}},
        },
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": meta("limits", model.name, spec, **{MODEL: model.name}),
            "spec": {"limits": [_USUAL]},
        },
    ]


def gpus(model: ServedModelSpec) -> int:
    """GPUs that a model's pods may ask for: the plan's most, and one replica of each group that is still stopping."""
    return sum((group.max_replicas + 1) * group.nodes_per_replica * group.gpus_per_node for group in model.groups)


_NONE = {"services.loadbalancers": "0", "services.nodeports": "0", "persistentvolumeclaims": "0"}
_USUAL = {
    "type": "Container",
    "defaultRequest": {"cpu": "100m", "memory": "128Mi"},
    "default": {"memory": "256Mi"},
}
