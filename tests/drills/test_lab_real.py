"""Every drill of the lab on two real control planes: the fewest ready replicas against the plan's promise."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drills.lab import faults, runner
from drills.lab.catalogue import LAB_DRILLS, named
from drills.lab.outcomes import LabReport
from drills.lab.site import LabSite
from stacks import lab_drilling
from tests.drills.conftest import needs_go

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
LEAST_SAMPLES = 10
LONGEST_GAP_SECONDS = 3.0
"""Fifteen times the interval: the machine may be busy. While an API server is away nobody can count."""
AWAY = "api-away"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabSite]:
    """Two regions of the lab, everything deployed and ready."""
    needs_go()
    with lab_drilling.site(ROOT, tmp_path_factory.mktemp("lab")) as site:
        yield site


def drill(name: str, site: LabSite) -> LabReport:
    found = runner.run(name, named(name), site, print)
    print(f"{name}: {found.minimum:g} ready at least, {found.promised} promised, {found.seconds} s")
    return found


@pytest.mark.parametrize("name", sorted(LAB_DRILLS))
def test_a_drill_leaves_as_many_ready_as_the_plan_promises(lab: LabSite, name: str) -> None:
    found = drill(name, lab)
    assert [promise.text for promise in found.promises if not promise.kept] == []
    assert found.samples - found.untold >= LEAST_SAMPLES
    assert name == AWAY or found.longest_gap_seconds < LONGEST_GAP_SECONDS
    assert found.promised > 0


def test_a_rollout_that_stops_two_replicas_at_once_is_caught(lab: LabSite) -> None:
    """The counting can fail: the survival table allows for one of each Deployment."""
    base = lab.first.base

    def at_once(number: int) -> None:
        change = {"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": number}}}}
        lab.first.plane.client.patch("apps/v1", base.kind, base.name, change, base.namespace)

    at_once(2)
    try:
        found = drill("rolling-update", lab)
    finally:
        at_once(1)
        faults.until_whole(lab)
    assert found.minimum == found.promised - 1
    assert not found.kept


def test_a_drain_without_a_budget_is_caught(lab: LabSite) -> None:
    region, name = lab.first, "without"
    client = region.plane.client
    kept = client.get("policy/v1", "PodDisruptionBudget", region.budget, region.base.namespace)
    assert kept is not None
    client.delete("policy/v1", "PodDisruptionBudget", region.budget, region.base.namespace)
    try:
        bare = replace(LAB_DRILLS["node-drain"], promised=lambda _, whole: whole - 1)
        found = runner.run(name, bare, lab, print)
    finally:
        client.apply({key: kept[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": _bare(kept["metadata"])})
    assert not found.kept
    assert found.figures["evictions refused for now"] == 0


def _bare(metadata: dict[str, object]) -> dict[str, object]:
    return {key: metadata[key] for key in ("name", "namespace")}
