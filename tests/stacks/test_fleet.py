"""The fleet: survival by recomputation, cost that never falls with demand, names and networks that stay."""

import copy
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks import configfile
from stacks.catalog import Machine, catalogue
from stacks.config import Model, parse
from stacks.config_fleet import ModelDemand
from stacks.plan.cost import HOURS_PER_MONTH, cost_of
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan, Rejection
from stacks.plan.sizer import Sized
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused

ROOT = Path(__file__).parents[2]
PROD: dict[str, Any] = configfile.read(ROOT / "Pulumi.prod.yaml")
DEV: dict[str, Any] = configfile.read(ROOT / "Pulumi.dev.yaml")


def changed(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    found = copy.deepcopy(values)
    *parents, last = path.split("/")
    inner = found
    for part in parents:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return found


def planned(values: dict[str, Any]) -> FleetPlan:
    return make_fleet(parse(values), catalogue(), size)


def unbudgeted(values: dict[str, Any]) -> dict[str, Any]:
    return changed(values, "capacity/monthlyBudgetUsd", 1e10)


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        planned(values)
    return str(refused.value)


def test_the_committed_prod_stack_is_three_clouds_two_territories_and_five_regions() -> None:
    plan = planned(PROD)
    assert {region.cloud for region in plan.regions} == {"aws", "gcp", "azure"}
    assert {region.territory for region in plan.regions} == {"eu", "us"}
    assert len(plan.regions) == 5


def test_the_committed_dev_stack_is_one_region_and_cheaper_than_any_other_that_would_do() -> None:
    plan = planned(DEV)
    assert len(plan.regions) == 1
    [fleet] = plan.models
    paid = sum(pool.usd_per_hour for pool in fleet.pools)
    for other in (*fleet.chosen, *fleet.others):
        nodes = ceil((fleet.demand_rps + other.replica_rps) / other.node_rps)
        assert paid <= nodes * other.usd_per_hour + 1e-9


def lost(plan: FleetPlan, territory: str, model: str, gone: Any) -> float:
    """What is left of a model, worst wave rolling, told from pools alone and not by the plan's own code."""
    [fleet] = [each for each in plan.models if (each.territory, each.model) == (territory, model)]
    left = [pool for pool in fleet.pools if not gone(pool)]
    waves = [*plan.waves]
    return min(
        sum((pool.replicas - (1 if pool.region in wave else 0)) * pool.replica_rps for pool in left) for wave in waves
    )


@settings(max_examples=30, deadline=None)
@given(rps=st.floats(0.01, 60), burst=st.floats(1, 4), share=st.floats(0, 1), together=st.booleans())
def test_every_event_leaves_the_peak_demand_recomputed_from_pools(
    rps: float, burst: float, share: float, together: bool
) -> None:
    values = unbudgeted(PROD)
    values["models"]["llama-70b"]["demand"]["eu"].update(requestsPerSecond=rps, burst=burst)
    values["capacity"]["spotShare"] = share
    values["rollout"] = {"waves": [[*values["territories"]["eu"]["regions"]]]} if together else {}
    plan = planned(values)
    for fleet in plan.models:
        regions = {pool.region for pool in fleet.pools}
        for region in regions:
            assert lost(plan, fleet.territory, fleet.model, lambda pool, r=region: pool.region == r) >= fleet.demand_rps
        assert lost(plan, fleet.territory, fleet.model, lambda pool: pool.capacity == "spot") >= fleet.demand_rps
    assert all(row.margin >= 0 for row in plan.survival)


def linear(scale: float) -> Any:
    """A sizer of round figures, so that the choice of machines is tested without the model of GPUs."""

    def sizer(model: Model, demand: ModelDemand, machine: Machine, gpus: int, bound: float) -> Sized | Rejection:
        speed = {"l4": 0.4, "l40s": 1.1, "h100": 4.0, "h100-nvl": 3.5, "h200": 5.1}.get(machine.gpu)
        return Sized(speed * gpus**0.9 * scale, 8, False) if speed else Rejection("speed", "none", "some")

    return sizer


@settings(max_examples=40, deadline=None)
@given(rps=st.floats(0.01, 80), more=st.floats(1, 3), share=st.sampled_from([0, 0.3, 0.5, 1]), scale=st.floats(0.2, 3))
def test_more_demand_never_costs_less(rps: float, more: float, share: float, scale: float) -> None:
    costs = []
    for factor in (1.0, more):
        values = unbudgeted(changed(PROD, "capacity/spotShare", share))
        values["capacity"]["gpus"] = []
        values["models"]["llama-70b"]["demand"]["eu"]["requestsPerSecond"] = rps * factor
        costs.append(cost_of(make_fleet(parse(values), catalogue(), linear(scale))).total)
    assert costs[0] <= costs[1] + 1e-6


def test_adding_a_region_changes_no_other_names_or_networks() -> None:
    more = unbudgeted(PROD)
    before = planned(more)
    more["territories"]["eu"]["regions"].append("aws-eu-south-2")
    after = planned(more)
    cidrs = {region.name: region.cidr for region in after.regions}
    assert {region.name: cidrs[region.name] for region in before.regions} == {r.name: r.cidr for r in before.regions}
    assert {p.name for f in before.models for p in f.pools if p.capacity != "spot"} <= {
        p.name for f in after.models for p in f.pools
    }


def reordered(value: Any, random: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key], random) for key in random.sample(sorted(value), len(value))}
    return value


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_of_keys_and_regions_gives_the_same_plan(random: Any) -> None:
    values = reordered(copy.deepcopy(PROD), random)
    random.shuffle(values["territories"]["eu"]["regions"])
    random.shuffle(values["capacity"]["survive"])
    assert planned(values) == planned(PROD)


