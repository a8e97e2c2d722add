"""`./meridian drill NAME --lab`: gives a drill a lab to be run on, and the plan's promise to be compared with."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from drills.lab import faults, fixture, runner
from drills.lab.catalogue import named
from drills.lab.outcomes import LabReport
from drills.lab.site import LabRegion, LabSite
from rehearsal.lab import BROKEN_DIGEST, Lab, PodBehaviour
from stacks import show
from stacks.plan import survival
from stacks.plan.fleet_model import ModelFleet, Pool
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
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meridian-lab-")))
        regions = {name: fixture.nodes() for name in fixture.REGIONS}
        behaviour = PodBehaviour(ready_seconds=READY_SECONDS)
        lab = stack.enter_context(Lab(regions, folder=place, root=root, progress=show.say, behaviour=behaviour))
        found = LabSite(
            regions=tuple(
                LabRegion(
                    name=name,
                    plane=plane,
                    nodes=tuple(regions[name]),
                    base=fixture.workload("base"),
                    spot=fixture.workload("spot"),
                    gateway=fixture.gateway(),
                    budget=fixture.BUDGET,
                )
                for name, plane in lab.planes.items()
            ),
            promised=promised(),
            missing_digest=BROKEN_DIGEST,
        )
        for region in found.regions:
            for each in fixture.objects():
                region.plane.client.apply(each)
        faults.until_whole(found)
        yield found


def promised() -> Mapping[str, int]:
    """The survival table of the lab's territory in replicas: a replica of it carries one request per second."""
    pools = tuple(_pool(region, group) for region in fixture.REGIONS for group in fixture.GROUPS)
    fleet = ModelFleet(
        model=fixture.MODEL,
        territory="lab",
        demand_rps=1.0,
        mean_rps=1.0,
        burst=1.0,
        output_tokens=1.0,
        utilisation=1.0,
        chosen=(),
        others=(),
        rejected=(),
        pools=pools,
    )
    waves = tuple((region,) for region in fixture.REGIONS)
    return {row.event: int(row.remaining_rps) for row in survival.rows(fleet, ("region", "spot"), waves)}


def _pool(region: str, group: fixture.Group) -> Pool:
    return Pool(
        name=f"{region}-{group.pool}",
        region=region,
        model=fixture.MODEL,
        machine="fake",
        gpu="h100",
        capacity="spot" if group.capacity == "spot" else "on-demand",
        nodes=group.nodes,
        nodes_per_replica=1,
        replicas=group.replicas,
        gpus_per_replica=fixture.GPUS_PER_REPLICA,
        replica_rps=1.0,
        node_usd_per_hour=0.0,
        usd_per_hour=0.0,
        is_estimate=False,
        nodes_by_zone=(1,) * group.nodes,
    )


def as_values(report: LabReport) -> dict[str, Any]:
    """A report for machines."""
    return dataclasses.asdict(report) | {"kept": report.kept}
