"""The example's objects of Kubernetes stand on real API servers, one for each region."""

import os
from collections.abc import Iterator, Mapping

import pytest

from rehearsal.engine import ensure
from rehearsal.lab import Binaries, ControlPlane, Lab
from rehearsal.rehearsing import Place
from rehearsal.standins.attach import attached
from stacks.rehearse import EXAMPLE, nodes_of, subject_of
from stacks.workspace import workspace
from tests.rehearsal.lab.conftest import ROOT

pytestmark = [pytest.mark.real, pytest.mark.sweep, pytest.mark.timeout(900)]

REGIONS = {"aws-eu-north-1", "gcp-europe-west4", "azure-eastus2"}
OWNER = {"example:owner": "research"}


@pytest.fixture(scope="module")
def lab(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    nodes = nodes_of(workspace(), EXAMPLE)
    # The example has none but Kubernetes' own kinds.
    with Lab(nodes, folder=tmp_path_factory.mktemp("lab"), root=ROOT, progress=print, definitions=()) as running:
        yield running


@pytest.fixture(scope="module")
def place(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("example")
    shapes = ROOT / ".meridian" / "cache" / "shapes"
    with attached(folder / "world", cache=shapes, lab=lab.kubeconfigs) as standins:
        engine = ensure(ROOT, progress=print, env=os.environ)
        made = Place(folder, subject_of(workspace(), EXAMPLE, layers=False), engine, standins)
        made.make()
        yield made


def ran(place: Place, verb: str) -> Mapping[str, int]:
    run = place.command(verb, EXAMPLE)
    assert (run.code, run.errors) == (0, ())
    return {name: count for name, count in run.counts.items() if name not in ("same", "refresh")}


def owner(plane: ControlPlane) -> str:
    found = plane.client.get("v1", "ConfigMap", "engine", "models")
    assert found
    return str(found["data"]["owner"])


def test_up_ends_when_the_replicas_of_every_region_are_ready(lab: Lab, place: Place) -> None:
    ran(place, "up")

    assert set(lab.planes) == REGIONS
    for region, plane in lab.planes.items():
        found = plane.client.get("apps/v1", "Deployment", "engine", "models")
        assert found, region
        assert found["status"]["readyReplicas"] == 2, region
        namespace = plane.client.get("v1", "Namespace", "models")
        assert namespace
        assert namespace["metadata"]["labels"]["place"] == region, "no region's objects went to another's cluster"
        assert len(plane.client.list("v1", "Pod", "models")) == 2 + 3, "an engine's replicas and a gateway on each node"


def test_then_there_is_nothing_to_do_and_a_refresh_finds_no_drift(place: Place) -> None:
    assert ran(place, "preview") == {}
    assert ran(place, "refresh") == {}


def test_an_update_reaches_every_region_and_destroy_leaves_no_object(lab: Lab, place: Place) -> None:
    place.configure({**place.subject.config, **OWNER})
    ran(place, "up")
    assert {owner(plane) for plane in lab.planes.values()} == {"research"}

    ran(place, "destroy")
    for plane in lab.planes.values():
        assert plane.client.get("v1", "Namespace", "models") is None


def test_each_region_has_a_control_plane_of_its_own_with_the_nodes_it_was_given(lab: Lab) -> None:
    ids = set()
    for region, plane in lab.planes.items():
        nodes = plane.client.list("v1", "Node")
        assert {node["metadata"]["labels"]["topology.kubernetes.io/region"] for node in nodes} == {region}
        system = plane.client.get("v1", "Namespace", "kube-system")
        assert system
        ids.add(system["metadata"]["uid"])
    assert len(ids) == len(REGIONS)
