"""The Go tool: found and judged, and run with settings that the user's own cannot break."""

import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time
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


@dataclass(frozen=True)
class Product:
    """What Go is wanted for, as messages name it."""

    name: str
    """Begins a sentence, e.g. `The Pulumi engine`."""
    loss: str
    """What cannot be done without it, e.g. `nothing can be planned or deployed without an engine`."""
    instead: str = ""
    """A sentence that says how to do without Go; empty where there is no way."""

    @property
    def no_go(self) -> str:
        """Why a missing Go matters."""
        return f"{self.name} is built with it, and {self.loss}."


ENGINE = Product(
    name="The Pulumi engine",
    loss="nothing can be planned or deployed without an engine",
    instead=" Or put `pulumi` with `pulumi-language-python` on PATH, which needs no Go.",
)


class _EndOfMessages:
    """Follows the tool's last message."""


class Report:
    """Passes on at most one line every `REPORT_SECONDS`, with the time so far."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._start = self._last = time.monotonic()

    def now_and_then(self, line: str) -> None:
        """Pass on a line unless the last one was just now."""
        now = time.monotonic()
        if now - self._last < REPORT_SECONDS:
            return
        self._progress(f"{line} ({now - self._start:.0f} s)")
        self._last = now


@dataclass(frozen=True)
class GoTool:
    """The Go tool with the environment it runs in."""

    command: str
    environment: Mapping[str, str]
    folder: Path = MODULE_FOLDER
    """Holds the go.mod that every run goes by."""
    product: Product = ENGINE

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
            raise failure(done.stderr.splitlines(), self.folder, self.product)
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
                raise failure(said, self.folder, self.product)
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


def find(
    env: Mapping[str, str], *, progress: Progress, folder: Path = MODULE_FOLDER, product: Product = ENGINE
) -> GoTool:
    """Return the tool. Raises EngineError when Go is missing or too old for what this project builds with it."""
    command = shutil.which("go", path=env.get("PATH", ""))
    if command is None:
        raise EngineError(what="There is no `go` on PATH.", why=product.no_go, fix=_get_go(product))
    tool = GoTool(command=command, environment=_environment(env), folder=folder, product=product)
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
        raise EngineError(
            what=f"{tool.command} does not tell its version.", why=tool.product.no_go, fix=_get_go(tool.product)
        )
    if found >= wanted:
        return
    version = done.stdout.strip().removeprefix("go")
    if _SELF_UPDATING and found >= _SELF_UPDATING and not _only_local(tool):
        progress(f"Go {version} is installed; it fetches Go {go_directive()} itself, which is needed")
        return
    raise EngineError(what=f"{tool.command} is Go {version}.", why=_too_old(tool.product), fix=_get_go(tool.product))


def _only_local(tool: GoTool) -> bool:
    command = [tool.command, "env", "GOTOOLCHAIN"]
    environment = dict(tool.environment)
    done = subprocess.run(
        command, cwd=tempfile.gettempdir(), env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() in ("local", "path")


def _too_old(product: Product) -> str:
    return f"{product.name} needs Go {go_directive()}, and {product.loss}."


def _get_go(product: Product) -> str:
    return f"Install Go {go_directive()} or newer (https://go.dev/dl) and put its bin folder on PATH.{product.instead}"


def failure(messages: list[str], folder: Path = MODULE_FOLDER, product: Product = ENGINE) -> EngineError:
    """Return what a failed run of the tool means, from what it said."""
    text = "\n".join(messages)
    named = re.search(r"[\w.~-]+(?:/[\w.~-]+)+@v[\w.+-]+", text)
    module = named.group() if named else f"that {_inside(product.name)} needs"
    if "no space left on device" in text:
        room = f"{COLD_BUILD_BYTES / 10**9:.0f} GB"
        return EngineError(
            what=f"The disk became full while {_inside(product.name)} was built.",
            why=product.no_go,
            fix=f"Free {room}, or name a folder on another disk with {CACHE_VARIABLE}, and run the same command again.",
        )
    if "checksum mismatch" in text:
        return EngineError(
            what=f"The Go module {module} is not the one whose checksum is recorded in {folder / 'go.sum'}.",
            why="It may have been altered on its way, so it is not built.",
            fix=f"Use another module proxy (GOPROXY), and remove the module from Go's cache first.{product.instead}",
        )
    if re.search(r"dial tcp|i/o timeout|403 Forbidden|404 Not Found|lookup disabled|no such host", text):
        return EngineError(
            what=f"The Go module {module} cannot be fetched: {_last(messages)}",
            why=f"{product.name} is built from it.",
            fix=f"Connect this machine, or set GOPROXY to a module proxy that it can reach.{product.instead}",
        )
    return EngineError(
        what=f"The Go tool failed: {_last(messages)}",
        why=f"{product.name} was not built.",
        fix=f"Run `go build` in {folder} to see all that it says.{product.instead}",
    )


def _inside(name: str) -> str:
    return name[0].lower() + name[1:]


def _last(messages: list[str]) -> str:
    said = [message.strip() for message in messages if message.strip()]
    return said[-1] if said else "it said nothing."
