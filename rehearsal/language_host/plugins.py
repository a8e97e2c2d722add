"""Runs a plugin that is written in Python: a policy pack, a component provider, a resource provider."""

import enum
import os
import queue
import subprocess
import threading
import tomllib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import IO

from pulumi.runtime.proto import language_pb2

from rehearsal.language_host import interpreter
from rehearsal.language_host.children import Children
from rehearsal.language_host.options import from_struct

ANALYZER = "analyzer"
"""The engine's word for a policy pack."""

_CHUNK_BYTES = 64 * 1024


class _Mark(enum.Enum):
    END_OF_STREAM = enum.auto()
    CANCELLED = enum.auto()


Arrived = queue.SimpleQueue[language_pb2.RunPluginResponse | _Mark]


class PluginError(Exception):
    """The folder does not hold a plugin that can be run; the text says what to add."""


def run(
    request: language_pb2.RunPluginRequest, *, children: Children, on_cancel: Callable[[Callable[[], None]], object]
) -> Iterator[language_pb2.RunPluginResponse]:
    """Start the plugin and yield its output as it comes, then its exit code.

    `on_cancel` registers what to do when the engine cancels the call: the plugin is then ended with its descendants.
    Raises InterpreterError or PluginError before anything is started.
    """
    info = request.info
    python = interpreter.for_plugin(
        from_struct(info.options), root=Path(info.root_directory), program=Path(info.program_directory)
    )
    command = [str(python.executable), "-u", *_module_and_arguments(request)]
    environment = python.environment(_environment(request))
    arrived: Arrived = queue.SimpleQueue()
    with children.started(command, environment=environment, folder=_folder(request), piped=True) as process:
        on_cancel(lambda: arrived.put(_Mark.CANCELLED))
        _pump_in_background(process, arrived)
        if (yield from _pieces(arrived)) is _Mark.CANCELLED:
            return
        yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _environment(request: language_pb2.RunPluginRequest) -> dict[str, str]:
    """Return the variables the engine asks for; of a name given twice the later one counts."""
    if not request.env:
        return dict(os.environ)
    return dict(pair.split("=", 1) for pair in request.env if "=" in pair)


def _folder(request: language_pb2.RunPluginRequest) -> Path:
    return Path(request.pwd or request.info.program_directory)


def _module_and_arguments(request: language_pb2.RunPluginRequest) -> list[str]:
    program = Path(request.info.program_directory)
    if request.kind == ANALYZER:
        return ["-m", "pulumi.policy", *request.args, str(program)]
    if (program / "__main__.py").is_file():
        return [str(program), *request.args]
    return ["-m", "pulumi.run.plugin", _distribution(program), *request.args]


def _distribution(program: Path) -> str:
    """Return the distribution named by the folder's pyproject.toml: the SDK hosts the components of its package."""
    file = program / "pyproject.toml"
    if not file.is_file():
        message = (
            f"{program} holds neither __main__.py nor pyproject.toml, so there is nothing to start. "
            "Add a __main__.py that serves the provider, or a pyproject.toml with a project name."
        )
        raise PluginError(message)
    name = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("name")
    if not isinstance(name, str):
        message = f"{file} has no `name` under `[project]`, so the plugin's package cannot be found. Add it."
        raise PluginError(message)
    return name


def _pieces(arrived: Arrived) -> Generator[language_pb2.RunPluginResponse, None, _Mark]:
    """Yield the pieces until both streams are at their end or the call is cancelled, and return which."""
    open_streams = 2
    while open_streams:
        piece = arrived.get()
        if piece is _Mark.CANCELLED:
            return _Mark.CANCELLED
        if piece is _Mark.END_OF_STREAM:
            open_streams -= 1
            continue
        yield piece
    return _Mark.END_OF_STREAM


def _pump_in_background(process: subprocess.Popen[bytes], arrived: Arrived) -> None:
    def stdout(piece: bytes) -> language_pb2.RunPluginResponse:
        return language_pb2.RunPluginResponse(stdout=piece)

    def stderr(piece: bytes) -> language_pb2.RunPluginResponse:
        return language_pb2.RunPluginResponse(stderr=piece)

    for stream, wrap in ((process.stdout, stdout), (process.stderr, stderr)):
        threading.Thread(target=_pump, args=(stream, wrap, arrived), daemon=True).start()


def _pump(stream: IO[bytes] | None, wrap: Callable[[bytes], language_pb2.RunPluginResponse], arrived: Arrived) -> None:
    while stream is not None and (piece := os.read(stream.fileno(), _CHUNK_BYTES)):
        arrived.put(wrap(piece))
    arrived.put(_Mark.END_OF_STREAM)
