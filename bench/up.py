"""Time and peak memory of bringing up a local stack, cold and warm: `python -m bench.up [--warm-only]`."""

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
from components.local.layout import Layout
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

    def __init__(self, command: "subprocess.Popen[bytes]", layout: Layout) -> None:
        super().__init__(daemon=True)
        self.command, self.layout, self.peak = command, layout, 0

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
        return [*started, *supervisor.members(self.layout)]


def memory(processes: list[psutil.Process]) -> int:
    """PSS of processes in MiB, each counted once."""
    return memory_mib({process.pid: process for process in processes}.values())


def up(checkout: Path, states: Path, environment: dict[str, str]) -> Run:
    """Bring a stack up once; raises when it fails."""
    region = next(iter(parse(configfile.read(checkout / "Pulumi.local.yaml")).territories.values())).regions[0]
    layout = Layout(states / "local", region)
    variables = {**os.environ, **environment, "MERIDIAN_STATE": str(states)}
    began = time.monotonic()
    with (states / "up.log").open("wb") as log:
        command = subprocess.Popen(["make", "up"], cwd=checkout, env=variables, stdout=log, stderr=log)
        sampler = Sampler(command, layout)
        sampler.start()
        code = command.wait(timeout=LIMIT_SECONDS)
    seconds = time.monotonic() - began
    sampler.join()
    if code:
        message = f"`make up` failed: {(states / 'up.log').read_text(errors='replace')[-1500:]}"
        raise RuntimeError(message)
    return Run(round(seconds, 1), sampler.peak, memory(supervisor.members(layout)))


def down(checkout: Path, states: Path, environment: dict[str, str]) -> None:
    """Remove the stack."""
    variables = {**os.environ, **environment, "MERIDIAN_STATE": str(states)}
    subprocess.run(["make", "down"], cwd=checkout, env=variables, capture_output=True, check=True)


def measured(checkout: Path, environment: dict[str, str], *, runs: int = 1) -> list[Run]:
    """Runs of `make up`, each from a stack that does not exist."""
    with tempfile.TemporaryDirectory() as folder:
        found = []
        for _ in range(runs):
            try:
                found.append(up(checkout, Path(folder), environment))
            finally:
                down(checkout, Path(folder), environment)
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
    warm_only = parser.parse_args().warm_only
    cases = {"warm": measured(ROOT, {}, runs=WARM_RUNS)}
    if not warm_only:
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
