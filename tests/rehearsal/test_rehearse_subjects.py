"""What a stack's name stands for in a rehearsal, and what is refused before anything is made."""

from pathlib import Path

import pytest

from stacks.problems import ConfigurationRefused
from stacks.rehearse import EXAMPLE, run, subject_of
from stacks.workspace import workspace


def test_the_example_is_one_stack_or_one_for_each_layer_each_after_those_it_refers_to() -> None:
    whole = subject_of(workspace(), EXAMPLE, layers=False)
    layers = subject_of(workspace(), EXAMPLE, layers=True)

    assert [stack.name for stack in whole.stacks] == ["example"]
    assert len(layers.stacks) == 2 + 3 + 3 + 2
    seen: set[str] = set()
    for stack in layers.stacks:
        assert set(stack.refers_to) <= seen
        seen.add(stack.name)


def test_the_declared_changes_are_changes_of_keys_that_the_configuration_has() -> None:
    subject = subject_of(workspace(), EXAMPLE, layers=False)

    for changed in (subject.change, subject.again):
        assert changed.keys() <= subject.config.keys()
        assert all(subject.config[key] != value for key, value in changed.items())


def test_clouds_that_cannot_be_built_yet_are_refused_as_up_refuses_them() -> None:
    with pytest.raises(ConfigurationRefused, match="azure-swedencentral is planned and not yet built") as refused:
        subject_of(workspace(), "prod", layers=False)
    assert "--only aws" in str(refused.value)


def test_an_environment_is_one_stack_or_one_for_each_layer() -> None:
    whole = subject_of(workspace(), "dev", layers=False)
    layers = subject_of(workspace(), "dev", layers=True)

    assert [stack.name for stack in whole.stacks] == ["dev"]
    assert [stack.name for stack in layers.stacks] == [
        "dev.eu.names",
        "dev.aws-eu-north-1.ground",
        "dev.aws-eu-north-1.serving",
        "dev.eu.steering",
    ]
    for changed in (whole.change, whole.again):
        assert all(whole.config.get(key) != value for key, value in changed.items())


def test_a_part_of_the_clouds_is_the_stacks_of_their_regions_and_of_their_territories() -> None:
    subject = subject_of(workspace(), "prod", layers=True, only=("aws",))

    assert [stack.name for stack in subject.stacks] == [
        "prod.eu.names",
        "prod.us.names",
        "prod.aws-eu-north-1.ground",
        "prod.aws-us-east-1.ground",
        "prod.aws-eu-north-1.serving",
        "prod.aws-us-east-1.serving",
        "prod.eu.steering",
        "prod.us.steering",
    ]
    assert subject.config["meridian:rollout"]["clouds"] == ["aws"]
    steering = next(stack for stack in subject.stacks if stack.name == "prod.eu.steering")
    assert steering.refers_to == ("prod.eu.names", "prod.aws-eu-north-1.ground")


def test_a_cloud_without_a_region_is_refused_with_those_that_have_one() -> None:
    with pytest.raises(ConfigurationRefused, match="no region of the environment is on gcp"):
        subject_of(workspace(), "dev", layers=True, only=("gcp",))


def test_a_local_stack_is_sent_to_up() -> None:
    with pytest.raises(ConfigurationRefused, match=r"\./meridian up local"):
        subject_of(workspace(), "local", layers=False)


def test_a_file_of_failures_that_is_not_there_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "faults.json"

    with pytest.raises(ConfigurationRefused, match="there is no file at"):
        run(EXAMPLE, layers=False, failures=missing, keep=False, shown=lambda _: None)