def test_the_cost_is_the_sum_of_its_cuts() -> None:
    plan = planned(PROD)
    cost = cost_of(plan)
    services = sum(usd for _, _, usd in plan.services) * HOURS_PER_MONTH
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_region))
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_pool) + services)
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_model) + services)


def test_every_rejected_candidate_carries_constraint_value_and_bound() -> None:
    for fleet in planned(PROD).models:
        assert fleet.rejected
        assert all(no.why.constraint and no.why.value and no.why.bound for no in fleet.rejected)


def test_chat_is_not_placed_on_spot_that_is_lost_before_its_longest_answer_ends() -> None:
    spot = {pool.region.partition("-")[0] for f in planned(PROD).models for pool in f.pools if pool.capacity == "spot"}
    assert spot <= {"aws"}, "51 s of generation do not fit into the 30 s of GCP and Azure"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("models/llama-70b/revision", "main", "llama-70b.revision"),
        ("territories/eu/regions", ["aws-eu-west-2", "gcp-europe-west4"], "aws-eu-west-2 lies in GB, outside EU"),
        ("territories/eu/regions", ["gcp-europe-west6", "gcp-europe-west4"], "gcp-europe-west6 lies in CH, outside EU"),
        (
            "territories/us/regions",
            ["aws-ap-southeast-2", "aws-us-east-1"],
            "aws-ap-southeast-2 lies in AU, outside US",
        ),
        ("territories/eu/regions", ["aws-eu-nord-1", "gcp-europe-west4"], "did you mean aws-eu-north-1"),
        ("territories/eu/regions", ["aws-eu-north-1"], "one region cannot survive the loss of a region"),
        ("models/llama-70b/slo", {"ttftP95Ms": 2000, "tpotP95Ms": 0.5}, "TPOT p95 in ms is"),
        ("models/llama-70b/slo", {"ttftP95Ms": 5, "tpotP95Ms": 50}, "TTFT p95 in ms is"),
        ("models/llama-70b/source", "meta-llama/Llama-9", "known model shape is meta-llama/Llama-9"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 0, "greater than or equal"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 1e9, "less than or equal"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 1e5, "more machines than a pool can have"),
        ("models/llama-70b/demand/eu/promptTokens", {"p50": 9, "p95": 3}, "p95 (3) is below p50 (9)"),
        ("capacity/monthlyBudgetUsd", 100, "the budget is $100"),
        ("capacity/gpus", ["h1000"], "did you mean h100"),
        ("tenants/acme/models", ["llama-7b"], "there is no model named 'llama-7b'"),
        ("tenants/acme/territory", "ue", "there is no territory named 'ue'"),
        ("image/digest", "latest", "meridian:image.digest"),
        ("network", {"fixedCidr": {"aws-eu-north-1": "10.1.0.0/16", "gcp-europe-west4": "10.1.128.0/17"}}, "overlap"),
        ("network", {"fixedCidr": {"aws-eu-north-1": "10.1.0.1/16"}}, "host bits set"),
        ("steering/ttlSeconds", 3600, "fail-over takes"),
        ("lanes", {"chat": {"maxOutputTokens": 8192}}, "shorter than the longest answer"),
        ("rollout", {"waves": [["aws-us-west-2"]]}, "is a region of no territory"),
        ("capacity", ..., "meridian:capacity: is missing"),
    ],
)
def test_bad_input_is_refused_and_the_text_teaches(path: str, value: Any, says: str) -> None:
    assert says in refusal(changed(PROD, path, value))


def test_a_model_that_fits_no_allowed_layout_is_refused_with_the_room_it_needs() -> None:
    values = changed(PROD, "models/llama-70b/source", "meta-llama/Llama-3.1-405B-Instruct")
    values["models"]["llama-70b"]["precision"] = "bf16"
    values["capacity"]["gpus"] = ["h100", "h100-nvl"]
    assert "KV cache tokens is" in refusal(values)


def test_availability_that_is_unknown_can_be_vouched_for_and_a_no_cannot() -> None:
    values = unbudgeted(changed(PROD, "territories/eu/regions", ["aws-eu-west-1", "gcp-europe-west4"]))
    values["rollout"] = {}
    assert "availability in the region is unknown" in refusal(values)
    assert "p5.48xlarge" in {
        p.machine
        for f in planned(changed(values, "capacity/assumeAvailable", ["aws-eu-west-1/p5.48xlarge"])).models
        for p in f.pools
    }
    no = changed(values, "capacity/assumeAvailable", ["gcp-europe-west6/a3-highgpu-8g"])
    assert "h100 is offered in" in refusal(no)


def paths_of(value: Any, at: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [at]
    return (
        [at, *(path for key in value for path in paths_of(value[key], f"{at}/{key}"))]
        if at
        else [path for key in value for path in paths_of(value[key], key)]
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(paths_of(PROD)), value=json_values)
def test_any_value_anywhere_gives_a_plan_or_refusals_and_never_a_traceback(path: str, value: Any) -> None:
    try:
        planned(changed(PROD, path, value))
    except ConfigurationRefused as refused:
        assert refused.problems
        assert all(problem.what and problem.why and problem.fix for problem in refused.problems)
