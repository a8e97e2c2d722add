"""The pod of a replica: where it may run, how it starts, how it stops, and how little it may do. Pure."""

from dataclasses import dataclass
from typing import Any

from components.serving import settings as files
from components.serving.wiring import Wiring
from components.serving.words import (
    CAPACITY,
    ENGINE,
    ENGINE_KEY,
    ENGINE_TLS,
    GPU,
    GROUP,
    LWS,
    MODEL,
    POOL,
    PORT,
    PYTHON,
    SALT_KEY,
    Manifest,
    selector,
    workload,
)
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec

USER = 10001
"""Nobody on the node and in the image but this."""

STOP_MARGIN_SECONDS = 20
"""After delay and drain: the engine ends (5 s), what is left is killed (5 s), and some seconds for a busy node."""

STARTUP_SECONDS = 1800
"""Weights of the largest models are streamed in minutes; a first start compiles kernels as well."""
PROBE_SECONDS = 10
LIVENESS_FAILURES = 18
"""Three minutes without an answer of the process itself: a stalled engine is not ready long before."""

CPU_PER_GPU, MEMORY_GIB_PER_GPU, LIMIT_GIB_PER_GPU, SHM_GIB_PER_GPU = 2, 10, 12, 2
"""What fits the smallest machine planned with, 4 vCPU and 16 GiB per GPU (g6.xlarge); not yet measured on a GPU."""
WORK_GIB = 20
"""Compiled kernels, caches and temporary files of one replica."""
STREAMER_BYTES_PER_GPU = 4 * 1024**3
"""What the weights' streamer may buffer in memory; its own default of 40 GB is more than a small machine has."""

SETTINGS_MARK = "meridian.io/settings"

SPOT_TAINTS = (("cloud.google.com/gke-spot", "true"), ("kubernetes.azure.com/scalesetpriority", "spot"))
"""What clouds themselves put on spot nodes."""


@dataclass(frozen=True)
class Leaves:
    """What is told by the cluster rather than by the plan; outputs, or text where objects are only rendered."""

    image: Any
    """The serving image, by digest."""
    address: Any
    """Folder of the model's weights."""
    mark: Any
    """Hash of the group's settings: pods are replaced when it changes."""


def pod(model: ServedModelSpec, group: ReplicaGroupSpec, wiring: Wiring, leaves: Leaves, *, leads: bool) -> Manifest:
    """Template of a group's pods: the one that answers, or where a replica spans nodes one that only computes."""
    labels = {**selector(model), GROUP: group.role, **dict(wiring.identity_labels)}
    return {
        "metadata": {"labels": labels, "annotations": {SETTINGS_MARK: leaves.mark}},
        "spec": {
            "serviceAccountName": ENGINE,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "priorityClassName": f"meridian-{group.role}",
            "terminationGracePeriodSeconds": grace_seconds(group),
            "affinity": {"nodeAffinity": _nodes(group)},
            "tolerations": _tolerations(model, group),
            "topologySpreadConstraints": _spread(model, group),
            "securityContext": pod_security(),
            "initContainers": [_verify(leaves)],
            "containers": [_engine(model, group, wiring, leaves, leads=leads)],
            "volumes": _volumes(group),
        },
    }


def grace_seconds(group: ReplicaGroupSpec) -> int:
    """Until a stopping pod is killed: longer than delay and drain together."""
    return group.drain_delay_seconds + group.drain_timeout_seconds + STOP_MARGIN_SECONDS


