"""The parent process: owns signals and drain, so that vLLM never sees SIGTERM with work left.

vLLM itself turns new requests into aborted answers once it is told to stop. The parent keeps it
running while the middleware first says not ready, then refuses, and stops it when nothing runs.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from meridian_server import child, control, flags, weights
from meridian_server.settings import Settings, read_secret

STOP_MARGIN_SECONDS = 5
"""What the engine may need after its own shutdown timeout before its group is killed."""
POLL_SECONDS = 0.1
CUT_SECONDS = 2
"""For error events on their way to clients, after the drain's deadline."""


@dataclass
class Stop:
    """Requests to stop: the first drains, the second hurries."""

    asked: asyncio.Event
    hurry: asyncio.Event

    def signal(self) -> None:
        """Note one SIGTERM or SIGINT."""
        if self.asked.is_set():
            self.hurry.set()
        self.asked.set()


async def serve(settings: Settings, settings_file: Path, inherited: Mapping[str, str]) -> int:
    """Run the engine until it is told to stop (0) or ends by itself (1)."""
    words = flags.arguments(settings, known=flags.known_flags(settings.build), node=flags.node_of(inherited))
    for secret in (settings.secrets.engine_key_file, settings.secrets.salt_key_file):
        read_secret(secret)
    weights.check(settings.model.path, settings.model.manifest_sha256)
    variables = child.environment(settings, str(settings_file), inherited)
    _make_folders(settings)
    stop = Stop(asyncio.Event(), asyncio.Event())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.signal)
    guardian = await _guardian(variables)
    engine = await asyncio.create_subprocess_exec(
        *child.command(words), env=variables, cwd=settings.work_folder, stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    await _entrust(guardian, engine.pid)
    ended = asyncio.create_task(engine.wait())
    asked = asyncio.create_task(stop.asked.wait())
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        say(f"the engine ended by itself with code {ended.result()}")
        code = 1
    else:
        await _drain(settings, stop, ended)
        await _stop_engine(engine, ended)
        code = 0
    if guardian.stdin:
        guardian.stdin.close()
    await guardian.wait()
    return code


def say(line: str) -> None:
    """One line of the server's own log."""
    sys.stderr.write(f"meridian_server: {line}\n")
    sys.stderr.flush()


def _make_folders(settings: Settings) -> None:
    for folder in (settings.run_folder, settings.work_folder / "tmp", settings.audit_file.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.control_socket.unlink(missing_ok=True)


async def _guardian(variables: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Started before the engine, so that there is no moment in which an engine has none."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "meridian_server.guardian",
        env=dict(variables),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,
    )


async def _entrust(guardian: asyncio.subprocess.Process, group: int) -> None:
    if guardian.stdin:
        guardian.stdin.write(str(group).encode())
        await guardian.stdin.drain()


async def _drain(settings: Settings, stop: Stop, ended: "asyncio.Task[int]") -> None:
    """Not ready, then refusing, then wait for what runs; cut short by a second signal or the engine's end."""
    gate = await control.ask(settings.control_socket, "drain")
    if gate is None:
        say("stopping before it served")
        return
    say(f"draining: not ready, {gate.in_flight} requests in flight")
    await _pause(settings.drain.delay_seconds, stop, ended)
    gate = await control.ask(settings.control_socket, "refuse")
    deadline = asyncio.get_running_loop().time() + settings.drain.timeout_seconds
    while gate and gate.in_flight and not stop.hurry.is_set() and not ended.done():
        if asyncio.get_running_loop().time() > deadline:
            say(f"{gate.in_flight} requests were still running after {settings.drain.timeout_seconds:g} s")
            break
        await _pause(POLL_SECONDS, stop, ended)
        gate = await control.ask(settings.control_socket, "status")
    if gate and not gate.in_flight:
        say("drained")
    elif not ended.done():
        say("telling the clients of what runs that the replica stops")
        await _cut(settings, ended)


async def _cut(settings: Settings, ended: "asyncio.Task[int]") -> None:
    gate = await control.ask(settings.control_socket, "cut")
    deadline = asyncio.get_running_loop().time() + CUT_SECONDS
    while gate and gate.in_flight and not ended.done() and asyncio.get_running_loop().time() < deadline:
        await asyncio.wait([ended], timeout=POLL_SECONDS)
        gate = await control.ask(settings.control_socket, "status")


async def _pause(seconds: float, stop: Stop, ended: "asyncio.Task[int]") -> None:
    hurry = asyncio.create_task(stop.hurry.wait())
    await asyncio.wait([hurry, ended], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    hurry.cancel()


async def _stop_engine(engine: asyncio.subprocess.Process, ended: "asyncio.Task[int]") -> None:
    with contextlib.suppress(ProcessLookupError):
        engine.terminate()
    await asyncio.wait([ended], timeout=flags.ENGINE_STOP_SECONDS + STOP_MARGIN_SECONDS)
