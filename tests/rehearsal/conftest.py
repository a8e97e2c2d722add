"""What several tests here need: commands made of a few lines of shell, and a running language host."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rehearsal.host_process import EXECUTOR, Host, started

Command = Callable[..., Path]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Make an executable shell script in a folder below the test's own, and return its path."""

    def make(name: str, script: str, *, folder: str = "commands") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return make


@pytest.fixture
def said() -> list[str]:
    """The lines given to `progress=said.append`."""
    return []


@pytest.fixture
def system_path() -> str:
    """The folders of sh and its tools, where no engine lies."""
    return os.pathsep.join(("/usr/bin", "/bin"))


@pytest.fixture(scope="session")
def executor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stands in for the SDK's executor: writes down what it is given and ends as its arguments say."""
    path = tmp_path_factory.mktemp("bin") / "executor.py"
    path.write_text(EXECUTOR)
    return path


@pytest.fixture(scope="session")
def host(executor: Path) -> Iterator[Host]:
    with started(executor) as running:
        yield running
