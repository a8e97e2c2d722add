"""What KEDA's own operator makes of the serving layer's ScaledObjects, with a stand-in for Prometheus' numbers."""

import copy
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.serving import rendering
from components.serving_specs import ReplicaGroupSpec
from drills.lab import faults
from drills.lab.site import LabRegion, Workload
from rehearsal.lab import Lab, PodBehaviour, pool_nodes
from rehearsal.lab.controllers import keda
from rehearsal.lab.controllers.prometheus import Prometheus, prometheus
from stacks import lab_drilling
from stacks.lab_territory import GPUS, MEMORY_GIB, VCPUS, engine, objects, territory
from tests.drills.conftest import needs_go

pytestmark = [pytest.mark.real, pytest.mark.sweep, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90
WATCHED_SECONDS = 20
"""Ten looks of the autoscaler: with the same times a number that is read as 0 has scaled in by then."""
FAR_TOO_MUCH = 10_000.0


@dataclass(frozen=True)
class Scaled:
    """One region with KEDA, and the numbers that it reads."""

    region: LabRegion
    numbers: Prometheus
    scalers: dict[str, dict[str, Any]]
    """The serving layer's own, by role, hurried."""
    groups: dict[str, ReplicaGroupSpec]
    after: Workload

    def query(self, role: str) -> str:
        """What is asked of Prometheus for a group."""
        return str(self.scalers[role]["spec"]["triggers"][0]["metadata"]["query"])

    def say(self, role: str, number: float | None) -> None:
        """Let Prometheus tell a number, or nothing."""
        self.numbers.numbers.pop(self.query(role), None)
        if number is not None:
            self.numbers.numbers[self.query(role)] = number

    def wanted(self, workload: Workload) -> int:
        """Replicas that are asked for now."""
        return faults.wanted(self.region, workload)


def hurried(scaler: dict[str, Any], url: str) -> dict[str, Any]:
    """The same scaler with short times and the stand-in's address: who decides what stays as it is."""
    found = copy.deepcopy(scaler)
    found["spec"] |= {"pollingInterval": 1, "cooldownPeriod": 1}
    behaviour = found["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    behaviour["scaleDown"] = {
        "stabilizationWindowSeconds": 0,
        "policies": [{"type": "Pods", "value": 4, "periodSeconds": 2}],
    }
    found["spec"]["triggers"][0]["metadata"]["serverAddress"] = url
    return found


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scaled]:
    """The first region of the drills' territory with KEDA and the objects that it scales by."""
    needs_go()
    planned = territory()
    name = planned.regions[0]
    spec, nodes = planned.spec(name), planned.nodes(name)
    (model,) = spec.models
    programs = keda.ensure(ROOT, print, os.environ)
    lab = Lab(
        {name: nodes},
        folder=tmp_path_factory.mktemp("scaled"),
        root=ROOT,
        progress=print,
        behaviour=PodBehaviour(ready_seconds=0.5),
    )
    with lab, prometheus() as numbers:
        region = lab_drilling.region_of(name, lab.planes[name], nodes, planned)
        for each in objects(spec):
            region.plane.client.apply(each)
        scalers = {each["metadata"]["labels"]["meridian.io/group"]: each for each in rendering.scalers(model, spec)}
        scalers = {role: hurried(each, numbers.url) for role, each in scalers.items()}
        found = Scaled(region, numbers, scalers, {each.role: each for each in model.groups}, engine(model, "next"))
        found.say("spot", 0)
        found.say("next", 0)
        with keda.running(programs, region.plane):
            for each in scalers.values():
                region.plane.client.apply(each)
            yield found


def until(good: Callable[[], bool], what: str) -> None:
    faults.until(good, what, PATIENCE_SECONDS)


def test_spot_falls_to_the_floor_of_survival_and_no_further_and_rises_with_what_runs_and_waits(scaled: Scaled) -> None:
    group, spot = scaled.groups["spot"], scaled.region.spot
    scaled.say("spot", 0)
    until(lambda: scaled.wanted(spot) == group.min_replicas, "spot is at its floor")
    scaled.say("spot", FAR_TOO_MUCH)
    until(lambda: scaled.wanted(spot) == group.max_replicas, "spot is at its ceiling")
    assert group.min_replicas < group.max_replicas


def test_a_missing_series_does_not_scale_in(scaled: Scaled) -> None:
    group, spot = scaled.groups["spot"], scaled.region.spot
    scaled.say("spot", FAR_TOO_MUCH)
    until(lambda: scaled.wanted(spot) == group.max_replicas, "spot is at its ceiling")
    scaled.say("spot", None)
    asked = scaled.numbers.asked[scaled.query("spot")]
    seen = set()
    end = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < end:
        seen.add(scaled.wanted(spot))
        time.sleep(0.5)
    assert scaled.numbers.asked[scaled.query("spot")] > asked
    assert seen == {group.max_replicas}


def test_the_default_of_keda_would_have_scaled_in(scaled: Scaled) -> None:
    """What the test above guards against: a missing series read as 0."""
    group, spot = scaled.groups["spot"], scaled.region.spot
    careless = copy.deepcopy(scaled.scalers["spot"])
    careless["spec"]["triggers"][0]["metadata"]["ignoreNullValues"] = "true"
    scaled.say("spot", None)
    scaled.region.plane.client.apply(careless)
    try:
        until(lambda: scaled.wanted(spot) == group.min_replicas, "a missing series scales in")
    finally:
        scaled.region.plane.client.apply(scaled.scalers["spot"])
        scaled.say("spot", FAR_TOO_MUCH)
        until(lambda: scaled.wanted(spot) == group.max_replicas, "spot is at its ceiling again")


def test_the_next_gpu_is_tried_when_the_floor_is_unmet_and_left_when_it_is_met(scaled: Scaled) -> None:
    group = scaled.groups["next"]
    scaled.say("next", 0)
    until(lambda: scaled.wanted(scaled.after) == 0, "nothing runs on the next GPU")
    scaled.say("next", 3)
    until(lambda: scaled.wanted(scaled.after) == 3, "three replicas are tried on the next GPU")
    assert faults.ready_now(scaled.region, scaled.after) == 0, "its pool has no node yet"
    bought = pool_nodes(
        group.pool,
        role="gpu",
        zones=scaled.region.zones,
        count=1,
        machine="next",
        model="llama-70b",
        cpu=VCPUS,
        memory_gib=MEMORY_GIB,
        gpus=GPUS,
    )
    scaled.region.plane.add_nodes(bought)
    until(lambda: faults.ready_now(scaled.region, scaled.after) == 3, "they run once there is a node")
    scaled.say("next", 0)
    until(lambda: scaled.wanted(scaled.after) == 0, "they are given back")
