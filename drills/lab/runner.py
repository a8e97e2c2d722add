"""Runs a drill in the lab: waits until all is whole, counts, makes the fault, and puts everything back."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from drills.lab import faults
from drills.lab.outcomes import Kept, LabReport
from drills.lab.site import Choose, Counter, LabRegion, LabSite, Workload
from drills.runner import Say

BEFORE_SECONDS = AFTER_SECONDS = 1.0
"""Counted on both sides of the fault."""


@dataclass(frozen=True)
class Found:
    """What a fault came to, beside what was counted."""

    kept: tuple[Kept, ...] = ()
    figures: dict[str, float] = field(default_factory=dict)


Fault = Callable[[LabSite, Counter], Found]


def engines(region: LabRegion) -> tuple[Workload, ...]:
    """Counts replicas."""
    return region.engines


def gateways(region: LabRegion) -> tuple[Workload, ...]:
    """Counts gateway pods."""
    return (region.gateway,)


@dataclass(frozen=True)
class LabDrill:
    """One failure made on purpose in the lab."""

    what: str
    fault: Fault
    """Makes the fault and returns when what it set off has come to rest."""
    heal: Callable[[LabSite], None]
    """Puts back what the fault left; the runner waits until all is whole again."""
    promised: Callable[[LabSite, int], int]
    """The fewest that may be ready, given how many there are when all is whole."""
    promise: str
    """Where that number comes from, for people."""
    choose: Choose = engines
    counted_as: str = "ready replicas"


def run(name: str, drill: LabDrill, site: LabSite, say: Say) -> LabReport:
    """Run one drill. Raises DrillFailed when the lab does not come to the state that the drill waits for."""
    faults.until_whole(site)
    counter = Counter(site, drill.choose)
    try:
        with counter.counting():
            time.sleep(BEFORE_SECONDS)
            whole = counter.counted.totals[0]
            say(f"{whole} {drill.counted_as}: {drill.what}")
            began = time.monotonic()
            found = drill.fault(site, counter)
            seconds = time.monotonic() - began
            time.sleep(AFTER_SECONDS)
    finally:
        say("waiting until the lab is whole again")
        drill.heal(site)
        faults.until_whole(site)
    counted, promised = counter.counted, drill.promised(site, whole)
    floor = Kept(f"at least {promised} {drill.counted_as} at every moment", counted.minimum >= promised)
    return LabReport(
        drill=name,
        what=drill.what,
        counted_as=drill.counted_as,
        whole=whole,
        minimum=counted.minimum,
        promised=promised,
        promise=drill.promise,
        seconds=round(seconds, 2),
        samples=len(counted.samples),
        untold=counted.untold,
        longest_gap_seconds=round(counted.longest_gap, 2),
        promises=(floor, *found.kept),
        figures=found.figures,
    )
