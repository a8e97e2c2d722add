"""Ends the engine when the server's parent process is gone, however it went.

Started by the parent before the engine, with a pipe as standard input that nobody else holds: the
pipe's end is the parent's end. The parent writes the engine's process group into it. Stays in a
session of its own, so that what kills the parent's group leaves it alive.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

TRACKER = b"multiprocessing.resource_tracker"
TRACKER_SECONDS = 3
"""How long Python's resource tracker may take to remove shared memory after its processes are gone."""


def end_group(group: int) -> None:
    """Kill every process of a group; the resource tracker last, after it removed what the others shared."""
    for pid, is_tracker in _members(group):
        if not is_tracker:
            _kill(pid)
    deadline = time.monotonic() + TRACKER_SECONDS
    while _members(group) and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid, _ in _members(group):
        _kill(pid)


def _members(group: int) -> list[tuple[int, bool]]:
    """Live processes of a group, and whether each is a resource tracker."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            state, _, pgrp = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state not in "ZX":
                found.append((int(entry.name), TRACKER in (entry / "cmdline").read_bytes()))
    return found


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Wait for the parent's end, then end the engine's process group."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    heard = b""
    while part := os.read(0, 64):
        heard += part
    if heard:
        end_group(int(heard))


if __name__ == "__main__":
    main()
