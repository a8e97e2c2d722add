"""What the processes of a local region are doing now, asked of them and not of the engine's state."""

import contextlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from components.gateway.behaviour import READY_PATH
from components.local import ports, supervisor
from components.local.layout import STEERING_SUFFIX, Layout, gateway_process
from components.local.process import NAME_SCHEME, answers_the_name

PROBE_SECONDS = 3
MIB = 2**20


@dataclass(frozen=True)
class ProcessStatus:
    """One supervised process."""

    region: str
    name: str
    state: str
    """Supervisor's word, e.g. RUNNING; `ABSENT` when supervisord is not there."""
    pid: int
    port: int
    health: str
    """`ready` when it answers that a token was served, else what it answered."""
    memory_mib: int
    """Proportional set size of the process and its children."""
    uptime_seconds: int


def region_status(layout: Layout, authority_file: Path, *, resolves: str | None = None) -> list[ProcessStatus]:
    """The processes of a region or of a territory's steering; empty when it was never made or is gone.

    `resolves` is the name that steering answers when it is a name server; everything else answers HTTPS.
    """
    held = ports.places(layout.state / ports.REGISTRY, layout.region)
    return [
        _one(layout, entry_process(layout.region) if purpose == "entry" else purpose, place, authority_file, resolves)
        for purpose, place in sorted(held.items())
    ]


def entry_process(owner: str) -> str:
    """The name of the process that listens on a region's entry, or on a territory's endpoint."""
    return owner if owner.endswith(STEERING_SUFFIX) else gateway_process(owner)


def _one(
    layout: Layout, name: str, place: tuple[str, int], authority_file: Path, resolves: str | None
) -> ProcessStatus:
    address, port = place
    status = supervisor.status(layout, name)
    return ProcessStatus(
        region=layout.region,
        name=name,
        state=status.state if status else "ABSENT",
        pid=status.pid if status else 0,
        port=port,
        health=_resolution(address, port, resolves) if resolves else _health(address, port, authority_file),
        memory_mib=memory_mib(supervisor.members(layout, program=name)),
        uptime_seconds=int(status.uptime_seconds) if status and status.pid else 0,
    )


def _resolution(address: str, port: int, name: str) -> str:
    return "ready" if answers_the_name(f"{NAME_SCHEME}{address}:{port}/{name}") else "no answer"


def _health(address: str, port: int, authority_file: Path) -> str:
    if not authority_file.exists():
        return "no certificate authority"
    context = ssl.create_default_context(cafile=str(authority_file))
    try:
        answer = httpx.get(
            f"https://{address}:{port}{READY_PATH}", verify=context, trust_env=False, timeout=PROBE_SECONDS
        )
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return "ready" if answer.status_code == httpx.codes.OK else f"not ready ({answer.status_code})"


def memory_mib(processes: Iterable[psutil.Process]) -> int:
    """Proportional set size of processes together, in MiB; those that are gone count nothing."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            total += int(process.memory_full_info().pss)
    return total // MIB
