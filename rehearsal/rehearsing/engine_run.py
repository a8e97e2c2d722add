"""Runs one command of the engine, follows its events while it runs, and measures it."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from rehearsal.rehearsing.events import Events
from rehearsal.rehearsing.model import Run

POLL_SECONDS = 0.1
SAMPLE_SECONDS = 0.5
SAY_SECONDS = 2.0
"""Progress is told this often."""
MIB = 2**20

Say = Callable[[str], None]


def run(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path, say: Say, memory: bool = False
) -> Run:
    """Run `command` in `folder` until it ends; its events go to `log`, what it prints beside it.

    `say` is given lines for people; `memory` samples it, which costs some time.
    """
    log.unlink(missing_ok=True)
    events, follower = Events(), _Follower(log)
    peak, said, sampled = 0, time.monotonic(), 0.0
    printed = log.with_suffix(".txt")
    began = time.monotonic()
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--event-log", str(log)],
            cwd=folder,
            env={**environment, "PULUMI_DEBUG_COMMANDS": "true"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                time.sleep(POLL_SECONDS)
                events.read(follower.lines())
                now = time.monotonic()
                if memory and now - sampled > SAMPLE_SECONDS:
                    peak, sampled = max(peak, _memory(process.pid)), now
                if now - said > SAY_SECONDS:
                    said = now
                    say(f"{sum(events.done.values())} resources done, {events.started} begun")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    seconds = time.monotonic() - began
    events.read(follower.lines())
    errors = tuple(events.errors)
    if process.returncode and not errors:
        errors = tuple(printed.read_text(errors="replace").strip().splitlines()[-5:])
    counts = events.counts if events.counts is not None else dict(events.done)
    return Run(process.returncode, seconds, counts, tuple(events.changes), errors, peak)


class _Follower:
    """Gives the whole lines that were added to a file since the last call."""

    def __init__(self, file: Path) -> None:
        self.file, self.place = file, 0

    def lines(self) -> list[str]:
        if not self.file.exists():
            return []
        with self.file.open("rb") as file:
            file.seek(self.place)
            whole, mark, _ = file.read().rpartition(b"\n")
        self.place += len(whole) + len(mark)
        return [line for line in whole.decode().splitlines() if line.strip()]


def _memory(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss
    return total // MIB
