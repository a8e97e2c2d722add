"""Builds programs from Go modules whose versions and checksums are committed: each set once a checkout, whole or not
at all."""

import fcntl
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.engine import go_tool
from rehearsal.engine.go_tool import GoTool, Product, Report
from rehearsal.engine.model import Progress

_SMALL = "-s -w"
"""Leaves out the symbol table and what a debugger reads: a third of a binary."""


@dataclass(frozen=True)
class GoPrograms:
    """Programs that are built from one module."""

    store: str
    """Folder under `.meridian/` that keeps them, e.g. `waf`."""
    module: Path
    """Holds go.mod, go.sum and whatever sources there are."""
    packages: Mapping[str, str]
    """The package of each program by the program's name; `.` is the module's own."""
    product: Product
    takes: str
    """How long the first build takes, for people, e.g. `about a minute`."""
    tags: str = ""
    flags: str = ""
    """Further flags of the linker, e.g. a version that is stamped in."""

    @property
    def key(self) -> str:
        """Changes with every file of the module and every option of the build."""
        options = [dict(self.packages), self.tags, self.flags]
        text = [json.dumps(options, sort_keys=True).encode()]
        text += [file.read_bytes() for file in sorted(self.module.iterdir()) if file.suffix in (".go", ".mod", ".sum")]
        return hashlib.sha256(b"\0".join(text)).hexdigest()[:16]


def ensure(root: Path, programs: GoPrograms, *, progress: Progress, env: Mapping[str, str]) -> Path:
    """Return the folder of the programs for the checkout `root`, building them there if need be.

    Raises EngineError when Go is missing or too old, or a module cannot be fetched.
    """
    store = root.absolute() / ".meridian" / programs.store
    folder = store / programs.key
    if folder.is_dir():
        return folder
    tool = go_tool.find(env, progress=progress, folder=programs.module, product=programs.product)
    store.mkdir(parents=True, exist_ok=True)
    with _locked(store, programs, progress):
        if not folder.is_dir():
            progress(f"building {_names(programs)} from Go modules; the first time takes {programs.takes}")
            _build(tool, programs, folder, progress)
    return folder


def _names(programs: GoPrograms) -> str:
    return ", ".join(programs.packages)


@contextmanager
def _locked(store: Path, programs: GoPrograms, progress: Progress) -> Iterator[None]:
    with (store / "lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"another run is building {_names(programs)}; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(tool: GoTool, programs: GoPrograms, folder: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as made:
        report, compiled = Report(progress), 0
        for name, package in programs.packages.items():
            options = ["-buildvcs=false", f"-ldflags={f'{_SMALL} {programs.flags}'.strip()}"]
            options += [f"-tags={programs.tags}"] if programs.tags else []
            for line in tool.messages("build", "-v", *options, "-o", f"{made}/{name}", package):
                compiled += line is not None
                report.now_and_then(f"{name}: {compiled} packages fetched or compiled")
        Path(made).chmod(0o755)
        # Renamed whole: a run that is cut off leaves no folder that looks complete.
        Path(made).rename(folder)
