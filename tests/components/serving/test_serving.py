"""A region's serving layer keeps every rule, whatever its plan asks for."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from components.serving_specs import ServingSpec
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan.serving import serving as planned_serving
from tests.components.serving.building import WIRING, served
from tests.components.serving.judging_all import broken
from tests.components.serving.specs import SERVINGS, model, serving, spanning
from tests.stacks.fleets import DEV, PROD, planned

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("spec", [serving(), serving(model()), serving(spanning())], ids=["all", "one node", "several"])
def test_a_region_keeps_every_rule(spec: ServingSpec) -> None:
    assert broken(served(spec)) == {}


@pytest.mark.parametrize("values", [PROD, DEV], ids=["prod", "dev"])
def test_every_region_of_the_committed_plans_keeps_every_rule(values: dict[str, object]) -> None:
    config, plan = parse(values), planned(values)
    for region in plan.regions:
        assert broken(served(planned_serving(region.name, config, plan, catalogue()))) == {}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(SERVINGS)
def test_any_region_keeps_every_rule(spec: ServingSpec) -> None:
    assert broken(served(spec)) == {}


def test_a_region_whose_weights_are_pushed_has_no_job_and_no_way_out() -> None:
    made = served(serving(), replace(WIRING, loader=()))
    assert broken(made) == {}
    assert made.of("Job") == ()
