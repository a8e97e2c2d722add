"""Every command of the README is run, as it stands there."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
RUN_BY_CI = ("make check", "make test")
"""`.ci/run` calls the second, which begins with the first; a test that ran them would run itself."""


DRILLS = (ROOT / "tests" / "drills" / "test_real_2_drills.py").read_text()
DRILLED_STACK = (ROOT / "tests" / "drills" / "conftest.py").read_text()


def is_run_with_the_drills(command: str) -> bool:
    """The drills and their stack need minutes; tests/drills runs the same commands on a copy of the stack file."""
    if command in ("./meridian up drill", "./meridian down drill"):
        return '/ "Pulumi.drill.yaml"' in DRILLED_STACK
    words = command.split()
    return words[:2] == ["./meridian", "drill"] and f'drill(drilled, "{words[2]}")' in DRILLS


def test_every_drill_command_of_the_readme_is_run_with_the_drills() -> None:
    assert [command for command in commands() if "drill" in command and not is_run_with_the_drills(command)] == []


def commands() -> list[str]:
    """The lines of the README's shell blocks, in order."""
    return [line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines() if line]


def mentioned() -> set[str]:
    """Commands inside running text and tables."""
    spans = re.findall(r"`((?:\./meridian|make|eval|pulumi )[^`]*)`", README)
    return {span for span in spans if span not in ("make", "./meridian")}


def test_the_readme_has_the_two_commands_of_the_quick_start() -> None:
    assert commands()[:2] == ["make up", "make down"]


def test_every_command_in_running_text_stands_in_a_shell_block_or_is_run_below() -> None:
    assert mentioned() - set(commands()) - set(RUN_BESIDE) == set()


def test_ci_calls_the_readmes_test_command() -> None:
    assert "make test" in commands()
    assert re.search(r"^make test\b", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert re.search(r"^test: check\b", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_make_target_in_the_help_exists_and_is_explained() -> None:
    text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"up", "down", "check", "test"} <= set(re.findall(r"make (\w+)\s+\S", text))


NO_CREDENTIALS = (
    "env -u AWS_PROFILE -u AWS_ACCESS_KEY_ID AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "
    "AWS_EC2_METADATA_DISABLED=true ./meridian preflight prod --account 123456789012 | grep 'no AWS credentials'"
)
"""No account to ask here: it must say so."""

RUN_BESIDE = {
    "./meridian outputs local": "./meridian outputs local",
    "./meridian outputs local --key NAME": "./meridian outputs local --key demo",
    "./meridian env local": "./meridian env local",
    'eval "$(./meridian env local)"': 'eval "$(./meridian env local)" && pulumi stack ls',
    "./meridian preflight prod --account 123456789012": NO_CREDENTIALS,
    "pulumi up -s local": 'eval "$(./meridian env local)" && pulumi up -s local --non-interactive --skip-preview',
}
"""Mentioned commands, and how each is run while the stack is up."""


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """State of its own, so that a stack of the developer's is left alone."""
    folder = tmp_path_factory.mktemp("readme")
    yield folder
    run("./meridian down local", folder)
    shutil.rmtree(folder, ignore_errors=True)


def run(command: str, states: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env={**os.environ, "MERIDIAN_STATE": str(states)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.real
@pytest.mark.timeout(900)
def test_every_command_of_the_readme_works_in_the_order_it_stands(states: Path) -> None:
    for command in commands():
        if command in RUN_BY_CI or is_run_with_the_drills(command):
            continue
        if command.startswith("./meridian down"):
            for beside in RUN_BESIDE.values():
                result = run(beside, states)
                assert result.returncode == 0, f"{beside}\n{result.stdout}{result.stderr}"
        result = run(command, states)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
