"""The launchers of the engine folder: they find their parts from anywhere and end with their parent."""

import os
import subprocess
from pathlib import Path

import pytest

from rehearsal.engine.assembling import refresh_launchers
from tests.rehearsal.conftest import Command

HOST = "pulumi-language-python"
DYNAMIC = "pulumi-resource-pulumi-python"

SHOWS = 'echo "$$|$PATH|${PYTHONPATH:-}|$*"'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout, in a folder with a space in its name, with the launchers of an engine."""
    root = tmp_path / "a checkout"
    bin_folder = root / ".meridian/engine/1.0.0/bin"
    bin_folder.mkdir(parents=True)
    refresh_launchers(bin_folder)
    return root


def launch(checkout: Path, name: str, *arguments: str, folder: Path = Path("/"), **env: str) -> tuple[int, str, str]:
    """Run a launcher as the engine does and return its process id, output and errors."""
    launcher = checkout / ".meridian/engine/1.0.0/bin" / name
    process = subprocess.Popen(
        [launcher, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    output, errors = process.communicate(timeout=10)
    return process.pid, output.strip(), errors.strip()


@pytest.fixture
def project_python(checkout: Path, command: Command) -> Path:
    return command("python", SHOWS, folder=f"{checkout.name}/.meridian/venv/bin")


def test_the_host_runs_in_the_projects_python_whatever_the_current_folder(
    checkout: Path, project_python: Path, tmp_path: Path
) -> None:
    for folder in (Path("/"), tmp_path):
        _, output, _ = launch(checkout, HOST, "127.0.0.1:1", folder=folder)

        _, _, import_path, arguments = output.split("|")
        executor = checkout / ".meridian/engine/1.0.0/bin/pulumi-language-python-exec"
        assert arguments == f"-P -u -m rehearsal.language_host {executor} 127.0.0.1:1"
        assert import_path == str(checkout)


@pytest.mark.parametrize("name", [HOST, DYNAMIC])
def test_a_launcher_becomes_what_it_launches_so_that_signals_reach_it(
    checkout: Path, project_python: Path, name: str
) -> None:
    pid, output, _ = launch(checkout, name)

    assert int(output.split("|")[0]) == pid


def test_the_users_own_import_path_comes_after_the_hosts(checkout: Path, project_python: Path) -> None:
    _, output, _ = launch(checkout, HOST, PYTHONPATH="/mine")

    assert output.split("|")[2] == f"{checkout}{os.pathsep}/mine"


@pytest.mark.parametrize("name", [HOST, DYNAMIC])
def test_another_python_can_be_named(checkout: Path, command: Command, name: str) -> None:
    other = command("other", "echo other")

    assert launch(checkout, name, PULUMI_PYTHON_CMD=str(other))[1] == "other"


@pytest.mark.parametrize("name", [HOST, DYNAMIC])
def test_without_a_python_it_is_said_which_one_is_missing(checkout: Path, name: str) -> None:
    _, output, errors = launch(checkout, name)

    assert output == "", "the engine reads a port from the output"
    assert f"there is no Python at {checkout}/.meridian/venv/bin/python" in errors


@pytest.mark.parametrize(
    ("env", "where"),
    [
        ({"PULUMI_RUNTIME_VIRTUALENV": "mine"}, "mine"),
        ({"PULUMI_RUNTIME_TOOLCHAIN": "uv"}, ".venv"),
        ({"PULUMI_RUNTIME_TOOLCHAIN": "pip"}, None),
    ],
)
def test_dynamic_providers_run_in_the_programs_environment(
    checkout: Path, project_python: Path, command: Command, tmp_path: Path, env: dict[str, str], where: str | None
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    if where:
        command("python", SHOWS, folder=f"project/{where}/bin")

    _, output, _ = launch(checkout, DYNAMIC, "127.0.0.1:1", folder=project, **env)

    _, search, _, arguments = output.split("|")
    assert arguments == f"-u {checkout}/rehearsal/language_host/dynamic.py 127.0.0.1:1"
    assert search.split(":")[0] == (f"{project}/{where}/bin" if where else "/usr/bin")
