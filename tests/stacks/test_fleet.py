"""The fleet: survival by recomputation, cost that never falls with demand, names and networks that stay."""

import copy
import json
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.catalog import Machine, catalogue
from stacks.config import Model, parse
from stacks.config_fleet import ModelDemand
from stacks.plan.cost import HOURS_PER_MONTH, cost_of
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan, Rejection
from stacks.plan.sizer import Footprint, Sized
from stacks.plan.sizing import size
from stacks.plan_command import as_data
from tests.stacks.fleets import DEV, PROD, changed, linear, planned, unbudgeted


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
        nodes = ceil((fleet.demand_rps + other.replica_rps) / other.unit_rps)
        assert paid <= nodes * other.unit_usd + 1e-9


def lost(plan: FleetPlan, territory: str, model: str, gone: Any) -> float:
    """What is left of a model, worst wave rolling, told from pools alone and not by the plan's own code."""
    [fleet] = [each for each in plan.models if (each.territory, each.model) == (territory, model)]
    left = [pool for pool in fleet.pools if not gone(pool)]
    waves = [*plan.waves]
    return min(
        sum((pool.replicas - (1 if pool.region in wave else 0)) * pool.replica_rps for pool in left) for wave in waves
    )


@settings(max_examples=12, deadline=None)
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


@settings(max_examples=20, deadline=None)
@given(rps=st.floats(0.01, 80), more=st.floats(1, 3), share=st.sampled_from([0, 0.3, 0.5, 1]), scale=st.floats(0.2, 3))
def test_more_demand_never_costs_less_with_round_figures(rps: float, more: float, share: float, scale: float) -> None:
    costs = []
    for factor in (1.0, more):
        values = unbudgeted(changed(PROD, "capacity/spotShare", share))
        values["capacity"]["gpus"] = []
        values["models"]["llama-70b"]["demand"]["eu"]["requestsPerSecond"] = rps * factor
        costs.append(cost_of(make_fleet(parse(values), catalogue(), linear(scale))).total)
    assert costs[0] <= costs[1] + 1e-6


@settings(max_examples=10, deadline=None)
@given(rps=st.floats(0.01, 40), more=st.floats(1, 3), share=st.sampled_from([0, 0.3, 0.5, 1]), every=st.booleans())
def test_more_demand_never_costs_less_with_the_real_capacity_model(
    rps: float, more: float, share: float, every: bool
) -> None:
    costs = []
    for factor in (1.0, more):
        values = unbudgeted(changed(PROD, "capacity/spotShare", share))
        values["capacity"]["gpus"] = [] if every else PROD["capacity"]["gpus"]
        values["models"]["llama-70b"]["demand"]["eu"]["requestsPerSecond"] = rps * factor
        costs.append(cost_of(make_fleet(parse(values), catalogue(), size)).total)
    assert costs[0] <= costs[1] + 1e-6


def anywhere(model: Model, demand: ModelDemand, machine: Machine, foot: Footprint, bound: float) -> Sized | Rejection:
    """Every machine will do, so that a region is never refused for what it offers."""
    return Sized(float(foot.gpus), 8, uncalibrated=False, ttft_ms=100, tpot_ms=10)


def for_sale() -> list[str]:
    """Regions where some machine is sold for certain, with a price, and not as spot alone."""
    facts = catalogue()
    return sorted(
        region.name
        for region in facts.regions.values()
        if any(
            facts.available(machine, region) == "yes"
            and any(facts.price(machine, region, kind) for kind in machine.capacity_types if kind != "spot")
            for machine in facts.machines.values()
        )
        and facts.lies_in(region)
        and region.name not in {name for each in PROD["territories"].values() for name in each["regions"]}
    )


