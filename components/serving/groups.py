"""A group's replicas: a Deployment, or a LeaderWorkerSet where a replica spans nodes. Pure."""

from components.serving.pods import Leaves, pod
from components.serving.wiring import Wiring
from components.serving.words import GROUP, LWS, MODEL, POOL, Manifest, meta, selector, workload
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec, ServingSpec

MIN_READY_SECONDS = 30
"""A replica's neighbour is stopped only after it has been ready so long."""
PROGRESS_SECONDS = 3600
"""Longer than a start: GPUs may have to be bought first."""
START_SECONDS = 600
"""From an image that is not there yet to a replica that has served a token, told on the safe side."""
PATIENCE = "pulumi.com/timeoutSeconds"
"""How long Pulumi waits; its own ten minutes are less than a rollout, one replica at a time, takes."""
ONE_AT_A_TIME = {"maxSurge": 0, "maxUnavailable": 1}
"""No GPU is free for a surge, and the plan's survival counts on one replica being away."""


def replicas(
    model: ServedModelSpec, group: ReplicaGroupSpec, spec: ServingSpec, wiring: Wiring, leaves: Leaves
) -> Manifest:
    """The object that keeps a group's replicas."""
    labels = {MODEL: model.name, GROUP: group.role}
    metadata = meta(workload(model, group), model.name, spec, **labels)
    metadata["annotations"] = {PATIENCE: str(patience(group))}
    if group.nodes_per_replica > 1:
        return {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": {**metadata, "annotations": {**metadata["annotations"], f"{LWS}/exclusive-topology": POOL}},
            "spec": _set(model, group, wiring, leaves),
        }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": group.replicas,
            "selector": {"matchLabels": {**selector(model), GROUP: group.role}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": ONE_AT_A_TIME},
            "minReadySeconds": MIN_READY_SECONDS,
            "progressDeadlineSeconds": PROGRESS_SECONDS,
            "revisionHistoryLimit": 3,
            "template": pod(model, group, wiring, leaves, leads=True),
        },
    }


def patience(group: ReplicaGroupSpec) -> int:
    """Seconds until a rollout of a group has surely ended or failed: its machines are bought, then one replica after
    the other starts."""
    return PROGRESS_SECONDS + group.max_replicas * (START_SECONDS + MIN_READY_SECONDS)


def _set(model: ServedModelSpec, group: ReplicaGroupSpec, wiring: Wiring, leaves: Leaves) -> Manifest:
    """Groups roll one at a time; a group whose pod is lost starts anew, as its parts hold one engine together.

    Each has a slot to itself, a pool of exactly its nodes, so that two groups never hold half of each other's.
    """
    return {
        "replicas": group.replicas,
        "startupPolicy": "LeaderCreated",
        "rolloutStrategy": {"type": "RollingUpdate", "rollingUpdateConfiguration": ONE_AT_A_TIME},
        "networkConfig": {"subdomainPolicy": "Shared"},
        "leaderWorkerTemplate": {
            "size": group.nodes_per_replica,
            "restartPolicy": "RecreateGroupOnPodRestart",
            "leaderTemplate": pod(model, group, wiring, leaves, leads=True),
            "workerTemplate": pod(model, group, wiring, leaves, leads=False),
        },
    }


def owned_by_autoscaler(group: ReplicaGroupSpec) -> list[str]:
    """Properties that an autoscaler changes, which an update must not set back."""
    return [] if group.role == "base" else ["spec.replicas"]
