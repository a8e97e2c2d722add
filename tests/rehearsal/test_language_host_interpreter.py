"""Which Python runs a program."""

import os
import sys
from pathlib import Path

import pytest

from rehearsal.language_host.interpreter import Interpreter, InterpreterError, choose, for_plugin


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the program in a folder of its own."""
    (tmp_path / "program").mkdir()
    return tmp_path


def environment_in(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    return python


def chosen(project: Path, **options: object) -> Path:
    return choose(options, root=project, program=project / "program").executable


def test_without_options_a_program_runs_in_the_hosts_own_environment(project: Path) -> None:
    assert chosen(project) == Path(sys.executable)
    assert chosen(project, toolchain="pip") == Path(sys.executable)


def test_a_virtual_environment_is_relative_to_the_project_file_not_to_the_program(project: Path) -> None:
    python = environment_in(project / "envs" / "mine")
    environment_in(project / "program" / "envs" / "mine")

    assert chosen(project, virtualenv="envs/mine") == python


def test_a_virtual_environment_may_be_absolute(project: Path) -> None:
    python = environment_in(project / "elsewhere")

    assert chosen(project, virtualenv=str(project / "elsewhere")) == python


@pytest.mark.parametrize(("make", "state"), [(False, "does not exist"), (True, "is not a virtual environment")])
def test_a_missing_environment_is_refused_with_the_command_that_makes_it(project: Path, make: bool, state: str) -> None:
    if make:
        (project / "venv").mkdir()

    with pytest.raises(InterpreterError) as refused:
        chosen(project, virtualenv="venv")

    assert f"{project / 'venv'} {state}" in str(refused.value)
    assert f"python3 -m venv {project / 'venv'}" in str(refused.value)


@pytest.mark.parametrize("marker", ["uv.lock", "pyproject.toml"])
def test_uv_means_the_environment_beside_the_nearest_lock(project: Path, marker: str) -> None:
    (project / marker).touch()
    python = environment_in(project / ".venv")

    assert chosen(project, toolchain="uv") == python


def test_uvs_own_variable_names_its_environment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "uv.lock").touch()
    python = environment_in(project / "of-uv")
    monkeypatch.setenv("UV_PROJECT_ENVIRONMENT", "of-uv")

    assert chosen(project, toolchain="uv") == python


@pytest.mark.parametrize("options", [{"toolchain": "poetry"}, {"virtualenv": 3.0}])
def test_an_option_this_host_does_not_know_is_refused_with_what_to_write(
    project: Path, options: dict[str, object]
) -> None:
    with pytest.raises(InterpreterError, match="Write"):
        chosen(project, **options)


def test_a_plugins_own_environment_is_used_unasked(project: Path) -> None:
    python = environment_in(project / "venv")

    assert for_plugin({}, root=project, program=project).executable == python
    assert for_plugin({"toolchain": "pip"}, root=project, program=project).executable == Path(sys.executable)


def test_an_activated_environment_comes_first_on_path() -> None:
    python = Interpreter(executable=Path("/env/bin/python"), prefix=Path("/env"))

    activated = python.environment({"PATH": "/usr/bin", "PYTHONHOME": "/other", "VIRTUAL_ENV": "/old", "KEPT": "1"})

    assert activated == {"PATH": f"/env/bin{os.pathsep}/usr/bin", "VIRTUAL_ENV": "/env", "KEPT": "1"}
