"""Supervisord of one local region: start, stop, add, remove and watch programs.

Plain functions over supervisor's own XML-RPC interface. Every process carries two environment
variables that say which region and which program it belongs to, so that what an abnormal end left
behind can be found and ended, and nothing else is ever touched.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from supervisor import xmlrpc as supervisor_xmlrpc  # type: ignore[import-untyped]

from components.local.layout import Layout, socket_root

REGION_MARK = "MERIDIAN_REGION_FOLDER"
PROGRAM_MARK = "MERIDIAN_PROGRAM"
START_SECONDS = 20
LEFTOVER_SECONDS = 5

_AT_ONCE, _WHEN_DONE = False, True
"""Whether an XML-RPC call returns at once or when supervisord is done; it has no names for it."""

_CONFIGURATION = """\
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={folder}/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
pidfile={folder}/supervisord.pid
childlogdir={folder}
umask=077
identifier=meridian

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[include]
files = programs/*.conf
"""

_PROGRAM = """\
[program:{name}]
command=/bin/sh {script}
directory={folder}
autostart=false
autorestart=true
startsecs=2
startretries=2
stopsignal=TERM
stopwaitsecs={stop_seconds}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={folder}/log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=1
"""


class ProcessFailure(Exception):
    """A process or supervisord did not do what it should; the text says what, why and what to do."""


@dataclass(frozen=True)
class Program:
    """One process to supervise."""

    name: str
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    """The whole environment: nothing is inherited."""
    stop_seconds: int
    """How long the process may take to end after SIGTERM before its group is killed."""


@dataclass(frozen=True)
class Status:
    """What supervisord says of a program."""

    state: str
    pid: int
    """0 when there is no process."""
    uptime_seconds: float
    """Time since its last start."""


def start_supervisor(layout: Layout) -> None:
    """Start supervisord as a daemon of its own session, after ending what an earlier one left behind."""
    end_leftovers(layout)
    (layout.supervisor / "programs").mkdir(parents=True, exist_ok=True, mode=0o700)
    make_socket_folder(layout, "supervisor")
    layout.supervisor_socket.unlink(missing_ok=True)
    configuration = layout.supervisor / "supervisord.conf"
    configuration.write_text(
        _CONFIGURATION.format(socket=_ini(layout.supervisor_socket), folder=_ini(layout.supervisor))
    )
    result = subprocess.run(
        [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)],
        env={"PATH": "/usr/bin:/bin", REGION_MARK: str(layout.folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        cwd=layout.supervisor,
    )
    deadline = time.monotonic() + START_SECONDS
    while not is_running(layout):
        if result.returncode or time.monotonic() > deadline:
            message = f"supervisord did not start: {(result.stdout + result.stderr).strip()[-800:] or 'no message'}"
            raise ProcessFailure(message)
        time.sleep(0.05)


def make_socket_folder(layout: Layout, name: str) -> None:
    """Make the folder of a process's sockets; refuse one that another user could have prepared."""
    root = socket_root(layout.state)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = root.stat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        message = f"{root} is not a folder of yours alone, so others could reach the sockets in it. Remove it."
        raise ProcessFailure(message)
    layout.sockets(name).mkdir(mode=0o700, exist_ok=True)


def stop_supervisor(layout: Layout) -> None:
    """Stop supervisord and everything under it, and wait until all of it is gone."""
    if is_running(layout):
        _call(layout).shutdown()
    deadline = time.monotonic() + START_SECONDS
    while is_running(layout) and time.monotonic() < deadline:
        time.sleep(0.05)
    end_leftovers(layout)
    layout.supervisor_socket.unlink(missing_ok=True)


def is_running(layout: Layout) -> bool:
    """Whether supervisord answers on its socket."""
    try:
        return bool(_call(layout).getState()["statename"] == "RUNNING")
    except (OSError, xmlrpc.client.Error):
        return False


def put_program(layout: Layout, program: Program) -> None:
    """Make `program` known to supervisord, replacing one of the same name, and start it."""
    remove_program(layout, program.name)
    folder = layout.process(program.name)
    script = folder / "start.sh"
    script.write_text(_start_script(layout, program))
    script.chmod(0o700)
    text = _PROGRAM.format(
        name=program.name, script=_ini(shlex.quote(str(script))), folder=_ini(folder), stop_seconds=program.stop_seconds
    )
    _program_file(layout, program.name).write_text(text)
    server = _call(layout)
    server.reloadConfig()
    server.addProcessGroup(program.name)
    server.startProcess(program.name, _AT_ONCE)


def remove_program(layout: Layout, name: str) -> None:
    """Stop a program, wait for its end, and forget it. Unknown names are no error."""
    if is_running(layout):
        server = _call(layout)
        _tolerating(server.stopProcess, name, _WHEN_DONE)
        _tolerating(server.removeProcessGroup, name)
        _program_file(layout, name).unlink(missing_ok=True)
        server.reloadConfig()
    _program_file(layout, name).unlink(missing_ok=True)
    end_leftovers(layout, program=name)


def _tolerating(call: Callable[..., object], *arguments: object) -> None:
    """Call supervisord; a program that is unknown or has no process is as good as stopped."""
    try:
        call(*arguments)
    except xmlrpc.client.Fault as fault:
        if not any(known in fault.faultString for known in ("BAD_NAME", "NOT_RUNNING")):
            raise


def status(layout: Layout, name: str) -> Status | None:
    """What supervisord says of a program, or None when it is unknown or supervisord is not there."""
    try:
        info = _call(layout).getProcessInfo(name)
    except (OSError, xmlrpc.client.Error):
        return None
    return Status(state=str(info["statename"]), pid=int(info["pid"]), uptime_seconds=float(info["now"] - info["start"]))


def log_tail(layout: Layout, name: str, *, lines: int = 15) -> str:
    """The last lines a program wrote; our programs never write prompts or keys."""
    log = layout.process(name) / "log"
    if not log.exists():
        return "(it wrote nothing)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) or "(it wrote nothing)"


def members(layout: Layout, *, program: str | None = None) -> list[psutil.Process]:
    """Every live process of this region, or of one program of it: those that carry its marks and all below them.

    The ones below are asked for too because a process that renames itself, as vLLM's do, writes over its marks.
    """
    marked = [process for process in psutil.process_iter() if _belongs(process, layout, program)]
    found = {process.pid: process for process in marked}
    for process in marked:
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {below.pid: below for below in process.children(recursive=True) if is_alive(below)}
    return list(found.values())


def end_leftovers(layout: Layout, *, program: str | None = None) -> None:
    """End every process of this region, or of one program of it, that is still there."""
    for _ in range(2):
        found = members(layout, program=program)
        if not found:
            return
        for process in found:
            _kill(process)
        psutil.wait_procs(found, timeout=LEFTOVER_SECONDS)


def _belongs(process: psutil.Process, layout: Layout, program: str | None) -> bool:
    try:
        if not is_alive(process):
            return False
        environment: Mapping[str, str] = process.environ()
    except psutil.Error:
        return False
    if environment.get(REGION_MARK) != str(layout.folder):
        return False
    return program is None or environment.get(PROGRAM_MARK) == program


def is_alive(process: psutil.Process) -> bool:
    """Whether a process still does anything; one that is gone but for its entry in the table does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _kill(process: psutil.Process) -> None:
    try:
        process.kill()
    except psutil.NoSuchProcess:
        return


def _start_script(layout: Layout, program: Program) -> str:
    environment = dict(program.environment) | {REGION_MARK: str(layout.folder), PROGRAM_MARK: program.name}
    words: Sequence[str] = [
        "exec env -i",
        *(shlex.quote(f"{key}={value}") for key, value in sorted(environment.items())),
        *(shlex.quote(word) for word in program.command),
    ]
    return "#!/bin/sh\n" + " \\\n  ".join(words) + "\n"


def _program_file(layout: Layout, name: str) -> Path:
    return layout.supervisor / "programs" / f"{name}.conf"


def _ini(value: object) -> str:
    """A value for supervisor's configuration, where `%` starts an expansion."""
    return str(value).replace("%", "%%")


def _call(layout: Layout) -> Any:
    transport = supervisor_xmlrpc.SupervisorTransport(None, None, f"unix://{layout.supervisor_socket}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
