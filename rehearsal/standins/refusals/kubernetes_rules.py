"""What Kubernetes' API server refuses in one object: by its kind, beside names and pods."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.kubernetes_names import INVALID, label_problems, name_problems, quantity
from rehearsal.standins.refusals.kubernetes_pods import pod_problems, port_problems
from rehearsal.standins.refusals.rules import network_of, number_of, present, value_of
from rehearsal.standins.refusals.values import UNKNOWN, Problem, at, known, listed, shown, text_at

Object = Mapping[str, Any]
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_MEGABYTE = 1048576
_ENUMS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Service": {
        "spec.type": ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
        "spec.externalTrafficPolicy": ("Cluster", "Local"),
        "spec.internalTrafficPolicy": ("Cluster", "Local"),
        "spec.sessionAffinity": ("None", "ClientIP"),
        "spec.ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
    },
    "Deployment": {"spec.strategy.type": ("Recreate", "RollingUpdate")},
    "DaemonSet": {"spec.updateStrategy.type": ("RollingUpdate", "OnDelete")},
    "StatefulSet": {
        "spec.updateStrategy.type": ("RollingUpdate", "OnDelete"),
        "spec.podManagementPolicy": ("OrderedReady", "Parallel"),
    },
    "CronJob": {"spec.concurrencyPolicy": ("Allow", "Forbid", "Replace")},
    "NetworkPolicy": {"spec.policyTypes": ("Ingress", "Egress")},
    "PersistentVolumeClaim": {
        "spec.accessModes": ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"),
        "spec.volumeMode": ("Filesystem", "Block"),
    },
    "StorageClass": {
        "reclaimPolicy": ("Delete", "Retain"),
        "volumeBindingMode": ("Immediate", "WaitForFirstConsumer"),
    },
    "RoleBinding": {"roleRef.kind": ("Role", "ClusterRole"), "subjects.kind": ("ServiceAccount", "User", "Group")},
    "ClusterRoleBinding": {"roleRef.kind": ("ClusterRole",), "subjects.kind": ("ServiceAccount", "User", "Group")},
    "Ingress": {"spec.rules.http.paths.pathType": ("Exact", "Prefix", "ImplementationSpecific")},
    "PriorityClass": {"preemptionPolicy": ("PreemptLowerPriority", "Never")},
}


def kind_of(token: str, inputs: Object) -> str:
    """Return the kind of an object; `kubernetes:apps/v1:Deployment` is a Deployment."""
    kind = inputs.get("kind")
    return kind if isinstance(kind, str) and known(kind) else token.rsplit(":", 1)[-1].removesuffix("Patch")


def object_problems(token: str, inputs: Object) -> Iterator[Problem]:
    """Yield what the API server would refuse in one object."""
    kind = kind_of(token, inputs)
    metadata = inputs.get("metadata")
    yield from name_problems(kind, metadata if isinstance(metadata, Mapping) else {})
    yield from pod_problems(inputs)
    for path, allowed in _ENUMS.get(kind, {}).items():
        for where, value in text_at(inputs, path):
            if value not in allowed:
                supported = ", ".join(allowed)
                yield Problem(where, f"{INVALID}: Unsupported value: {shown(value)}: write one of {supported}")
    for rule in _RULES.get(kind, ()):
        yield from rule(inputs)


def _workload(inputs: Object) -> Iterator[Problem]:
    selector, labels = value_of(inputs, "spec.selector.matchLabels"), value_of(inputs, "spec.template.metadata.labels")
    replicas = number_of(value_of(inputs, "spec.replicas"))
    if replicas is not None and replicas < 0:
        yield Problem("spec.replicas", f"{INVALID}: must be greater than or equal to 0: write 0 or more")
    if not known(value_of(inputs, "spec")):
        return
    if not present(inputs, "spec.selector"):
        yield Problem("spec.selector", f"{INVALID}: Required value: write matchLabels that the template's labels have")
    if not isinstance(selector, Mapping) or labels == UNKNOWN:
        return
    said = labels if isinstance(labels, Mapping) else {}
    yield from label_problems(said, "spec.template.metadata.labels")
    for name, value in selector.items():
        if known(value) and said.get(name) != UNKNOWN and said.get(name) != value:
            why = "`selector` does not match template `labels`"
            path = f"spec.template.metadata.labels.{name}"
            yield Problem(path, f"{INVALID}: {why}: write the same value as in spec.selector.matchLabels.{name}")


def _restarts(inputs: Object) -> Iterator[Problem]:
    path = "spec.template.spec.restartPolicy"
    if value_of(inputs, path) not in (None, "Always", UNKNOWN):
        yield Problem(path, f"{INVALID}: Unsupported value: write Always or leave it out")


def _job(inputs: Object) -> Iterator[Problem]:
    path = "spec.jobTemplate.spec.template.spec" if present(inputs, "spec.jobTemplate") else "spec.template.spec"
    if present(inputs, path) and value_of(inputs, f"{path}.restartPolicy") in (None, "", "Always"):
        yield Problem(f"{path}.restartPolicy", f"{INVALID}: Required value: write OnFailure or Never")


def _service(inputs: Object) -> Iterator[Problem]:
    kind = value_of(inputs, "spec.type") or "ClusterIP"
    ports = value_of(inputs, "spec.ports")
    for place, port in enumerate(ports) if isinstance(ports, list) else ():
        where = f"spec.ports[{place}]"
        if not isinstance(port, Mapping):
            continue
        yield from port_problems(port, where)
        if len(ports) > 1 and not port.get("name"):
            yield Problem(f"{where}.name", f"{INVALID}: Required value: several ports have names: write one")
        node_port = number_of(port.get("nodePort"))
        if node_port and kind == "ClusterIP":
            yield Problem(f"{where}.nodePort", f"{INVALID}: may not be used when `type` is 'ClusterIP': write NodePort")
        elif node_port and not 30000 <= node_port <= 32767:
            yield Problem(f"{where}.nodePort", f"{INVALID}: not in the valid range of ports: write 30000-32767")
    if (
        kind == "ClusterIP"
        and present(inputs, "spec.externalTrafficPolicy")
        and not present(inputs, "spec.externalIPs")
    ):
        yield Problem("spec.externalTrafficPolicy", f"{INVALID}: only for services seen from outside: leave it out")
    yield from label_problems(value_of(inputs, "spec.selector"), "spec.selector")


def _budget(inputs: Object) -> Iterator[Problem]:
    if present(inputs, "spec.minAvailable") and present(inputs, "spec.maxUnavailable"):
        yield Problem(
            "spec.maxUnavailable", f"{INVALID}: minAvailable and maxUnavailable cannot be both set: write one"
        )


def _scaler(inputs: Object) -> Iterator[Problem]:
    least, most = number_of(value_of(inputs, "spec.minReplicas")), number_of(value_of(inputs, "spec.maxReplicas"))
    if least is not None and most is not None and least > most:
        yield Problem(
            "spec.maxReplicas", f"{INVALID}: must be greater than or equal to `minReplicas`: write {least:g} or more"
        )


def _network_policy(inputs: Object) -> Iterator[Problem]:
    for side, peers in (("ingress", "from"), ("egress", "to")):
        for where, block in at(inputs, f"spec.{side}.{peers}.ipBlock"):
            if not isinstance(block, Mapping):
                continue
            network = network_of(block.get("cidr"))
            if known(block.get("cidr")) and network is None:
                yield Problem(f"{where}.cidr", f"{INVALID}: must be a valid CIDR value: write one such as 10.9.8.0/24")
            for place, value in enumerate(listed(block.get("except"))):
                inner = network_of(value)
                if network is not None and known(value) and (inner is None or not _within(inner, network)):
                    yield Problem(
                        f"{where}.except[{place}]",
                        f"{INVALID}: must be a strict subset of `cidr`: write a range within {network}",
                    )


def _within(inner: Any, outer: Any) -> bool:
    return bool(inner.version == outer.version and inner != outer and inner.subnet_of(outer))


def _secret(inputs: Object) -> Iterator[Problem]:
    data, text = inputs.get("data"), inputs.get("stringData")
    for key, value in data.items() if isinstance(data, Mapping) else ():
        if isinstance(value, str) and known(value) and not _is_base64(value):
            yield Problem(f"data.{key}", "400 BadRequest: illegal base64 data: write base64, or use stringData")
    if inputs.get("type") == "kubernetes.io/tls":
        parts = [part for part in (data, text) if isinstance(part, Mapping)]
        said = {"tls.crt", "tls.key"} if UNKNOWN in (data, text) else {key for part in parts for key in part}
        for key in sorted({"tls.crt", "tls.key"} - said):
            yield Problem(
                f"data.{key}", f"{INVALID}: Required value: a secret of type kubernetes.io/tls has it: write {key}"
            )


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _keys(inputs: Object) -> Iterator[Problem]:
    size = 0
    for part in ("data", "stringData", "binaryData"):
        said = inputs.get(part)
        for key, value in said.items() if isinstance(said, Mapping) else ():
            size += len(value) if isinstance(value, str) else 0
            if not _KEY.fullmatch(key):
                yield Problem(
                    f"{part}.{key}", f"{INVALID}: no key of a file: write letters, digits, '-', '_' or '.' alone"
                )
    if size > _MEGABYTE:
        yield Problem("data", f"{INVALID}: Too long: write at most {_MEGABYTE} bytes")


def _claim(inputs: Object) -> Iterator[Problem]:
    size = value_of(inputs, "spec.resources.requests.storage")
    if size is None and known(value_of(inputs, "spec")):
        yield Problem("spec.resources.requests.storage", f"{INVALID}: Required value: write a size such as '100Gi'")
    elif known(size) and quantity(size) is None:
        yield Problem("spec.resources.requests.storage", "400 BadRequest: no quantity: write one such as '100Gi'")


def _binding(inputs: Object) -> Iterator[Problem]:
    group = value_of(inputs, "roleRef.apiGroup")
    if known(group) and group not in ("", "rbac.authorization.k8s.io"):
        yield Problem("roleRef.apiGroup", f"{INVALID}: Unsupported value: write rbac.authorization.k8s.io")
    for where, subject in at(inputs, "subjects"):
        if isinstance(subject, Mapping) and subject.get("kind") == "ServiceAccount" and not subject.get("namespace"):
            yield Problem(
                f"{where}.namespace", f"{INVALID}: Required value: a service account lives in a namespace: write it"
            )


_RULES: Mapping[str, tuple[Callable[[Object], Iterator[Problem]], ...]] = {
    "Deployment": (_workload, _restarts),
    "StatefulSet": (_workload, _restarts),
    "DaemonSet": (_workload, _restarts),
    "ReplicaSet": (_workload, _restarts),
    "Job": (_job,),
    "CronJob": (_job,),
    "Service": (_service,),
    "PodDisruptionBudget": (_budget,),
    "HorizontalPodAutoscaler": (_scaler,),
    "NetworkPolicy": (_network_policy,),
    "Secret": (_secret, _keys),
    "ConfigMap": (_keys,),
    "PersistentVolumeClaim": (_claim,),
    "RoleBinding": (_binding,),
    "ClusterRoleBinding": (_binding,),
}
