"""Starts the stand-in clouds for the time of a block, and says how the engine finds them."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rehearsal.standins.schemas import MODULES
from rehearsal.world import World

STOP_SECONDS = 10
ROOT = Path(__file__).parents[2]


class NotServed(Exception):
    """The stand-in clouds did not start; the text is what they said."""


@contextlib.contextmanager
def attached(
    world: Path,
    *,
    cache: Path,
    packages: Iterable[str] = MODULES,
    failures: Path | None = None,
    lab: Mapping[str, Path] | None = None,
    before: Iterable[str] = (),
) -> Iterator[dict[str, str]]:
    """Serve `packages` from the folder `world`; yields variables to add to the engine's environment.

    `cache` keeps derived shapes between runs. With `lab`, a kubeconfig file by region, objects of Kubernetes go to real
    API servers. `before` is what was there before any program: ids, names, API groups. Raises NotServed.
    """
    command = [sys.executable, "-m", "rehearsal.standins", "--world", str(world), "--cache", str(cache)]
    command += ["--packages", ",".join(packages), *(["--failures", str(failures)] if failures else [])]
    World(world).note_outside(*before)
    if lab:
        file = world / "lab.json"
        file.write_text(json.dumps({region: str(path) for region, path in lab.items()}))
        command += ["--lab", str(file)]
    log = world / "standins.log"
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    with log.open("a") as opened:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, stderr=opened, text=True
        )
    try:
        line = process.stdout.readline().strip() if process.stdout else ""
        if "=" not in line:
            process.wait(STOP_SECONDS)
            raise NotServed(log.read_text()[-2000:])
        name, _, ports = line.partition("=")
        yield {name: ports}
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
