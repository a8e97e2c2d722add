"""Who owns a number of replicas: an autoscaler that of spot, under the real engine and a real API server."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from components.serving.groups import owned_by_autoscaler
from drills.lab import faults
from drills.lab.site import LabRegion, Workload
from rehearsal.engine import ensure
from rehearsal.lab import Lab
from rehearsal.standins.attach import attached
from stacks import lab_drilling
from stacks.lab_territory import objects, territory
from tests.drills.conftest import needs_go
from tests.rehearsal.engine_project import Project, make_project
from tests.rehearsal.provider_process import CACHE

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
NINE = 9
KINDS = ("Namespace", "PriorityClass", "ServiceAccount", "Deployment")
"""What a Deployment needs to have pods."""

PROGRAM = """
import json, pathlib
import pulumi, pulumi_kubernetes as kubernetes
from components.serving.objects import register

asked = json.loads(pathlib.Path("asked.json").read_text())
cluster = kubernetes.Provider("region", kubeconfig="{}", cluster_identifier=asked["region"])
before = []
for manifest in asked["objects"]:
    opts = pulumi.ResourceOptions(provider=cluster, depends_on=list(before))
    ignored = asked["ignored"].get(manifest["metadata"]["name"], [])
    before.append(register(asked["region"], manifest, opts, ignored))
"""


@dataclass(frozen=True)
class Deployed:
    """A region whose objects the engine has made."""

    region: LabRegion
    project: Project
    asked: dict[str, Any]

    def up(self, *, code: int = 0) -> str:
        """Say what is asked for now, and `pulumi up`."""
        (self.project.folder / "asked.json").write_text(json.dumps(self.asked))
        return self.project.pulumi("up", "--yes", "--skip-preview", code=code)

    def label(self, workload: Workload, value: str) -> None:
        """Another label of a Deployment, that nothing selects by."""
        for each in self.asked["objects"]:
            if each["metadata"]["name"] == workload.name:
                each["metadata"]["labels"]["example.com/owner"] = value


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    needs_go()
    planned = territory()
    name = planned.regions[0]
    spec = planned.spec(name)
    (model,) = spec.models
    nodes = planned.nodes(name)
    more = [replace(node, name=f"{node.name}-{n}") for node in nodes if node.capacity == "spot" for n in range(2)]
    folder = tmp_path_factory.mktemp("owned")
    engine = ensure(ROOT, progress=print, env=os.environ)
    with Lab({name: [*nodes, *more]}, folder=folder / "lab", root=ROOT, progress=print) as lab:
        region = lab_drilling.region_of(name, lab.planes[name], nodes, planned)
        with attached(folder / "world", cache=CACHE, packages=["kubernetes"], lab=lab.kubeconfigs) as variables:
            place = folder / "project"
            place.mkdir()
            made = make_project(place, engine, PROGRAM)
            paths = os.pathsep.join((str(ROOT), str(ROOT / "serving-image")))
            project = replace(made, environment={**made.environment, **variables, "PYTHONPATH": paths})
            asked = {
                "region": name,
                "objects": [each for each in objects(spec) if each["kind"] in KINDS],
                "ignored": {f"{model.name}-{group.role}": owned_by_autoscaler(group) for group in model.groups},
            }
            found = Deployed(region, project, json.loads(json.dumps(asked)))
            found.up()
            yield found


def test_spot_that_an_autoscaler_set_to_nine_is_still_nine_after_an_up_that_changes_a_label(deployed: Deployed) -> None:
    region, spot = deployed.region, deployed.region.spot
    assert faults.wanted(region, spot) == 4
    faults.scale(region, spot, NINE)
    faults.until(lambda: faults.ready_now(region, spot) == NINE, "nine are ready")

    deployed.label(spot, "research")
    said = deployed.up()

    there = region.plane.client.get("apps/v1", "Deployment", spot.name, spot.namespace)
    assert there is not None
    assert there["metadata"]["labels"]["example.com/owner"] == "research", said
    assert there["spec"]["replicas"] == NINE
    assert faults.ready_now(region, spot) == NINE


def test_base_is_the_plans_and_a_number_that_somebody_else_set_is_not_overwritten_unseen(deployed: Deployed) -> None:
    region, base = deployed.region, deployed.region.base
    planned = faults.wanted(region, base)
    faults.scale(region, base, planned - 1)
    deployed.label(base, "research")
    try:
        said = deployed.up(code=1)
        assert "another manager owns the field" in said
        assert faults.wanted(region, base) == planned - 1
    finally:
        faults.scale(region, base, planned)


def test_the_project_ends_with_nothing_left(deployed: Deployed) -> None:
    done = subprocess.run(
        deployed.project.command("destroy", "--yes", "--skip-preview"),
        cwd=deployed.project.folder,
        env=deployed.project.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert deployed.region.plane.client.get("v1", "Namespace", deployed.region.base.namespace) is None
