"""The lab that a drill is run on: regions with real control planes, what is deployed there, what was promised."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from drills.lab.outcomes import Counted, Sample
from rehearsal.lab import ControlPlane, NodeSpec

INTERVAL_SECONDS = 0.2
ASK_SECONDS = 2.0
"""An API server that is silent for so long did not answer a sample."""

APPS = "apps/v1"


@dataclass(frozen=True)
class Workload:
    """A Deployment or DaemonSet whose pods are counted or changed."""

    kind: str
    name: str
    namespace: str
    selector: str
    """Labels of its pods, as a query, e.g. `app=engine,role=base`."""


@dataclass(frozen=True)
class LabRegion:
    """One region of the lab."""

    name: str
    plane: ControlPlane
    nodes: tuple[NodeSpec, ...]
    base: Workload
    spot: Workload
    gateway: Workload
    budget: str
    """Name of the PodDisruptionBudget over base and spot."""

    @property
    def zones(self) -> list[str]:
        """Zones that replicas are spread over."""
        return sorted({node.zone for node in self.nodes if node.gpus})

    @property
    def engines(self) -> tuple[Workload, ...]:
        """What serves: base and spot."""
        return (self.base, self.spot)


@dataclass(frozen=True)
class LabSite:
    """A territory of the lab."""

    regions: tuple[LabRegion, ...]
    """In the order of the rollout's waves."""
    promised: Mapping[str, int]
    """Replicas that the plan's survival table leaves, by its event, e.g. `all spot lost`."""
    missing_digest: str
    """A digest whose image no node can pull."""

    @property
    def first(self) -> LabRegion:
        """The region that a fault is made in, the first to be rolled out."""
        return self.regions[0]


def found(region: LabRegion, workload: Workload) -> dict[str, Any]:
    """The workload's object as it is now; raises LookupError when it is not there."""
    there = region.plane.client.get(APPS, workload.kind, workload.name, workload.namespace)
    if there is None:
        message = f"{region.name} has no {workload.kind} {workload.name}"
        raise LookupError(message)
    return there


def pods(region: LabRegion, workload: Workload) -> list[dict[str, Any]]:
    """The workload's pods that are not on their way out."""
    listed = region.plane.client.list("v1", "Pod", workload.namespace, labels=workload.selector)
    return [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]


def ready(pod: Mapping[str, Any]) -> bool:
    """Whether a pod says that it is."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


Choose = Callable[[LabRegion], tuple[Workload, ...]]


class Counter:
    """Counts ready pods of every region, from the API, again and again until it is stopped."""

    def __init__(self, site: LabSite, choose: Choose) -> None:
        self._site, self._choose = site, choose
        self._samples: list[Sample] = []
        self._lost: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def lose(self, region: LabRegion) -> None:
        """From now on the region counts as gone, whatever it says."""
        self._lost.add(region.name)

    @property
    def counted(self) -> Counted:
        """What was seen until now."""
        return Counted(tuple(self._samples), frozenset(self._lost))

    @contextlib.contextmanager
    def counting(self) -> Iterator["Counter"]:
        """Count for the time of a block."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._stop.is_set():
            asked = time.monotonic()
            counts = {region.name: self._count(region) for region in self._site.regions}
            self._samples.append(Sample(round(asked - began, 3), counts))
            self._stop.wait(max(0.0, INTERVAL_SECONDS - (time.monotonic() - asked)))

    def _count(self, region: LabRegion) -> int | None:
        if region.name in self._lost:
            return 0
        try:
            return sum(ready(pod) for workload in self._choose(region) for pod in pods(region, workload))
        except (httpx.HTTPError, OSError):
            return None
