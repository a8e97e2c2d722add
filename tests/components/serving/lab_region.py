"""A region of a plan on a real API server: its machines are played, its objects are those that the component makes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import Any

from components.serving.words import CONTROLLERS
from components.serving_specs import ReplicaGroupSpec, ServingSpec
from rehearsal.lab import ControlPlane, NodeSpec, pool_nodes
from tests.components.serving.building import served

CPU_PER_GPU, MEMORY_GIB_PER_GPU = 4, 16
"""Of the smallest machine that is planned with (g6.xlarge): what fits there fits every other."""


def machines(spec: ServingSpec) -> list[NodeSpec]:
    """The plan's machines of a region, and as many of the next GPU as may be needed."""
    zones = spec.zones or ("a", "b", "c")
    made = pool_nodes("system", role="system", zones=zones, count=2)
    made += pool_nodes("gateway", role="gateway", zones=zones, count=spec.gateway.nodes)
    for model in spec.models:
        for group in model.groups:
            gpus = group.gpus_per_node * group.replicas_per_node
            for pool in group.slots or (group.pool,):
                made += pool_nodes(
                    pool,
                    role="gpu",
                    zones=zones[:1] if group.slots else zones,
                    count=group.nodes_per_replica if group.slots else nodes_of(group),
                    capacity="spot" if group.role == "spot" else "on-demand",
                    gpus=gpus,
                    cpu=CPU_PER_GPU * gpus,
                    memory_gib=MEMORY_GIB_PER_GPU * gpus,
                    model=model.name,
                )
    return made


def nodes_of(group: ReplicaGroupSpec) -> int:
    """Machines that hold as many replicas as a group may have."""
    return ceil(group.max_replicas / group.replicas_per_node) * group.nodes_per_replica


def objects(spec: ServingSpec) -> list[dict[str, Any]]:
    """What the component sends, gateway included, in the order in which it is made."""
    return [
        _whole({key: value for key, value in each.items() if not key.startswith("_")})
        for each in served(spec, gateway=True).objects
    ]


def _whole(value: Any) -> Any:
    """Numbers as JSON sends them: the recorder's wire knows floats alone."""
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def apply(plane: ControlPlane, made: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Apply everything; returns what was refused, and why."""
    for name in CONTROLLERS:
        plane.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    refused = {}
    first = [each for each in made if each["kind"] in ("Namespace", "PriorityClass")]
    for each in (*first, *(each for each in made if each not in first)):
        try:
            plane.client.apply(each)
        except Exception as error:
            refused[f"{each['kind']} {each['metadata']['name']}"] = str(error)
    return refused


def running(plane: ControlPlane, model: str, role: str) -> list[dict[str, Any]]:
    """Ready pods of a group that nobody has told to stop."""
    found = plane.client.list("v1", "Pod", model, labels=f"meridian.io/group={role}")
    return [each for each in found if _is_ready(each) and "deletionTimestamp" not in each["metadata"]]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    said = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in said)


def places(plane: ControlPlane, pods: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """Labels of the machines that pods run on."""
    nodes = {each["metadata"]["name"]: each["metadata"]["labels"] for each in plane.client.list("v1", "Node")}
    return (nodes[pod["spec"]["nodeName"]] for pod in pods)


def zones(plane: ControlPlane, pods: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Pods by zone."""
    return Counter(labels["topology.kubernetes.io/zone"] for labels in places(plane, pods))
