"""A region on AWS keeps every rule, whatever its plan asks for."""

import pytest
from hypothesis import HealthCheck, given, settings

from components.ground_specs import GroundSpec
from tests.components.contract.building import region
from tests.components.contract.rules import broken
from tests.components.contract.specs import DOORS, GROUNDS, ground


@pytest.mark.slow
@pytest.mark.parametrize("door", DOORS)
def test_a_region_keeps_every_rule(door: str) -> None:
    assert broken(region(ground(door=door))) == {}  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("visibility", ["private", "both"])
def test_a_region_keeps_every_rule_whoever_its_entries_are_for(visibility: str) -> None:
    assert broken(region(ground(visibility=visibility))) == {}  # type: ignore[arg-type]


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(GROUNDS)
def test_any_region_keeps_every_rule(spec: GroundSpec) -> None:
    assert broken(region(spec)) == {}
