"""The Go tool: found and judged, and run with settings that the user's own cannot break."""

import queue
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rehearsal.engine.errors import EngineError
from rehearsal.engine.model import MODULE_FOLDER, Progress, go_directive, numbers

CACHE_VARIABLE = "MERIDIAN_CACHE"
"""Environment variable: a folder that then holds Go's module and build caches, e.g. one that CI keeps."""

COLD_BUILD_BYTES = 4 * 10**9
"""Free space a build with empty caches needs. Measured with 3.259.0: modules 1.5 GB, build cache 1.7 GB, engine
0.1 GB; the rest is what the linker holds for a while."""

REPORT_SECONDS = 3.0
"""How long a run of the tool may be silent before its caller is given a chance to report."""

_SELF_UPDATING = numbers("1.21.0")
"""The first Go that fetches a newer one when a module asks for it."""

_NO_ENGINE = "The Pulumi engine is built with it, and nothing can be planned or deployed without an engine."
_OR_PULUMI = "Or put `pulumi` with `pulumi-language-python` on PATH, which needs no Go."


class _EndOfMessages:
    """Follows the tool's last message."""


@dataclass(frozen=True)
class GoTool:
    """The Go tool with the environment it runs in."""

    command: str
    environment: Mapping[str, str]
    folder: Path = MODULE_FOLDER
    """Holds the go.mod that every run goes by."""

    def read(self, *arguments: str) -> str:
        """Return what the tool prints. Raises EngineError if it fails."""
        done = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise failure(done.stderr.splitlines())
        return done.stdout

    def messages(self, *arguments: str) -> Iterator[str | None]:
        """Run the tool and yield its messages as they come, and None every `REPORT_SECONDS` without one.

        Raises EngineError if the tool fails. It is ended when the iterator is left early.
        """
        process = subprocess.Popen(
            [self.command, *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said: list[str] = []
        try:
            for line in _lines(process.stderr):
                if line is not None:
                    said.append(line)
                yield line
            if process.wait() != 0:
                raise failure(said)
        finally:
            process.terminate()
            process.wait()


def _lines(stream: IO[str] | None) -> Iterator[str | None]:
    arrived: queue.SimpleQueue[str | _EndOfMessages] = queue.SimpleQueue()

    def pump() -> None:
        for line in stream or ():
            arrived.put(line.rstrip())
        arrived.put(_EndOfMessages())

    threading.Thread(target=pump, daemon=True).start()
    while True:
        try:
            line = arrived.get(timeout=REPORT_SECONDS)
        except queue.Empty:
            yield None
            continue
        if isinstance(line, _EndOfMessages):
            return
        yield line


def find(env: Mapping[str, str], *, progress: Progress) -> GoTool:
    """Return the tool. Raises EngineError when Go is missing or too old to build the engine."""
    command = shutil.which("go", path=env.get("PATH", ""))
    if command is None:
        raise EngineError(what="There is no `go` on PATH.", why=_NO_ENGINE, fix=_get_go())
    tool = GoTool(command=command, environment=_environment(env))
    _refuse_too_old(tool, progress)
    return tool


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    # A target other than this machine, a vendor folder or a workspace of the user's would build something else.
    kept = {key: value for key, value in env.items() if key not in ("GOOS", "GOARCH", "GOARM64", "GOAMD64")}
    own = {"CGO_ENABLED": "0", "GO111MODULE": "on", "GOFLAGS": "-mod=readonly", "GOWORK": "off"}
    return {**kept, **own, **_caches(env)}


def _caches(env: Mapping[str, str]) -> dict[str, str]:
    given = env.get(CACHE_VARIABLE)
    if not given:
        return {}
    folder = Path(given).expanduser().absolute() / "go"
    return {"GOMODCACHE": str(folder / "modules"), "GOCACHE": str(folder / "build")}


def _refuse_too_old(tool: GoTool, progress: Progress) -> None:
    # Outside the module: inside it the tool would first become the version that go.mod asks for.
    local = {**tool.environment, "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    command = [tool.command, "env", "GOVERSION"]
    done = subprocess.run(command, cwd=tempfile.gettempdir(), env=local, capture_output=True, text=True, check=False)
    found, wanted = numbers(done.stdout), numbers(go_directive())
    if done.returncode != 0 or found is None or wanted is None:
        raise EngineError(what=f"{tool.command} does not tell its version.", why=_NO_ENGINE, fix=_get_go())
    if found >= wanted:
        return
    version = done.stdout.strip().removeprefix("go")
    if _SELF_UPDATING and found >= _SELF_UPDATING and not _only_local(tool):
        progress(f"Go {version} is installed; it fetches Go {go_directive()} itself, which the engine needs")
        return
    raise EngineError(what=f"{tool.command} is Go {version}.", why=_too_old(), fix=_get_go())


def _only_local(tool: GoTool) -> bool:
    command = [tool.command, "env", "GOTOOLCHAIN"]
    environment = dict(tool.environment)
    done = subprocess.run(
        command, cwd=tempfile.gettempdir(), env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() in ("local", "path")


def _too_old() -> str:
    return f"The Pulumi engine needs Go {go_directive()}, and nothing can be planned or deployed without an engine."


def _get_go() -> str:
    return f"Install Go {go_directive()} or newer (https://go.dev/dl) and put its bin folder on PATH. {_OR_PULUMI}"


def failure(messages: list[str]) -> EngineError:
    """Return what a failed run of the tool means, from what it said."""
    text = "\n".join(messages)
    named = re.search(r"[\w.~-]+(?:/[\w.~-]+)+@v[\w.+-]+", text)
    module = named.group() if named else "that the engine needs"
    if "no space left on device" in text:
        room = f"{COLD_BUILD_BYTES / 10**9:.0f} GB"
        return EngineError(
            what="The disk became full while the engine was built.",
            why=_NO_ENGINE,
            fix=f"Free {room}, or name a folder on another disk with {CACHE_VARIABLE}, and run the same command again.",
        )
    if "checksum mismatch" in text:
        return EngineError(
            what=f"The Go module {module} is not the one whose checksum is recorded in {MODULE_FOLDER / 'go.sum'}.",
            why="It may have been altered on its way, so it is not built.",
            fix=f"Use another module proxy (GOPROXY), and remove the module from Go's cache first. {_OR_PULUMI}",
        )
    if re.search(r"dial tcp|i/o timeout|403 Forbidden|404 Not Found|lookup disabled|no such host", text):
        return EngineError(
            what=f"The Go module {module} cannot be fetched: {_last(messages)}",
            why="The Pulumi engine is built from it.",
            fix=f"Connect this machine, or set GOPROXY to a module proxy that it can reach. {_OR_PULUMI}",
        )
    return EngineError(
        what=f"The Go tool failed: {_last(messages)}",
        why="The Pulumi engine was not built.",
        fix=f"Run `go build` in {MODULE_FOLDER} to see all that it says. {_OR_PULUMI}",
    )


def _last(messages: list[str]) -> str:
    said = [message.strip() for message in messages if message.strip()]
    return said[-1] if said else "it said nothing."
