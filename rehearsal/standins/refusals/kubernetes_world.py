"""What a Kubernetes object needs of its cluster: its namespace, its kind's definition; and what of it never changes."""

from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.kubernetes_names import INVALID
from rehearsal.standins.refusals.kubernetes_rules import kind_of
from rehearsal.standins.refusals.places import cluster_of
from rehearsal.standins.refusals.rules import Inputs, value_of
from rehearsal.standins.refusals.values import UNKNOWN, Problem, known, shown
from rehearsal.standins.refusals.world import Stored, World, from_outside

_NAMESPACES = {"default", "kube-system", "kube-public", "kube-node-lease", "gmp-system", "gmp-public"}
_BUILT_IN = {"core", "apps", "batch", "autoscaling", "policy", "events", "extensions", "meta"}
_BROUGHT = ("googleapis.com", "gke.io", "k8s.aws", "amazonaws.com", "azure.com", "azure.io")
"""Groups whose definitions a managed cluster brings along."""
_WITH_CLUSTER = {"gateway.networking.k8s.io", "snapshot.storage.k8s.io"}
_DEFINITION = "CustomResourceDefinition"
_IMMUTABLE: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("spec.selector",),
    "DaemonSet": ("spec.selector",),
    "ReplicaSet": ("spec.selector",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"),
    "Job": ("spec.selector", "spec.template", "spec.completionMode"),
    "Service": ("spec.clusterIP",),
    "PersistentVolumeClaim": ("spec.storageClassName", "spec.accessModes", "spec.volumeMode", "spec.volumeName"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Secret": ("type",),
    "StorageClass": ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    "PriorityClass": ("value", "preemptionPolicy"),
    "IngressClass": ("spec.controller",),
    "CustomResourceDefinition": ("spec.group", "spec.scope"),
}


def missing(token: str, inputs: Inputs, provider: Inputs, world: World) -> Iterator[Problem]:
    """Yield an object's namespace and kind if its cluster does not have them."""
    cluster = cluster_of(provider)
    mates = [one for one in world.resources("kubernetes") if cluster_of(one.provider) == cluster]
    releases = [one for one in mates if "helm.sh" in one.token]
    namespace = value_of(inputs, "metadata.namespace")
    if (
        isinstance(namespace, str)
        and known(namespace)
        and not (_is_there(namespace, mates) or from_outside(world, namespace))
    ):
        why = f"namespaces {shown(namespace)} not found"
        yield Problem("metadata.namespace", f"404 NotFound: {why}: create it first, and depend on it")
    group = token.split(":")[1].split("/")[0]
    brought = releases or from_outside(world, group)
    if _custom(group) and not brought and not _defined(group, kind_of(token, inputs), mates):
        why = f'no matches for kind "{kind_of(token, inputs)}" in version "{token.split(":")[1]}"'
        yield Problem("kind", f"404 NotFound: {why}: create its definition first, and depend on it")


def changed(token: str, old: Inputs, new: Inputs) -> Iterator[Problem]:
    """Yield what the API server never changes in an object that is there."""
    for path in _IMMUTABLE.get(kind_of(token, new), ()):
        before, after = value_of(old, path), value_of(new, path)
        if before is not None and after is not None and UNKNOWN not in (before, after) and before != after:
            yield Problem(path, f"{INVALID}: field is immutable: write another name, so that the object is replaced")
    if old.get("immutable") is True and old.get("data") != new.get("data"):
        yield Problem("data", f"{INVALID}: field is immutable when `immutable` is set: write another name")


def _is_there(namespace: str, mates: list[Stored]) -> bool:
    return namespace in _NAMESPACES | _made(mates) or namespace.startswith(("kube-", "gke-managed-"))


def _made(mates: list[Stored]) -> set[str]:
    """Return the namespaces of a cluster, those too that a chart makes for itself."""
    own = {str(value_of(one.inputs, "metadata.name")) for one in mates if one.token.endswith(":Namespace")}
    return own | {str(one.inputs.get("namespace")) for one in mates if one.inputs.get("createNamespace")}


def _custom(group: str) -> bool:
    if group in _BUILT_IN or group in _WITH_CLUSTER or group.endswith(_BROUGHT):
        return False
    return "." in group and not group.endswith(".k8s.io") and group != "helm.sh"


def _defined(group: str, kind: str, mates: list[Stored]) -> bool:
    definitions: list[Mapping[str, Any]] = [one.inputs for one in mates if one.token.endswith(f":{_DEFINITION}")]
    return any(value_of(one, "spec.group") == group and value_of(one, "spec.names.kind") == kind for one in definitions)
