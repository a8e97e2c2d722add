"""The local stack that a drill is run on, as plain values, and the faults that can be made there."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from components.local import supervisor
from components.local.layout import Layout
from drills.load import Target


@dataclass(frozen=True)
class RegionSite:
    """One region: where its processes are and how many replicas it has."""

    name: str
    layout: Layout
    replicas: tuple[str, ...]
    gateway: str
    most_sequences: int
    """Requests that one replica generates side by side."""


@dataclass(frozen=True)
class TerritorySite:
    """One territory: where its clients connect, and its regions in the order they are used."""

    target: Target
    regions: tuple[RegionSite, ...]


@dataclass(frozen=True)
class Site:
    """A stack that serves."""

    territories: tuple[TerritorySite, ...]
    stall_seconds: int
    """A replica with running requests and no token for so long says that it is not ready."""
    heal: Callable[[], None]
    """Bring the stack back to what its stack file says."""
    change_model: Callable[[], None]
    """Change a setting of every engine, as `up` after an edit of the stack file does."""

    @property
    def first(self) -> TerritorySite:
        """The territory that the fault is made in: the one with the most regions."""
        return max(self.territories, key=lambda territory: len(territory.regions))

    @property
    def others(self) -> tuple[TerritorySite, ...]:
        """The territories that must not notice."""
        return tuple(territory for territory in self.territories if territory is not self.first)


def kill_replica(region: RegionSite) -> None:
    """`kill -9` of the first replica's parent process; its guardian ends the rest."""
    _kill(_pid(region, region.replicas[0]))


def kill_gateway(region: RegionSite) -> None:
    """`kill -9` of the region's Envoy."""
    _kill(_pid(region, region.gateway))


def kill_region(region: RegionSite) -> None:
    """`kill -9` of everything in the region, its supervisord first so that nothing is started again."""
    found = supervisor.members(region.layout)
    for process in sorted(found, key=lambda process: "supervisord" not in " ".join(_command(process))):
        _kill(process.pid)
    psutil.wait_procs(found, timeout=5)


def freeze_replica(region: RegionSite) -> Callable[[], None]:
    """SIGSTOP of the first replica's engine; returns what lets it go on."""
    core = next(
        process
        for process in supervisor.members(region.layout, program=region.replicas[0])
        if "EngineCore" in process.name()
    )
    os.kill(core.pid, signal.SIGSTOP)
    return lambda: os.kill(core.pid, signal.SIGCONT) if core.is_running() else None


def _pid(region: RegionSite, program: str) -> int:
    status = supervisor.status(region.layout, program)
    if status is None or not status.pid:
        message = f"{program} does not run; bring the stack up first"
        raise RuntimeError(message)
    return status.pid


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
