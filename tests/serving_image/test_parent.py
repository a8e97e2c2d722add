"""The parent with real processes; a small package in vLLM's place stands for the engine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.serving_image.helpers import raw_settings

SERVER = Path(__file__).resolve().parents[2] / "serving-image"
DEADLINE_SECONDS = 15

ENGINE = """
import asyncio, json, os, signal, subprocess, sys
from pathlib import Path
from meridian_server import control
from meridian_server.settings import load

settings = load(Path(os.environ["MERIDIAN_SERVER_SETTINGS"]))
work = settings.work_folder
core = subprocess.Popen(["sleep", "300"])
(work / "pids.new").write_text(json.dumps([os.getpid(), core.pid]))
(work / "pids.new").rename(work / "pids")
how = json.loads((work.parent / "how.json").read_text())

def note(word):
    with (work / "notes").open("a") as file:
        file.write(word + "\\n")

async def serve():
    loop, over, gate = asyncio.get_running_loop(), asyncio.Event(), control.Gate(in_flight=how["in_flight"])
    if not how["deaf"]:
        loop.add_signal_handler(signal.SIGTERM, over.set)
    if how["starting"]:
        await over.wait()
        return
    await control.listen(settings.control_socket, gate)
    known = control.Gate(in_flight=gate.in_flight)
    while not over.is_set():
        if (work / "finish").exists():
            gate.in_flight = 0
        if (work / "exit").exists():
            sys.exit(0)
        for name in ("draining", "refusing", "cutting"):
            if getattr(gate, name) and not getattr(known, name):
                note(name)
                setattr(known, name, True)
        await asyncio.sleep(0.02)
    note(f"stopped with {gate.in_flight} in flight")

def main():
    if how["deaf"]:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(serve())
    core.kill()
"""


@dataclass
class Running:
    """A server under test."""

    process: subprocess.Popen[str]
    work: Path

    def engine_processes(self) -> list[int]:
        """The API process and its child, once there are."""
        found: list[int] = json.loads(eventually((self.work / "pids").read_text))
        return found

    def notes(self) -> list[str]:
        """What the engine saw, in order."""
        return (self.work / "notes").read_text().splitlines()

    def ended(self) -> tuple[int, str]:
        """Exit code and what was said."""
        _, said = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, said


def eventually(found: Callable[[], Any]) -> Any:
    """The value, as soon as it is there and true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            if value := found():
                return value
        time.sleep(0.02)
    pytest.fail(f"nothing within {DEADLINE_SECONDS} s")


