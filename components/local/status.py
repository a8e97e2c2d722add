"""What the processes of a local region are doing now, asked of them and not of the engine's state."""

import contextlib
import json
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from components.gateway.behaviour import READY_PATH
from components.local import supervisor
from components.local.layout import Layout

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


def region_status(layout: Layout, authority_file: Path) -> list[ProcessStatus]:
    """The processes of a region; empty when the region was never made or is gone."""
    registry = layout.state / "ports.json"
    if not registry.exists():
        return []
    ports = json.loads(registry.read_text() or "{}").get(layout.region, {})
    return [
        _one(layout, f"{layout.region}-gateway" if purpose == "entry" else purpose, int(port), authority_file)
        for purpose, port in sorted(ports.items())
    ]


def _one(layout: Layout, name: str, port: int, authority_file: Path) -> ProcessStatus:
    status = supervisor.status(layout, name)
    return ProcessStatus(
        region=layout.region,
        name=name,
        state=status.state if status else "ABSENT",
        pid=status.pid if status else 0,
        port=port,
        health=_health(port, authority_file),
        memory_mib=memory_mib(supervisor.members(layout, program=name)),
        uptime_seconds=int(status.uptime_seconds) if status and status.pid else 0,
    )


def _health(port: int, authority_file: Path) -> str:
    if not authority_file.exists():
        return "no certificate authority"
    context = ssl.create_default_context(cafile=str(authority_file))
    try:
        answer = httpx.get(
            f"https://127.0.0.1:{port}{READY_PATH}", verify=context, trust_env=False, timeout=PROBE_SECONDS
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
