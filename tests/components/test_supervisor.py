"""Supervised processes, with the real supervisord and small programs."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from components.local import supervisor
from components.local.layout import Layout
from components.local.supervisor import Program

pytestmark = pytest.mark.slow

SLEEPER = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
)


def program(layout: Layout, code: str, *, name: str = "sleeper", stop_seconds: int = 5) -> Program:
    layout.process(name).mkdir(parents=True, exist_ok=True)
    return Program(
        name=name,
        command=(sys.executable, "-c", code),
        environment=(("QUOTED", 'it\'s 100 % "safe" $HOME'),),
        stop_seconds=stop_seconds,
    )


def until(condition: Callable[[], bool], *, seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def running(layout: Layout, name: str = "sleeper") -> bool:
    status = supervisor.status(layout, name)
    return status is not None and status.state == "RUNNING"


def test_a_program_runs_with_exactly_the_environment_it_was_given(layout: Layout) -> None:
    code = "import os, json; print(json.dumps(dict(os.environ)), flush=True); import time; time.sleep(600)"
    supervisor.put_program(layout, program(layout, code))
    assert until(lambda: "QUOTED" in supervisor.log_tail(layout, "sleeper"))
    text = supervisor.log_tail(layout, "sleeper")
    assert 'it\'s 100 % \\"safe\\" $HOME' in text
    assert "PATH" not in text


def test_a_killed_program_comes_back_by_itself(layout: Layout) -> None:
    supervisor.put_program(layout, program(layout, SLEEPER))
    assert until(lambda: running(layout))
    first = supervisor.status(layout, "sleeper")
    assert first
    os.kill(first.pid, signal.SIGKILL)
    assert until(lambda: running(layout) and supervisor.status(layout, "sleeper").pid != first.pid)


def test_a_program_that_ignores_sigterm_is_killed_after_its_time(layout: Layout) -> None:
    supervisor.put_program(layout, program(layout, STUBBORN, stop_seconds=1))
    assert until(lambda: "ready" in supervisor.log_tail(layout, "sleeper"))
    supervisor.remove_program(layout, "sleeper")
    assert supervisor.status(layout, "sleeper") is None
    assert supervisor.members(layout, program="sleeper") == []


def test_removing_an_unknown_program_is_no_error(layout: Layout) -> None:
    supervisor.remove_program(layout, "never-was")


def test_a_program_put_twice_runs_once(layout: Layout) -> None:
    for _ in range(2):
        supervisor.put_program(layout, program(layout, SLEEPER))
    assert until(lambda: running(layout))
    assert len(supervisor.members(layout, program="sleeper")) == 1


def test_what_a_killed_supervisord_left_is_ended_by_the_next_start(layout: Layout) -> None:
    supervisor.put_program(layout, program(layout, SLEEPER))
    assert until(lambda: running(layout))
    orphan = supervisor.status(layout, "sleeper").pid
    os.kill(int((layout.supervisor / "supervisord.pid").read_text()), signal.SIGKILL)
    assert until(lambda: not supervisor.is_running(layout))
    assert [process.pid for process in supervisor.members(layout)] == [orphan]
    supervisor.start_supervisor(layout)
    assert orphan not in [process.pid for process in supervisor.members(layout)]


def test_processes_of_another_region_are_left_alone(layout: Layout, tmp_path: Path) -> None:
    supervisor.put_program(layout, program(layout, SLEEPER))
    assert until(lambda: running(layout))
    supervisor.end_leftovers(Layout(tmp_path, "local-south"))
    assert running(layout)