@settings(max_examples=8, deadline=None)
@given(region=st.sampled_from(for_sale()))
def test_adding_a_region_changes_no_other_names_or_networks(region: str) -> None:
    before = unbudgeted(changed(PROD, "capacity/gpus", []))
    before["territories"]["eu"]["jurisdictions"] = sorted(catalogue().jurisdictions)
    after = copy.deepcopy(before)
    after["territories"]["eu"]["regions"].append(region)
    old, new = (make_fleet(parse(values), catalogue(), anywhere) for values in (before, after))
    networks = [{each.name: each.cidr for each in plan.regions} for plan in (old, new)]
    assert networks[1] == networks[0] | {region: networks[1][region]}
    pools = [{(p.name, p.region) for f in plan.models for p in f.pools if p.capacity != "spot"} for plan in (old, new)]
    assert pools[0] < pools[1]
    assert {at for _, at in pools[1] - pools[0]} == {region}


def reordered(value: Any, random: Any) -> Any:
    """The same with its keys, and the lists whose order says nothing, in another order."""
    if isinstance(value, dict):
        return {key: reordered(value[key], random) for key in random.sample(sorted(value), len(value))}
    return value


@settings(max_examples=6, deadline=None)
@given(st.randoms(use_true_random=False))
def test_any_order_of_the_file_gives_the_same_plan_byte_for_byte(random: Any) -> None:
    values = reordered(copy.deepcopy(PROD), random)
    for territory in values["territories"].values():
        random.shuffle(territory["regions"])
    for key in ("survive", "gpus"):
        random.shuffle(values["capacity"][key])
    for wave in values["rollout"]["waves"]:
        random.shuffle(wave)
    made = [json.dumps(as_data(plan_of_file)).encode() for plan_of_file in (planned(values), planned(PROD))]
    assert made[0] == made[1]


def test_the_cost_is_the_sum_of_its_cuts() -> None:
    plan = planned(PROD)
    cost = cost_of(plan)
    services = sum(usd for _, _, usd in plan.services) * HOURS_PER_MONTH
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_region))
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_pool) + services)
    assert cost.total == pytest.approx(sum(usd for _, usd in cost.by_model) + services)


def test_a_commitment_is_paid_where_its_price_is_known_and_told_where_not() -> None:
    bound = planned(changed(unbudgeted(PROD), "capacity/commitmentYears", 3))
    assert cost_of(bound).total < cost_of(planned(PROD)).total
    years = {each.region.partition("-")[0]: each.commitment_years for f in bound.models for each in f.chosen}
    assert years == {"gcp": 3, "aws": 0, "azure": 0}
    told = [line for line in bound.warnings if line.startswith("no price of a commitment of 3 years is known for")]
    assert len(told) == 3
    assert not any("commitment" in line for line in planned(PROD).warnings)


def test_what_has_no_price_is_listed_and_in_no_total() -> None:
    plan = planned(PROD)
    assert {"egress on aws", "WAF on gcp", "logs on azure"} <= set(plan.unpriced)
    assert not {name for name, _ in plan.by_use} & set(plan.unpriced)
    paid = {f"{service} on {region.partition('-')[0]}" for region, service, usd in plan.services if usd > 0}
    assert {"control plane on gcp", "load balancer on aws", "load balancer with WAF on azure"} <= paid
    assert not paid & set(plan.unpriced)


def test_every_rejected_candidate_carries_constraint_value_and_bound() -> None:
    for fleet in planned(PROD).models:
        assert fleet.rejected
        assert all(no.why.constraint and no.why.value and no.why.bound for no in fleet.rejected)


def test_a_gpu_that_vllm_has_no_kernels_for_is_rejected_however_cheap() -> None:
    [fleet] = planned(DEV).models
    old = [one for one in fleet.rejected if one.gpu == "t4" and one.why.constraint != "availability in the region"]
    assert old
    assert {one.why for one in old} == {Rejection("compute capability", "7.5", "at least 8")}
    assert not {one.gpu for one in (*fleet.chosen, *fleet.others)} & {"t4", "v100"}


def test_chat_is_not_placed_on_spot_that_is_lost_before_its_longest_answer_ends() -> None:
    spot = {pool.region.partition("-")[0] for f in planned(PROD).models for pool in f.pools if pool.capacity == "spot"}
    assert spot <= {"aws"}, "51 s of generation do not fit into the 30 s of GCP and Azure"
