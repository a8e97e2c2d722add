"""A small territory to drill: two regions, few nodes, and objects of the shape that the serving layer makes.

Only what survival hangs on is here: base and spot, their budget, spread, steps of a rollout, and a gateway on every
gateway node. Times are shortened, so that a drill takes seconds.
"""

from dataclasses import dataclass
from typing import Any

from drills.lab.site import Workload
from rehearsal.lab import NodeSpec, pool_nodes

REGIONS = ("lab-north", "lab-south")
ZONES = ("a", "b")
MODEL = "llama-70b"
GPUS_PER_REPLICA = 2
DIGEST = "sha256:" + "1" * 64
MIN_READY_SECONDS = 1
"""30 in the real one."""
PROGRESS_SECONDS = 12
"""Long enough for every good rollout here; an hour in the real one, where GPUs may have to be bought first."""
BUDGET = f"{MODEL}-engines"
NAME, LABEL = "app.kubernetes.io/name", "meridian.io"


@dataclass(frozen=True)
class Group:
    """Replicas that are alike."""

    role: str
    pool: str
    capacity: str
    replicas: int
    nodes: int


GROUPS = (Group("base", "chat-od", "on-demand", 4, 2), Group("spot", "chat-spot", "spot", 3, 2))
"""Of every region. Two nodes of eight GPUs hold up to eight replicas."""


def nodes() -> list[NodeSpec]:
    """The nodes of one region."""
    gpu = [
        node
        for group in GROUPS
        for node in pool_nodes(
            group.pool, role="gpu", zones=ZONES, count=group.nodes, capacity=group.capacity, gpus=8, model=MODEL
        )
    ]
    return [*gpu, *pool_nodes("gateway", role="gateway", zones=ZONES, count=2)]


def workload(role: str) -> Workload:
    """How a group's Deployment is found."""
    labels = ",".join(f"{key}={value}" for key, value in _labels(role).items())
    return Workload("Deployment", f"{MODEL}-{role}", MODEL, labels)


def gateway() -> Workload:
    """How the gateway is found."""
    return Workload("DaemonSet", "gateway", "meridian-gateway", f"{NAME}=gateway")


def objects() -> list[dict[str, Any]]:
    """Everything that is deployed in one region, in the order of need."""
    return [
        _named("v1", "Namespace", MODEL),
        _named("v1", "Namespace", gateway().namespace),
        _budget(),
        *(_deployment(group) for group in GROUPS),
        _gateway(),
    ]


def _labels(role: str) -> dict[str, str]:
    return {NAME: "engine", f"{LABEL}/model": MODEL, f"{LABEL}/group": role}


def _named(version: str, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _budget() -> dict[str, Any]:
    """One over base and spot together."""
    engines = {NAME: "engine", f"{LABEL}/model": MODEL}
    return _named("policy/v1", "PodDisruptionBudget", BUDGET, MODEL) | {
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": engines}}
    }


def _deployment(group: Group) -> dict[str, Any]:
    labels = _labels(group.role)
    return _named("apps/v1", "Deployment", f"{MODEL}-{group.role}", MODEL) | {
        "spec": {
            "replicas": group.replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
            "minReadySeconds": MIN_READY_SECONDS,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "template": {"metadata": {"labels": labels}, "spec": _pod(group, labels)},
        }
    }


def _pod(group: Group, labels: dict[str, str]) -> dict[str, Any]:
    pool = {"key": f"{LABEL}/pool", "operator": "In", "values": [group.pool]}
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule" if group.role == "base" else "ScheduleAnyway",
        "labelSelector": {"matchLabels": labels},
    }
    return {
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [pool]}]}
            }
        },
        "tolerations": [
            {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"},
            {"key": f"{LABEL}/model", "operator": "Equal", "value": MODEL, "effect": "NoSchedule"},
        ],
        "topologySpreadConstraints": [spread],
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {
                "name": "engine",
                "image": f"registry.example.com/serving@{DIGEST}",
                "resources": {"limits": {"nvidia.com/gpu": str(GPUS_PER_REPLICA)}},
            }
        ],
    }


def _gateway() -> dict[str, Any]:
    labels = {NAME: "gateway"}
    pod = {
        "nodeSelector": {f"{LABEL}/role": "gateway"},
        "tolerations": [{"key": f"{LABEL}/role", "operator": "Equal", "value": "gateway", "effect": "NoSchedule"}],
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "envoy", "image": f"registry.example.com/envoy@{DIGEST}"}],
    }
    return _named("apps/v1", "DaemonSet", gateway().name, gateway().namespace) | {
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
    }
