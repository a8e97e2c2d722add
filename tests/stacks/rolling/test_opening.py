"""Before anything is asked of a state: what cannot be built is refused, and whoever is not logged in is told so."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.config import parse
from stacks.problems import ConfigurationRefused
from stacks.rolling.opening import states_of, turns_of
from tests.stacks.fleets import DEV, PROD, ROOT, changed


def meridian(*arguments: str, states: Path) -> tuple[int, str]:
    """Exit code and output of a command whose user is logged in nowhere."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(states), "MERIDIAN_STATE": str(states)}
    command = [str(ROOT / "meridian"), *arguments]
    done = subprocess.run(command, env=kept | nobody, capture_output=True, text=True, check=False, timeout=100)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["up", "preview", "refresh", "down"])
def test_without_a_login_every_command_says_so_and_makes_nothing(verb: str, tmp_path: Path) -> None:
    code, text = meridian(verb, "dev", states=tmp_path)
    assert code == 1
    assert "there are no AWS credentials here" in text and "aws sso login" in text
    assert "Traceback" not in text
    assert not (tmp_path / "dev").exists()


@pytest.mark.slow
def test_clouds_that_are_not_built_are_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    code, text = meridian("up", "prod", states=tmp_path)
    assert code == 2
    assert "gcp-europe-west4 is planned and not yet built" in text and "--only aws" in text


@pytest.mark.slow
def test_a_stack_of_this_machine_has_no_parts(tmp_path: Path) -> None:
    code, text = meridian("up", "local", "--only", "aws", states=tmp_path)
    assert code == 2
    assert "runs on this machine, as a whole" in text


def only_aws(values: dict[str, Any]) -> dict[str, Any]:
    return changed(values, "rollout/clouds", ["aws"])


def test_a_part_of_production_is_its_regions_on_that_cloud_in_the_waves_of_the_whole() -> None:
    turns, asked = turns_of("prod", parse(only_aws(PROD)), None)
    grounds = [(turn.title, turn.stack) for turn in turns if turn.stack.endswith(".ground")]
    assert grounds == [("wave 1 of 2", "prod.aws-us-east-1.ground"), ("wave 2 of 2", "prod.aws-eu-north-1.ground")]
    assert asked.partial
    assert not turns_of("dev", parse(DEV), None)[1].partial


def test_a_region_that_is_not_built_cannot_be_asked_for() -> None:
    with pytest.raises(ConfigurationRefused, match="there is no region named 'gcp-europe-west4' to build"):
        turns_of("prod", parse(only_aws(PROD)), "gcp-europe-west4")


def test_every_territory_has_its_own_state_and_key() -> None:
    states = states_of(parse(PROD))
    for name in ("eu", "us"):
        told = PROD["territories"][name]["state"]
        assert (states[name].backend, states[name].secrets_provider) == (told["backend"], told["secretsProvider"])


@pytest.mark.slow
def test_a_key_in_the_file_of_an_environment_on_clouds_is_refused(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())
    content["config"]["meridian:tenants"]["team"]["key"] = "a-key-of-twenty-letters"
    file = ROOT / f"Pulumi.test-opening-{os.getpid()}.yaml"
    try:
        file.write_text(yaml.safe_dump(content))
        code, text = meridian("up", file.name.split(".")[1], states=tmp_path)
    finally:
        file.unlink()
    assert code == 2
    assert "a key stands in the file of an environment on clouds" in text
    assert "a-key-of-twenty-letters" not in text
