"""The faults that can be made in the lab, and what puts them right."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

from drills.lab.site import APPS, LabRegion, LabSite, Workload, found, pods, ready
from rehearsal.lab import ApiRefused, NodeSpec

PATIENCE_SECONDS = 90
POLL_SECONDS = 0.1
ALL_PROCESSES = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
CHANGED = "drills.meridian.io/changed"


class DrillFailed(Exception):
    """The lab did not come to the state that a drill waits for."""


class RolloutStopped(Exception):
    """A region's rollout passed its deadline; `region` is where."""

    def __init__(self, region: str) -> None:
        super().__init__(f"the rollout stopped at {region}")
        self.region = region


def until(good: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait; raises DrillFailed with `what` did not come about."""
    end = time.monotonic() + seconds
    while not good():
        if time.monotonic() > end:
            message = f"{what}: not after {seconds:g} s"
            raise DrillFailed(message)
        time.sleep(POLL_SECONDS)


def wanted(region: LabRegion, workload: Workload) -> int:
    """How many pods a workload is to have."""
    there = found(region, workload)
    if workload.kind == "DaemonSet":
        return int(there["status"].get("desiredNumberScheduled", 0))
    return int(there["spec"]["replicas"])


def ready_now(region: LabRegion, workload: Workload) -> int:
    """How many of its pods are ready."""
    return sum(ready(pod) for pod in pods(region, workload))


def until_whole(site: LabSite) -> None:
    """Wait until every workload has all its pods ready, at its newest template."""
    for region in site.regions:
        for workload in (*region.engines, region.gateway):
            until(lambda r=region, w=workload: _whole(r, w), f"{workload.name} of {region.name} is whole")  # type: ignore[misc]


def _whole(region: LabRegion, workload: Workload) -> bool:
    number = wanted(region, workload)
    return number > 0 and ready_now(region, workload) == number and rolled(region, workload)


def rolled(region: LabRegion, workload: Workload) -> bool:
    """Whether a workload runs its newest template everywhere."""
    there = found(region, workload)
    status = there.get("status") or {}
    if status.get("observedGeneration", 0) < there["metadata"]["generation"]:
        return False
    if workload.kind == "DaemonSet":
        number = status.get("desiredNumberScheduled", 0)
        return bool(status.get("updatedNumberScheduled", 0) == status.get("numberAvailable", 0) == number)
    number = there["spec"]["replicas"]
    return bool(status.get("updatedReplicas", 0) == status.get("availableReplicas", 0) == number)


def change(region: LabRegion, workload: Workload, *, digest: str | None = None) -> None:
    """Begin a rollout: another annotation of the pods, or another image where a digest is given."""
    template: dict[str, Any] = {"metadata": {"annotations": {CHANGED: str(time.monotonic_ns())}}}
    if digest is not None:
        containers = found(region, workload)["spec"]["template"]["spec"]["containers"]
        image = f"{containers[0]['image'].split('@')[0]}@{digest}"
        template["spec"] = {"containers": [{**containers[0], "image": image}, *containers[1:]]}
    _patch(region, workload, {"spec": {"template": template}})


def image_digest(region: LabRegion, workload: Workload) -> str:
    """The digest that a workload's first container runs."""
    return str(found(region, workload)["spec"]["template"]["spec"]["containers"][0]["image"].split("@")[1])


def scale(region: LabRegion, workload: Workload, replicas: int) -> None:
    """Set the number as an autoscaler does."""
    body = {"spec": {"replicas": replicas}}
    client = region.plane.client
    client.patch(APPS, workload.kind, workload.name, body, workload.namespace, subresource="scale")


def roll(region: LabRegion, *workloads: Workload) -> None:
    """Change workloads of a region together and wait; raises RolloutStopped when one passes its deadline."""
    for workload in workloads:
        change(region, workload)
    until_rolled(region, *workloads)


def until_rolled(region: LabRegion, *workloads: Workload) -> None:
    """Wait for rollouts; raises RolloutStopped as soon as one passes its deadline."""
    until(lambda: all(_rolled_or_stopped(region, each) for each in workloads), f"the rollout of {region.name} is over")


def _rolled_or_stopped(region: LabRegion, workload: Workload) -> bool:
    conditions = (found(region, workload).get("status") or {}).get("conditions") or []
    if any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions):
        raise RolloutStopped(region.name)
    return rolled(region, workload)


def _patch(region: LabRegion, workload: Workload, body: dict[str, Any]) -> None:
    region.plane.client.patch(APPS, workload.kind, workload.name, body, workload.namespace)


def lose_nodes(region: LabRegion, nodes: list[NodeSpec]) -> None:
    """What a cluster sees of machines that are gone without notice: nodes and their pods vanish."""
    client = region.plane.client
    names = {node.name for node in nodes}
    for name in names:
        client.delete("v1", "Node", name, wait_seconds=0)
    for pod in client.list("v1", "Pod"):
        if pod["spec"].get("nodeName") in names:
            _delete_at_once(region, pod)


def _delete_at_once(region: LabRegion, pod: dict[str, Any]) -> None:
    metadata = pod["metadata"]
    path = region.plane.client.kind("v1", "Pod").path(metadata["namespace"], metadata["name"])
    with contextlib.suppress(ApiRefused):  # gone already
        region.plane.client.request("DELETE", path, {"gracePeriodSeconds": 0})


def delete_pod(region: LabRegion, pod: dict[str, Any]) -> None:
    """Delete one pod, as whoever kills it does."""
    _delete_at_once(region, pod)


@contextlib.contextmanager
def without_region(region: LabRegion) -> Iterator[None]:
    """Every process of the region's control plane and nodes is killed; they are started anew at the end."""
    for name in reversed(ALL_PROCESSES):
        kill(region, name)
    try:
        yield
    finally:
        for name in ALL_PROCESSES:
            region.plane.restart(name)
            if name == "kube-apiserver":
                until(region.plane.client.ready, f"the API server of {region.name} is back")


def kill(region: LabRegion, process: str) -> None:
    """`kill -9` of one of the region's processes."""
    os.kill(region.plane.processes.pids[process], signal.SIGKILL)
    until(lambda: process in region.plane.processes.ended(), f"{process} of {region.name} is dead")


def cordon(region: LabRegion, node: str) -> None:
    """Let no further pod onto a node."""
    region.plane.client.patch("v1", "Node", node, {"spec": {"unschedulable": True}})


def drain(region: LabRegion, node: str, *workloads: Workload) -> tuple[int, int]:
    """Evict a node's pods as `kubectl drain` does; returns evictions granted, and refused for the moment."""
    cordon(region, node)
    granted = refused = 0

    def left() -> list[dict[str, Any]]:
        return [pod for each in workloads for pod in pods(region, each) if pod["spec"].get("nodeName") == node]

    end = time.monotonic() + PATIENCE_SECONDS
    while remaining := left():
        for pod in remaining:
            done = region.plane.client.evict(pod["metadata"]["name"], pod["metadata"]["namespace"])
            granted, refused = granted + done, refused + (not done)
        if time.monotonic() > end:
            message = f"{node} of {region.name} cannot be drained: {len(remaining)} pods stay"
            raise DrillFailed(message)
        time.sleep(POLL_SECONDS)
    return granted, refused
