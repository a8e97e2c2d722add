"""Time and peak memory of bringing up a local stack, cold and warm: `python -m bench.up [--warm-only] [--drill]`."""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from components.local import supervisor
from components.local.layout import STEERING_SUFFIX, Layout
from components.local.status import memory_mib
from rehearsal.engine import ensure
from stacks import configfile
from stacks.config import parse

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "up.json"
WARM_RUNS = 3
SAMPLE_SECONDS = 0.5
LIMIT_SECONDS = 1500


@dataclass(frozen=True)
class Run:
    """One `up`."""

    seconds: float
    peak_mib: int
    """Peak PSS of the command and of everything it started."""
    served_mib: int
    """PSS of the stack's processes once it serves."""


class Sampler(threading.Thread):
    """Samples the memory of a command and of a stack while the command runs."""

    def __init__(self, command: "subprocess.Popen[bytes]", layouts: list[Layout]) -> None:
        super().__init__(daemon=True)
        self.command, self.layouts, self.peak = command, layouts, 0

    def run(self) -> None:
        while self.command.poll() is None:
            self.peak = max(self.peak, memory(self._processes()))
            time.sleep(SAMPLE_SECONDS)

    def _processes(self) -> list[psutil.Process]:
        try:
            root = psutil.Process(self.command.pid)
            started = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            started = []
        return [*started, *members(self.layouts)]


def layouts_of(checkout: Path, states: Path, stack: str) -> list[Layout]:
    """Where the processes of a stack are: those of every region, and of every territory's steering."""
    territories = parse(configfile.read(checkout / f"Pulumi.{stack}.yaml")).territories
    owners = [region for territory in territories.values() for region in territory.regions]
    return [Layout(states / stack, owner) for owner in [*owners, *(f"{name}{STEERING_SUFFIX}" for name in territories)]]


def members(layouts: list[Layout]) -> list[psutil.Process]:
    """Every live process of these layouts."""
    return [process for layout in layouts for process in supervisor.members(layout)]


def memory(processes: list[psutil.Process]) -> int:
    """PSS of processes in MiB, each counted once."""
    return memory_mib({process.pid: process for process in processes}.values())


def up(checkout: Path, states: Path, environment: dict[str, str], *, stack: str) -> Run:
    """Bring a stack up once; raises when it fails."""
    layouts = layouts_of(checkout, states, stack)
    variables = {**os.environ, **environment, "MERIDIAN_STATE": str(states)}
    began = time.monotonic()
    with (states / "up.log").open("wb") as log:
        command = subprocess.Popen(["./meridian", "up", stack], cwd=checkout, env=variables, stdout=log, stderr=log)
        sampler = Sampler(command, layouts)
        sampler.start()
        code = command.wait(timeout=LIMIT_SECONDS)
    seconds = time.monotonic() - began
    sampler.join()
    if code:
        message = f"`./meridian up {stack}` failed: {(states / 'up.log').read_text(errors='replace')[-1500:]}"
        raise RuntimeError(message)
    return Run(round(seconds, 1), sampler.peak, memory(members(layouts)))


def down(checkout: Path, states: Path, environment: dict[str, str], *, stack: str) -> None:
    """Remove the stack."""
    variables = {**os.environ, **environment, "MERIDIAN_STATE": str(states)}
    subprocess.run(["./meridian", "down", stack], cwd=checkout, env=variables, capture_output=True, check=True)


def measured(checkout: Path, environment: dict[str, str], *, runs: int = 1, stack: str = "local") -> list[Run]:
    """Runs of `./meridian up`, each from a stack that does not exist."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(runs):
            try:
                found.append(up(checkout, Path(folder), environment, stack=stack))
            finally:
                down(checkout, Path(folder), environment, stack=stack)
        return found


def cold(*, engine_on_path: bool) -> list[Run]:
    """One run in a fresh clone with empty caches of its own."""
    engine = ensure(ROOT, progress=lambda _: None, env=os.environ)
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        sources = "path" if engine_on_path else "modules"
        environment = {"MERIDIAN_CACHE": str(Path(folder) / "cache"), "MERIDIAN_ENGINE_SOURCES": sources}
        if engine_on_path:
            environment["PATH"] = f"{engine.bin_folder}:{os.environ['PATH']}"
        runs = measured(clone, environment)
        for path in Path(folder).rglob("*"):  # Go makes its module cache read-only
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        return runs


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm-only", action="store_true", help="leave out the cold runs, which take minutes")
    parser.add_argument("--drill", action="store_true", help="also the stack that drills run on: 8 GB of free memory")
    given = parser.parse_args()
    cases = {"warm": measured(ROOT, {}, runs=WARM_RUNS)}
    if given.drill:
        cases["drill stack, warm"] = measured(ROOT, {}, stack="drill")
    if not given.warm_only:
        cases["cold, engine on PATH"] = cold(engine_on_path=True)
        cases["cold, engine built"] = cold(engine_on_path=False)
    show(cases)
    RESULTS.parent.mkdir(exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "runs": {name: [asdict(run) for run in runs] for name, runs in cases.items()},
    }
    RESULTS.write_text(json.dumps(record, indent=1) + "\n")


def show(cases: dict[str, list[Run]]) -> None:
    """The table: median and spread."""
    table = Table("case", "runs", "median", "spread", "peak memory", "when serving", box=None)
    for name, runs in cases.items():
        times = [run.seconds for run in runs]
        table.add_row(
            name,
            str(len(runs)),
            f"{statistics.median(times):.0f} s",
            f"{min(times):.0f} to {max(times):.0f} s",
            f"{max(run.peak_mib for run in runs)} MiB",
            f"{max(run.served_mib for run in runs)} MiB",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
