"""Starts the real server with a tiny model, for the tests that need one."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serving_image.helpers import proved, raw_settings

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "serving-image"
START_SECONDS = 240
STALL_SECONDS, PROBE_SECONDS = 5, 2
QUEUE = 12


def serving_python() -> str:
    """The interpreter with vLLM; skips the test where there is none."""
    given = os.environ.get("MERIDIAN_SERVING_PYTHON")
    python = Path(given) if given else ROOT / ".meridian" / "serving-cpu" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no serving environment at {python}: run `./meridian setup serving`")
    return str(python)


def environment() -> dict[str, str]:
    """What a supervisor would start the server with."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(SERVER), "LANG": "C.UTF-8"}


def eventually(found: Callable[[], Any], seconds: float) -> Any:
    """The value, as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, httpx.HTTPError):
            if value := found():
                return value
        time.sleep(0.1)
    pytest.fail(f"nothing within {seconds:g} s")


def alive(pids: list[int]) -> list[str]:
    """The processes among these that still run."""
    running = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                running.append(f"{pid} {process.name()}")
    return running


@dataclass
class Server:
    """A real replica."""

    process: subprocess.Popen[bytes]
    folder: Path
    url: str

    def client(self) -> httpx.Client:
        """A client with no patience limit of its own."""
        return httpx.Client(base_url=self.url, timeout=120)

    def post(self, path: str, tenant: str = "acme", **fields: Any) -> httpx.Response:
        """One request of a proved gateway."""
        with self.client() as client:
            return client.post(path, headers=dict(proved(tenant)), json={"model": "tiny-llama", **fields})

    def ready(self) -> httpx.Response:
        """The readiness answer."""
        return httpx.get(f"{self.url}/-/ready", timeout=5)

    def metric(self, sample: str) -> float:
        """The sum of a sample over its labels."""
        families = text_string_to_metric_families(httpx.get(f"{self.url}/metrics", timeout=10).text)
        return sum(found.value for family in families for found in family.samples if found.name == sample)

    def processes(self) -> list[int]:
        """Everything the server started, and itself."""
        found = psutil.Process(self.process.pid)
        return [found.pid, *(child.pid for child in found.children(recursive=True))]

    def core(self) -> psutil.Process:
        """The process that generates tokens."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return next(child for child in children if "EngineCore" in " ".join(child.cmdline()))

    def log(self) -> str:
        """Everything that was printed."""
        return (self.folder / "log").read_text(errors="replace")

    def records(self) -> list[dict[str, Any]]:
        """The audit trail."""
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]

    def record(self, answer: httpx.Response) -> dict[str, Any]:
        """The audit record of an answer, which is written just after its end."""
        wanted = answer.headers["x-request-id"]
        found = eventually(lambda: [one for one in self.records() if one["request_id"] == wanted], 5)
        record: dict[str, Any] = found[0]
        return record


def start(folder: Path, *, drain_seconds: float = 90) -> Server:
    """A replica that serves, at a free port, all its files inside `folder`."""
    python = serving_python()
    model = folder / "model"
    subprocess.run([python, "-m", "meridian_server.tiny_model", str(model)], env=environment(), check=True, timeout=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    raw = raw_settings(folder)
    raw["listen"]["port"] = port
    raw["engine"]["max_num_queued_reqs"] = QUEUE
    raw["drain"] = {"delay_seconds": 1, "timeout_seconds": drain_seconds}
    raw["readiness"] = {"stall_seconds": STALL_SECONDS, "probe_interval_seconds": PROBE_SECONDS}
    (folder / "settings.json").write_text(json.dumps(raw))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "meridian_server", "--settings", str(folder / "settings.json")],
            env=environment(),
            stdout=log,
            stderr=log,
        )
    server = Server(process, folder, f"http://127.0.0.1:{port}")
    try:
        eventually(lambda: process.poll() is not None or server.ready().status_code == 200, START_SECONDS)
        assert process.poll() is None, server.log()[-3000:]
    except BaseException:
        end(server)
        raise
    return server


def end(server: Server) -> None:
    """Kill what is left of a server, and nothing else."""
    if server.process.poll() is None:
        pids = server.processes()
        server.process.kill()
        server.process.wait()
        deadline = time.monotonic() + 10
        while alive(pids) and time.monotonic() < deadline:
            time.sleep(0.1)
        for left in alive(pids):
            with suppress(ProcessLookupError):
                os.kill(int(left.split()[0]), signal.SIGKILL)
