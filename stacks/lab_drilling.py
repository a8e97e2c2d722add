"""`./meridian drill NAME --lab`: gives a drill a lab to be run on, and the plan's promise to be compared with."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from components.serving.words import ENGINE
from drills.lab import faults, gateway, runner
from drills.lab.catalogue import named
from drills.lab.outcomes import LabReport
from drills.lab.site import LabRegion, LabSite
from rehearsal.lab import BROKEN_DIGEST, ControlPlane, Lab, NodeSpec, PodBehaviour
from stacks import show
from stacks.lab_territory import Territory, engine, objects, territory
from stacks.workspace import workspace

READY_SECONDS = 1.0
"""From scheduled to ready, in the lab."""


def run(name: str) -> LabReport:
    """Bring a lab up, run one drill on it, and end the lab. Raises DrillRefused, DrillFailed and EngineError."""
    drill = named(name)
    with site(workspace().root) as found:
        return runner.run(name, drill, found, show.say)


@contextlib.contextmanager
def site(root: Path, folder: Path | None = None) -> Iterator[LabSite]:
    """A territory in the lab with everything deployed and ready, for the time of a block."""
    planned = territory()
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meridian-lab-")))
        regions = {name: planned.nodes(name) for name in planned.regions}
        behaviour = PodBehaviour(ready_seconds=READY_SECONDS)
        lab = stack.enter_context(Lab(regions, folder=place, root=root, progress=show.say, behaviour=behaviour))
        found = LabSite(
            regions=tuple(region_of(name, lab.planes[name], regions[name], planned) for name in planned.regions),
            promised=planned.promised(),
            missing_digest=BROKEN_DIGEST,
        )
        for region in found.regions:
            for each in objects(planned.spec(region.name)):
                region.plane.client.apply(each)
        faults.until_whole(found)
        yield found


def region_of(name: str, plane: ControlPlane, nodes: Sequence[NodeSpec], planned: Territory) -> LabRegion:
    """One region of a planned territory, whose control plane runs."""
    (model,) = planned.spec(name).models
    return LabRegion(
        name=name,
        plane=plane,
        nodes=tuple(nodes),
        base=engine(model, "base"),
        spot=engine(model, "spot"),
        gateway=gateway.workload(),
        budget=ENGINE,
    )


def as_values(report: LabReport) -> dict[str, Any]:
    """A report for machines."""
    return dataclasses.asdict(report) | {"kept": report.kept}