def alive(pids: list[int]) -> list[int]:
    """Those that still run; a zombie does not."""
    running = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                running.append(pid)
    return running


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers and leaves none."""
    started: list[Running] = []
    package = tmp_path / "site" / "vllm" / "entrypoints" / "launchers" / "api_server"
    package.mkdir(parents=True)
    (package / "entry.py").write_text(ENGINE)

    def starting(*, in_flight: int = 0, starting: bool = False, deaf: bool = False, timeout: float = 60) -> Running:
        raw = raw_settings(tmp_path) | {"drain": {"delay_seconds": 0.3, "timeout_seconds": timeout}}
        (tmp_path / "settings.json").write_text(json.dumps(raw))
        (tmp_path / "how.json").write_text(json.dumps({"in_flight": in_flight, "starting": starting, "deaf": deaf}))
        process = subprocess.Popen(
            [sys.executable, "-m", "meridian_server", "--settings", str(tmp_path / "settings.json")],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path / 'site'}:{SERVER}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(Running(process, tmp_path / "work"))
        started[-1].engine_processes()
        if not starting:
            eventually((tmp_path / "run" / "control").exists)
        return started[-1]

    yield starting
    for server in started:
        server.process.kill()
        server.process.wait()
        for pid in alive(server.engine_processes()):
            os.kill(pid, signal.SIGKILL)


def test_an_idle_server_stops_at_once_with_code_0_and_leaves_no_process(start: Start) -> None:
    server = start()
    server.process.terminate()
    assert server.ended()[0] == 0
    assert alive(server.engine_processes()) == []


def test_a_stop_is_not_ready_first_then_refuses_then_waits_for_what_runs(start: Start) -> None:
    server = start(in_flight=3)
    server.process.terminate()
    eventually(lambda: "refusing" in server.notes())
    assert alive(server.engine_processes()) == server.engine_processes()
    (server.work / "finish").touch()
    assert server.ended()[0] == 0
    assert server.notes() == ["draining", "refusing", "stopped with 0 in flight"]


def test_interrupt_stops_like_terminate(start: Start) -> None:
    server = start()
    server.process.send_signal(signal.SIGINT)
    assert server.ended()[0] == 0


@pytest.mark.slow
def test_what_never_ends_is_cut_at_the_deadline_and_said(start: Start) -> None:
    server = start(in_flight=2, timeout=0.5)
    server.process.terminate()
    code, said = server.ended()
    assert code == 0
    assert "2 requests were still running" in said
    assert server.notes() == ["draining", "refusing", "cutting", "stopped with 2 in flight"]
    assert alive(server.engine_processes()) == []


@pytest.mark.slow
def test_a_second_signal_ends_the_waiting(start: Start) -> None:
    server = start(in_flight=2)
    server.process.terminate()
    eventually(lambda: "refusing" in server.notes())
    server.process.terminate()
    assert server.ended()[0] == 0
    assert alive(server.engine_processes()) == []


def test_a_stop_while_the_engine_loads_does_not_wait_for_it(start: Start) -> None:
    server = start(starting=True)
    server.process.terminate()
    assert server.ended()[0] == 0
    assert alive(server.engine_processes()) == []


@pytest.mark.slow
def test_an_engine_that_ignores_the_stop_is_killed(start: Start) -> None:
    server = start(deaf=True)
    server.process.terminate()
    assert server.ended()[0] == 0
    assert alive(server.engine_processes()) == []


def test_an_engine_that_ends_by_itself_makes_the_server_fail_even_if_it_called_that_success(start: Start) -> None:
    server = start()
    (server.work / "exit").touch()
    code, said = server.ended()
    assert code == 1
    assert "ended by itself with code 0" in said
    assert alive(server.engine_processes()) == []


def test_a_killed_engine_makes_the_server_fail_and_leaves_no_process(start: Start) -> None:
    server = start()
    os.kill(server.engine_processes()[0], signal.SIGKILL)
    assert server.ended()[0] == 1
    assert alive(server.engine_processes()) == []


def test_an_engine_that_dies_while_draining_ends_the_drain(start: Start) -> None:
    server = start(in_flight=1)
    server.process.terminate()
    eventually(lambda: "refusing" in server.notes())
    os.kill(server.engine_processes()[0], signal.SIGKILL)
    server.ended()
    assert alive(server.engine_processes()) == []


@pytest.mark.parametrize("starting", [False, True])
def test_a_killed_parent_leaves_no_process(start: Start, starting: bool) -> None:
    server = start(starting=starting)
    helpers = psutil.Process(server.process.pid).children(recursive=True)
    assert len(helpers) >= 3, "the API process, its child and the guardian"
    server.process.kill()
    server.process.wait()
    eventually(lambda: not alive([helper.pid for helper in helpers]))


def test_wrong_settings_end_with_code_2_and_words_not_a_traceback(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    raw["engine"]["extra_args"] = {"--trust-remote-code": True}
    (tmp_path / "settings.json").write_text(json.dumps(raw))
    result = subprocess.run(
        [sys.executable, "-m", "meridian_server", "--settings", str(tmp_path / "settings.json")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(SERVER)},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert result.returncode == 2
    assert "--trust-remote-code" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_secret_ends_with_code_2_and_names_the_file(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    (tmp_path / "engine-key").unlink()
    site = tmp_path / "site" / "vllm" / "entrypoints" / "launchers" / "api_server"
    site.mkdir(parents=True)
    (site / "entry.py").write_text("def main(): raise SystemExit('started without its key')")
    (tmp_path / "settings.json").write_text(json.dumps(raw))
    result = subprocess.run(
        [sys.executable, "-m", "meridian_server", "--settings", str(tmp_path / "settings.json")],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path / 'site'}:{SERVER}"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
    )
    assert result.returncode == 2
    assert "engine-key" in result.stderr
