"""The order of an environment's stacks: what is needed comes first, waves in turn, steering last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.rolling.order import left, order
from stacks.scope import Layer

TERRITORIES = {"eu": ("aws-eu-north-1", "aws-eu-central-1"), "us": ("aws-us-east-1",)}
WAVES = (("aws-us-east-1",), ("aws-eu-central-1", "gcp-us-central1"))


def names(waves: tuple[tuple[str, ...], ...] = WAVES, region: str | None = None) -> list[str]:
    return [turn.stack.removeprefix("prod.") for turn in order("prod", TERRITORIES, waves, region)]


def test_names_come_first_then_regions_in_their_waves_and_steering_last() -> None:
    assert names() == [
        "eu.names",
        "us.names",
        "aws-us-east-1.ground",
        "aws-us-east-1.serving",
        "aws-eu-central-1.ground",
        "aws-eu-central-1.serving",
        "aws-eu-north-1.ground",
        "aws-eu-north-1.serving",
        "eu.steering",
        "us.steering",
    ]


def test_a_wave_is_told_with_how_many_there_are() -> None:
    titles = [turn.title for turn in order("prod", TERRITORIES, WAVES) if turn.part.layer is Layer.GROUND]
    assert titles == ["wave 1 of 3", "wave 2 of 3", "wave 3 of 3"]


def test_one_region_is_its_own_stacks_alone() -> None:
    assert names(region="aws-eu-north-1") == ["aws-eu-north-1.ground", "aws-eu-north-1.serving"]
    assert names(region="aws-eu-west-3") == []


@given(st.permutations(TERRITORIES["eu"] + TERRITORIES["us"]), st.integers(1, 3))
def test_whatever_the_waves_every_stack_comes_once_and_after_those_it_refers_to(regions: list[str], size: int) -> None:
    waves = tuple(tuple(regions[start : start + size]) for start in range(0, len(regions), size))
    turns = order("prod", TERRITORIES, waves)
    seen: set[str] = set()
    for turn in turns:
        assert set(turn.refers_to) <= seen
        seen.add(turn.stack)
    assert len(seen) == len(turns) == 2 + 3 + 3 + 2


@pytest.mark.parametrize(
    ("stack", "found"), [("prod.aws-eu-west-1.ground", True), ("prod.eu.names", False), ("dev.eu.ground", False)]
)
def test_what_is_left_is_of_this_environment_and_in_its_configuration_no_more(stack: str, found: bool) -> None:
    turns = order("prod", TERRITORIES, WAVES)
    assert left([stack, "prod.eu.steering"], "prod", turns) == ((stack,) if found else ())
