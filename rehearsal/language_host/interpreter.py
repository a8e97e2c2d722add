"""Which Python interpreter runs a program, from the `runtime.options` of its project file."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TOOLCHAINS = ("pip", "uv")
"""The values of the `toolchain` option that this host understands."""


class InterpreterError(Exception):
    """The interpreter that the project file asks for cannot be used; the text says what to write instead."""


@dataclass(frozen=True)
class Interpreter:
    """A Python executable and the folder of its environment."""

    executable: Path
    """The Python to start."""
    prefix: Path
    """The folder of the virtual environment (or of the installation) that holds `bin/`."""

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """Return `base` with this interpreter's environment activated, so that scripts find its `bin` first."""
        environment = {key: value for key, value in base.items() if key != "PYTHONHOME"}
        folders = [str(self.prefix / "bin"), base.get("PATH", "")]
        environment["PATH"] = os.pathsep.join(folder for folder in folders if folder)
        environment["VIRTUAL_ENV"] = str(self.prefix)
        return environment


def choose(options: Mapping[str, object], *, root: Path, program: Path) -> Interpreter:
    """Return the interpreter for a program.

    `virtualenv` is relative to `root`, the folder of the project file. Without it the `uv` toolchain means the `.venv`
    beside the nearest `uv.lock` or `pyproject.toml` above `program`; otherwise it is the interpreter of this host.

    Raises InterpreterError when the named environment does not exist or the toolchain is unknown.
    """
    toolchain = _text(options, "toolchain") or "pip"
    if toolchain not in TOOLCHAINS:
        message = (
            f"The runtime option `toolchain: {toolchain}` of {root} is not supported by this language host. "
            "Write `pip` or `uv`, or name the environment with `virtualenv`."
        )
        raise InterpreterError(message)
    virtualenv = _text(options, "virtualenv")
    if virtualenv:
        return _in_environment(root / virtualenv, asked_by=f"`virtualenv: {virtualenv}`")
    if toolchain == "uv":
        return _in_environment(_uv_environment(program), asked_by="`toolchain: uv`")
    return own()


def own() -> Interpreter:
    """Return the interpreter that runs this host."""
    return Interpreter(executable=Path(sys.executable), prefix=Path(sys.prefix))


def for_plugin(options: Mapping[str, object], *, root: Path, program: Path) -> Interpreter:
    """Return the interpreter for a plugin or policy pack: as for a program, but its own `venv` is used unasked."""
    if not _text(options, "virtualenv") and not _text(options, "toolchain") and _is_environment(root / "venv"):
        return _in_environment(root / "venv", asked_by="the plugin's folder")
    return choose(options, root=root, program=program)


def _text(options: Mapping[str, object], key: str) -> str:
    value = options.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    message = (
        f"The runtime option `{key}` is {value!r}, not a text. Write it as `{key}: some-text` in the project file."
    )
    raise InterpreterError(message)


def _in_environment(folder: Path, *, asked_by: str) -> Interpreter:
    if _is_environment(folder):
        return Interpreter(executable=folder / "bin" / "python", prefix=folder)
    state = "is not a virtual environment" if folder.exists() else "does not exist"
    fix = f"Make it with `python3 -m venv {folder}`, then `{folder}/bin/python -m pip install -r requirements.txt`."
    message = f"The project file asks for {asked_by}, but {folder} {state}, so there is no Python to run it with. {fix}"
    raise InterpreterError(message)


def _is_environment(folder: Path) -> bool:
    return (folder / "bin" / "python").is_file()


def _uv_environment(program: Path) -> Path:
    project = next(_holding("uv.lock", program), None) or next(_holding("pyproject.toml", program), program)
    return project / (os.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _holding(file_name: str, start: Path) -> Iterator[Path]:
    return (folder for folder in (start, *start.parents) if (folder / file_name).is_file())
