"""What a region serves is taken by a real API server, placed by a real scheduler and kept by real controllers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.serving_specs import ServingSpec
from rehearsal.engine import EngineError
from rehearsal.lab import ApiRefused, Binaries, ControlPlane, control_plane, ensure, ensure_definitions
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan.serving import serving as planned_serving
from tests.components.serving.lab_region import apply, machines, objects, places, running, zones
from tests.components.serving.specs import model, serving, spanning
from tests.stacks.fleets import PROD, planned

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[3]
SECONDS = 240
"""A deadline against hanging; pods are placed within seconds."""


@pytest.fixture(scope="module")
def binaries() -> Binaries:
    try:
        return ensure(ROOT, print, os.environ)
    except EngineError as error:
        if error.what.startswith("There is no `go`"):
            pytest.skip(f"{error.what} The lab is built from Go modules.")
        raise


def specs() -> dict[str, ServingSpec]:
    """Every region of production, and one with a model whose replicas span machines."""
    config, plan = parse(PROD), planned(PROD)
    found = {each.name: planned_serving(each.name, config, plan, catalogue()) for each in plan.regions}
    return {**found, "several machines": serving(model("llama-8b"), spanning())}


SPECS = specs()
PLAYED = ("aws-us-east-1", "gcp-europe-west4", "several machines")
"""With spot and a next GPU; with four machines in three zones; with replicas over machines."""


@pytest.fixture(scope="module", params=PLAYED)
def region(
    request: pytest.FixtureRequest, binaries: Binaries, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServingSpec, ControlPlane, dict[str, str]]]:
    spec = SPECS[request.param]
    crds = ensure_definitions(ROOT, print, os.environ)
    folder = tmp_path_factory.mktemp("lab")
    with control_plane(binaries, folder, region=spec.name, nodes=machines(spec), crds=crds) as plane:
        refused = apply(plane, objects(spec))
        if request.param == PLAYED[0]:
            refused |= refused_of_others(plane)
        yield spec, plane, refused


def refused_of_others(plane: ControlPlane) -> dict[str, str]:
    """What of the regions without a server of their own is refused when nothing is kept of it."""
    for job in plane.client.list("batch/v1", "Job", "meridian-weights"):  # its template cannot be changed
        plane.client.delete("batch/v1", "Job", job["metadata"]["name"], "meridian-weights")
    found = {}
    for name in set(SPECS) - set(PLAYED):
        for each in objects(SPECS[name]):
            try:
                plane.client.apply(each, dry_run=True)
            except ApiRefused as error:
                found[f"{name}: {each['kind']} {each['metadata']['name']}"] = error.message
    return found


Region = tuple[ServingSpec, ControlPlane, dict[str, str]]


def test_every_object_is_taken_with_no_field_that_it_does_not_know(region: Region) -> None:
    _, _, refused = region
    assert refused == {}


def test_every_replica_of_the_plan_runs_on_its_own_pool_in_every_zone_of_it(region: Region) -> None:
    spec, plane, _ = region
    for each in spec.models:
        for group in each.groups:
            if group.nodes_per_replica > 1:
                continue  # its controller is not there
            name, wanted = f"{each.name} {group.role}", group.replicas
            found = plane.client.until(
                lambda each=each, group=group: running(plane, each.name, group.role),
                lambda pods, wanted=wanted: len(pods) == wanted,
                SECONDS,
                f"replicas of {name}",
            )
            labels = list(places(plane, found))
            assert {said["meridian.io/pool"] for said in labels} <= {group.pool}
            assert {said["meridian.io/capacity"] == "spot" for said in labels} <= {group.role == "spot"}
            if group.role == "base":
                spread = zones(plane, found)
                assert max(spread.values()) - min(spread.values()) <= group.replicas_per_node
                assert len(spread) == len({node.zone for node in machines(spec) if node.name.startswith(group.pool)})


def test_what_the_namespace_does_not_allow_is_refused(region: Region) -> None:
    spec, plane, _ = region
    namespace = spec.models[0].name
    root = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": namespace},
        "spec": {"containers": [{"name": "shell", "image": "shell", "securityContext": {"privileged": True}}]},
    }
    with pytest.raises(ApiRefused, match="violates PodSecurity"):
        plane.client.create(root)
    door = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "door", "namespace": namespace},
        "spec": {"type": "NodePort", "selector": {"app": "engine"}, "ports": [{"port": 80}]},
    }
    with pytest.raises(ApiRefused, match="exceeded quota"):
        plane.client.create(door)


def test_one_replica_at_a_time_may_be_evicted(region: Region) -> None:
    spec, plane, _ = region
    single = next((each for each in spec.models if each.groups[0].nodes_per_replica == 1), None)
    assert single is not None
    pods = plane.client.until(
        lambda: running(plane, single.name, "base"),
        lambda found: len(found) == single.groups[0].replicas,
        SECONDS,
        "the baseline",
    )
    plane.client.wait(
        "policy/v1",
        "PodDisruptionBudget",
        "engine",
        single.name,
        until=lambda found: bool(found) and found.get("status", {}).get("disruptionsAllowed") == 1,
        seconds=SECONDS,
    )
    first, second = (each["metadata"]["name"] for each in pods[:2])
    assert plane.client.evict(first, single.name)
    assert not plane.client.evict(second, single.name)


def test_a_full_baseline_is_replaced_one_by_one(region: Region) -> None:
    """With another mark of settings; the seconds that a replica must prove itself are left out."""
    spec, plane, _ = region
    single = next(each for each in spec.models if each.groups[0].nodes_per_replica == 1)
    base, name = single.groups[0], f"{single.name}-base"
    plane.client.patch("apps/v1", "Deployment", name, {"spec": {"minReadySeconds": 0}}, single.name)
    plane.client.wait(
        "apps/v1",
        "Deployment",
        name,
        single.name,
        until=lambda found: bool(found) and found["status"].get("availableReplicas") == base.replicas,
        seconds=SECONDS,
    )
    another = {"template": {"metadata": {"annotations": {"meridian.io/settings": "another"}}}}
    plane.client.patch("apps/v1", "Deployment", name, {"spec": another}, single.name)
    fewest = base.replicas

    def look() -> dict[str, int]:
        nonlocal fewest
        status = (plane.client.get("apps/v1", "Deployment", name, single.name) or {}).get("status", {})
        fewest = min(fewest, status.get("availableReplicas", 0))
        return {each: status.get(each, 0) for each in ("updatedReplicas", "availableReplicas", "unavailableReplicas")}

    plane.client.until(
        look,
        lambda said: (
            said["updatedReplicas"] == said["availableReplicas"] == base.replicas
            and marks(plane, single.name) == {"another"}
        ),
        SECONDS,
        "the rollout",
    )
    assert fewest >= base.replicas - 1
    status = plane.client.get("apps/v1", "Deployment", name, single.name)
    assert status
    assert status["metadata"]["generation"] == status["status"]["observedGeneration"]


def marks(plane: ControlPlane, namespace: str) -> set[str]:
    """Settings that the baseline's pods were started with."""
    return {pod["metadata"]["annotations"]["meridian.io/settings"] for pod in running(plane, namespace, "base")}
