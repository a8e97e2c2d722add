"""Every command of the README is run, as it stands there."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components.standin_aws import parsed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
RUN_BY_CI = ("make check", "make test", "make sweep")
"""`.ci/run` calls the second, which begins with the first and takes a sample of the third; a test that ran one of them
would run itself."""


NO_CREDENTIALS = (
    "env -u AWS_PROFILE -u AWS_ACCESS_KEY_ID AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "
    "AWS_EC2_METADATA_DISABLED=true {} 2>&1 | grep 'no AWS credentials'"
)
"""No account to ask here: it must say so."""

RUN_BESIDE = {
    "./meridian outputs local": "./meridian outputs local",
    "./meridian outputs local --key NAME": "./meridian outputs local --key demo",
    "./meridian env local": "./meridian env local",
    'eval "$(./meridian env local)"': 'eval "$(./meridian env local)" && pulumi stack ls',
    "./meridian preflight prod": NO_CREDENTIALS.format("./meridian preflight prod"),
    "./meridian preflight dev": NO_CREDENTIALS.format("./meridian preflight dev"),
    "./meridian up dev": NO_CREDENTIALS.format("./meridian up dev"),
    "./meridian up prod": NO_CREDENTIALS.format("./meridian up prod --only aws"),
    "./meridian down dev": NO_CREDENTIALS.format("./meridian down dev"),
    "./meridian images prod": "./meridian images prod",
    "pulumi up -s local": 'eval "$(./meridian env local)" && pulumi up -s local --non-interactive --skip-preview',
}
"""Mentioned commands, and how each is run while the stack is up."""

RUN_ELSEWHERE = {
    "./meridian rehearse example": ("rehearsal/test_rehearse_real_layers.py", '"rehearse", "example"'),
    "./meridian rehearse dev": ("rehearsal/test_rehearse_real_layers.py", '"rehearse", "dev"'),
    "./meridian rehearse prod --layers --only aws": ("rehearsal/test_rehearse_real_layers.py", '"--only", "aws"'),
    "./meridian door dev aws-eu-north-1": ("stacks/test_door.py", '"door"'),
}
"""Mentioned commands, and the file of tests that runs each, with words that show it."""

DRILLS = (ROOT / "tests" / "drills" / "test_real_2_drills.py").read_text()
DRILLED_STACK = (ROOT / "tests" / "drills" / "conftest.py").read_text()


def is_run_with_the_drills(command: str) -> bool:
    """The drills and their stack need minutes; tests/drills runs the same commands on a copy of the stack file."""
    if command in ("./meridian up drill", "./meridian down drill"):
        return '/ "Pulumi.drill.yaml"' in DRILLED_STACK
    words = command.split()
    local = words[:2] == ["./meridian", "drill"] and "--lab" not in words
    return local and f'drill(drilled, "{words[2]}")' in DRILLS


def test_every_drill_command_of_the_readme_is_run_with_the_drills() -> None:
    drills = [command for command in commands() if "drill" in command and "--lab" not in command]
    assert [command for command in drills if not is_run_with_the_drills(command)] == []


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
    assert mentioned() - set(commands()) - set(RUN_BESIDE) - set(RUN_ELSEWHERE) - set(RUN_BY_CI) == set()


@pytest.mark.parametrize("command", RUN_ELSEWHERE)
def test_a_command_that_takes_long_is_run_by_the_tests_of_what_it_does(command: str) -> None:
    file, words = RUN_ELSEWHERE[command]
    assert words in (ROOT / "tests" / file).read_text()


def cloud_commands() -> list[str]:
    """The lines that are for AWS's own command line."""
    return [line for block in re.findall(r"```shell\n(.*?)```", README, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("command", cloud_commands())
def test_a_command_for_aws_is_one_that_its_command_line_takes(command: str) -> None:
    aws, service, operation, *words = shlex.split(command)
    at = words.index("--region")
    assert aws == "aws"
    assert re.fullmatch(r"[a-z]{2}-[a-z]+-\d", words[at + 1])
    assert parsed(service, operation, [*words[:at], *words[at + 2 :]])


def test_a_command_for_aws_with_a_wrong_option_is_refused() -> None:
    with pytest.raises(SystemExit):
        parsed("kms", "create-alias", ["--alias", "alias/meridian-dev", "--target-key-id", "KEY-ID"])


def test_ci_calls_the_readmes_test_command() -> None:
    assert "make test" in commands()
    assert re.search(r"^make test\b", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert re.search(r"^test: check\b", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_every_make_target_in_the_help_exists_and_is_explained() -> None:
    text = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"up", "down", "check", "test"} <= set(re.findall(r"make (\w+)\s+\S", text))


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
        if command in RUN_BY_CI or command in RUN_ELSEWHERE or is_run_with_the_drills(command):
            continue
        if command.startswith("./meridian down"):
            for beside in RUN_BESIDE.values():
                result = run(beside, states)
                assert result.returncode == 0, f"{beside}\n{result.stdout}{result.stderr}"
        result = run(command, states)
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
