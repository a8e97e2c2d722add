"""The order in which a change reaches the regions of a local stack; pure.

One region of each territory at a time, the one that clients are sent to first last of all: while a wave
changes a region, another one of its territory serves. A territory with one region has no such luck.
"""

from components.local.layout import gateway_process
from components.specs import RegionSpec, TerritorySpec
from stacks.plan import Plan


def held_back(plan: Plan) -> list[list[str]]:
    """For each run of the engine before the last, which holds nothing back: the processes it must leave alone."""
    waves = max(len(territory.regions) for territory in plan.territories)
    return [
        [process for territory in plan.territories for process in _later(territory, wave)] for wave in range(1, waves)
    ]


def _later(territory: TerritorySpec, wave: int) -> list[str]:
    kept = territory.regions[: max(0, len(territory.regions) - wave)]
    return [process for region in kept for process in _processes(region)]


def _processes(region: RegionSpec) -> list[str]:
    return [*(replica.name for replica in region.replicas), gateway_process(region.name)]


def arguments(processes: list[str]) -> list[str]:
    """The engine's arguments that leave processes alone, with what depends on them."""
    return [word for name in processes for word in ("--exclude", f"**::{name}")] + ["--exclude-dependents"]
