"""Starts the stand-in clouds in a process of their own, for as long as a rehearsal lasts."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rehearsal.engine import EngineError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
"""They need about a second; a busy machine may take longer."""


def bytecode(home: Path) -> dict[str, str]:
    """Variables that keep Python's bytecode below `home`: without it the SDKs take nine seconds to read."""
    return {"PYTHONPYCACHEPREFIX": str(home / "cache" / "bytecode")}


@contextmanager
def attached(world: Path, packages: Sequence[str], failures: Path | None = None) -> Iterator[Mapping[str, str]]:
    """Serve `packages` over the folder `world`; gives the variables that lead an engine to them.

    `failures` is a file of what goes wrong; it may appear, change and go while they serve.
    """
    home = ROOT / ".meridian"
    environment = {**os.environ, **bytecode(home), "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    folders = ["--world", str(world), "--cache", str(home / "cache" / "shapes")]
    asked = ["--packages", ",".join(packages), *(["--failures", str(failures)] if failures else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "rehearsal.standins", *folders, *asked],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield dict([_first_line(process).split("=", 1)])
    finally:
        process.terminate()
        process.communicate()


def _first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().strip() if ready else ""
    if "=" not in line:
        raise EngineError(
            what="The stand-in clouds did not start; what they said is above.",
            why="A rehearsal must never reach a real cloud.",
            fix="Run `./meridian setup rehearsal`, then the command again.",
        )
    return line
