"""Keeps processes for somebody: they end when it ends, however it ends. Run as `python keeper.py`.

One JSON object a line on standard input starts a process: `{"name", "command", "log", "environment"}`; the answer is a
line with its process id. When the input ends, every process is killed: a parent that dies, even by SIGKILL, closes it.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux's prctl: should this keeper itself be killed, its processes are too."""

STOP_SECONDS = 5


def main() -> None:
    """Serve until the input ends or SIGTERM."""
    # Signals from the terminal go to every process of a group: in one of its own it ends when its parent does.
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    kept: list[subprocess.Popen[bytes]] = []
    try:
        for line in sys.stdin:
            kept.append(_start(json.loads(line)))
            print(kept[-1].pid, flush=True)
    finally:
        _end(kept)


def _start(said: dict[str, object]) -> subprocess.Popen[bytes]:
    command = said["command"]
    assert isinstance(command, list)  # noqa: S101 - what the parent sends
    environment = said.get("environment") or {}
    assert isinstance(environment, dict)  # noqa: S101
    with Path(str(said["log"])).open("ab") as log:
        return subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )


def _die_with_parent() -> None:
    # macOS has no such call; there a killed keeper leaves its processes.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def _end(kept: list[subprocess.Popen[bytes]]) -> None:
    """Last started, first ended: nothing complains that what it calls is gone. Nothing here is worth a slow end."""
    for process in reversed(kept):
        process.kill()
    for process in kept:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)


if __name__ == "__main__":
    main()