def pod_security() -> Manifest:
    """Nobody special, without a way to become so."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """A container writes to its volumes alone."""
    return {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _nodes(group: ReplicaGroupSpec) -> Manifest:
    """The planned pool and no other: a replica elsewhere would have another speed, price or fate."""
    spot = {"key": CAPACITY, "operator": "In" if group.role == "spot" else "NotIn", "values": ["spot"]}
    pool = {"key": POOL, "operator": "In", "values": list(group.slots or (group.pool,))}
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [pool, spot]}]}
    }


def _tolerations(model: ServedModelSpec, group: ReplicaGroupSpec) -> list[Manifest]:
    own = [(GPU, "present"), (MODEL, model.name), *(SPOT_TAINTS if group.role == "spot" else ())]
    return [{"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"} for key, value in own]


def _spread(model: ServedModelSpec, group: ReplicaGroupSpec) -> list[Manifest]:
    """Over zones, as evenly as nodes that are bought whole allow.

    The baseline is held to it. A rollout stops a replica and starts the next on the GPUs that became free: counting the
    new ones alone (`matchLabelKeys`) could ask for a zone that has none, for ever. Spot is spread as far as it goes.
    """
    if group.nodes_per_replica > 1:
        return []
    mine = {**selector(model), GROUP: group.role}
    found: Manifest = {
        "maxSkew": group.replicas_per_node,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule" if group.role == "base" else "ScheduleAnyway",
        "labelSelector": {"matchLabels": mine},
    }
    return [found if group.role == "base" else {**found, "matchLabelKeys": ["pod-template-hash"]}]


def _verify(leaves: Leaves) -> Manifest:
    """Refuses weights that are not what the manifest of their revision says."""
    return {
        "name": "weights",
        "image": leaves.image,
        "command": [PYTHON, "-m", "meridian_server.weights", "verify", "--from", leaves.address],
        "securityContext": container_security(),
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
        "volumeMounts": [{"name": "work", "mountPath": files.WORK}],
        "env": [{"name": "HOME", "value": files.WORK}],
    }


def _engine(
    model: ServedModelSpec, group: ReplicaGroupSpec, wiring: Wiring, leaves: Leaves, *, leads: bool
) -> Manifest:
    found = {
        "name": ENGINE,
        "image": leaves.image,
        "command": [PYTHON, "-m", "meridian_server", "--settings", f"{files.FOLDER}/{group.role}.json"],
        "env": _variables(model, group),
        "resources": _resources(group, wiring),
        "securityContext": container_security(),
        "volumeMounts": [
            {"name": "settings", "mountPath": files.FOLDER, "readOnly": True},
            {"name": "tls", "mountPath": files.TLS, "readOnly": True},
            {"name": "secrets", "mountPath": files.SECRETS, "readOnly": True},
            {"name": "run", "mountPath": files.RUN},
            {"name": "work", "mountPath": files.WORK},
            {"name": "shm", "mountPath": files.SHM},
        ],
    }
    if not leads:
        return {**found, "lifecycle": {"preStop": {"exec": {"command": _await_leader(group)}}}}
    return {
        **found,
        "ports": [{"name": "api", "containerPort": PORT, "protocol": "TCP"}],
        "lifecycle": {"preStop": {"sleep": {"seconds": group.drain_delay_seconds}}},
        "startupProbe": {**_probe("/-/ready"), "failureThreshold": STARTUP_SECONDS // PROBE_SECONDS},
        "readinessProbe": {**_probe("/-/ready"), "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {**_probe("/-/live"), "failureThreshold": LIVENESS_FAILURES},
    }


def _await_leader(group: ReplicaGroupSpec) -> list[str]:
    """A machine that only computes stays until its leader has answered what runs."""
    seconds = group.drain_delay_seconds + group.drain_timeout_seconds
    return [PYTHON, "-m", "meridian_server.leader", "--port", str(PORT), "--seconds", str(seconds)]


def _probe(path: str) -> Manifest:
    return {
        "httpGet": {"path": path, "port": "api", "scheme": "HTTPS"},
        "periodSeconds": PROBE_SECONDS,
        "timeoutSeconds": 5,
    }


def _variables(model: ServedModelSpec, group: ReplicaGroupSpec) -> list[Manifest]:
    streamer = str(STREAMER_BYTES_PER_GPU * group.gpus_per_node)
    found: list[Manifest] = [
        {"name": "MERIDIAN_REPLICA", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "RUNAI_STREAMER_MEMORY_LIMIT", "value": streamer},
    ]
    if group.nodes_per_replica == 1:
        return found
    name = workload(model, group)
    return [
        *found,
        {"name": "MERIDIAN_NODE", "valueFrom": _label(f"{LWS}/worker-index")},
        {"name": "MERIDIAN_GROUP", "valueFrom": _label(f"{LWS}/group-index")},
        # The controller's own name for the first pod of a group, in the service that it makes.
        {"name": "MERIDIAN_LEADER", "value": f"{name}-$(MERIDIAN_GROUP).{name}.{model.name}"},
    ]


def _label(name: str) -> Manifest:
    return {"fieldRef": {"fieldPath": f"metadata.labels['{name}']"}}


def _resources(group: ReplicaGroupSpec, wiring: Wiring) -> Manifest:
    gpus = group.gpus_per_node
    cards = {wiring.rdma_resource: str(group.rdma_cards)} if group.rdma_cards and wiring.rdma_resource else {}
    devices = {GPU: str(gpus), **cards}
    disk = {"ephemeral-storage": f"{WORK_GIB + 4}Gi"}
    return {
        "requests": {
            "cpu": str(CPU_PER_GPU * gpus), "memory": f"{MEMORY_GIB_PER_GPU * gpus}Gi", **disk, **devices,
        },
        "limits": {"memory": f"{LIMIT_GIB_PER_GPU * gpus}Gi", **disk, **devices},
    }  # fmt: skip


def _volumes(group: ReplicaGroupSpec) -> list[Manifest]:
    shm = f"{SHM_GIB_PER_GPU * group.gpus_per_node}Gi"
    secrets = [{"secret": {"name": name, "items": [{"key": name, "path": name}]}} for name in (ENGINE_KEY, SALT_KEY)]
    return [
        {"name": "settings", "configMap": {"name": f"{ENGINE}-{group.role}"}},
        {"name": "tls", "secret": {"secretName": ENGINE_TLS, "defaultMode": 0o440}},
        {"name": "secrets", "projected": {"defaultMode": 0o440, "sources": secrets}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
        {"name": "work", "emptyDir": {"sizeLimit": f"{WORK_GIB}Gi"}},
        {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": shm}},
    ]
