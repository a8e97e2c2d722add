"""Fake nodes from plain values, labelled and tainted as the regions' components label and taint real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LABEL = "meridian.io"
GPU = "nvidia.com/gpu"
FAKE = "kwok.x-k8s.io/node"
"""The annotation of a node that is played."""

PODS = 110
"""Pods a node takes at most: the kubelet's own default."""


@dataclass(frozen=True)
class Taint:
    """What keeps pods away from a node."""

    key: str
    value: str = ""
    effect: str = "NoSchedule"


@dataclass(frozen=True)
class NodeSpec:
    """A node that is played: nothing runs on it, and the API server cannot tell."""

    name: str
    zone: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Beside those that every cluster sets: host name, zone, region, architecture, operating system."""
    taints: tuple[Taint, ...] = ()
    gpus: int = 0
    cpu: int = 16
    """Virtual processors."""
    memory_gib: int = 64
    capacity: str = "on-demand"
    """`on-demand`, `spot` or `reserved`; becomes the label that pools carry."""
    machine: str = "fake"
    """The machine type, e.g. `p5.48xlarge`."""
    resources: Mapping[str, str] = field(default_factory=dict)
    """What else device plugins offer, e.g. `vpc.amazonaws.com/efa: "32"`."""


def pool_nodes(
    pool: str,
    *,
    role: str,
    zones: Sequence[str],
    count: int,
    capacity: str = "on-demand",
    machine: str = "fake",
    gpus: int = 0,
    cpu: int = 16,
    memory_gib: int = 64,
    model: str | None = None,
    resources: Mapping[str, str] | None = None,
) -> list[NodeSpec]:
    """Nodes of one pool, dealt out over its zones, with a pool's labels and taints.

    `role` is `system`, `gateway` or `gpu`; `model` is the model that a pool belongs to, if it belongs to one.
    """
    labels = {f"{LABEL}/role": role, f"{LABEL}/pool": pool}
    taints: tuple[Taint, ...] = ()
    if role == "gateway":
        taints = (Taint(f"{LABEL}/role", "gateway"),)
    if role == "gpu":
        taints = (Taint(GPU, "present"),)
    if model:
        labels[f"{LABEL}/model"] = model
        taints = (*taints, Taint(f"{LABEL}/model", model)) if role == "gpu" else taints
    return [
        NodeSpec(
            name=f"{pool}-{number}",
            zone=zones[number % len(zones)],
            labels=labels,
            taints=taints,
            gpus=gpus,
            cpu=cpu,
            memory_gib=memory_gib,
            capacity=capacity,
            machine=machine,
            resources=dict(resources or {}),
        )
        for number in range(count)
    ]


def node(spec: NodeSpec, region: str) -> dict[str, Any]:
    """The object of a node, with the labels that a managed cluster's nodes have."""
    has = {"cpu": str(spec.cpu), "memory": f"{spec.memory_gib}Gi", "pods": str(PODS), "ephemeral-storage": "200Gi"}
    has |= {GPU: str(spec.gpus)} if spec.gpus else {}
    has |= spec.resources
    labels = {
        "kubernetes.io/hostname": spec.name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/region": region,
        "topology.kubernetes.io/zone": spec.zone,
        "node.kubernetes.io/instance-type": spec.machine,
        f"{LABEL}/capacity": spec.capacity,
        **spec.labels,
    }
    taints = [{"key": each.key, "value": each.value, "effect": each.effect} for each in spec.taints]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": spec.name, "labels": labels, "annotations": {FAKE: "fake"}},
        "spec": {"taints": taints, "providerID": f"lab:///{region}/{spec.zone}/{spec.name}"},
        "status": {"capacity": has, "allocatable": has},
    }
