"""What a region serves: every number comes from the plan, every impossible wish is refused with what to write."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from components.serving_specs import ReplicaGroupSpec, ServingSpec
from stacks.catalog import catalogue
from stacks.config import Config, parse
from stacks.config_fleet import Tokens
from stacks.plan.engine_size import longest_prompt
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan
from stacks.plan.ground import ground
from stacks.plan.serving import serving
from stacks.plan.sizing import size
from stacks.plan.spot_floor import spot_floors
from stacks.plan.survival import rows
from stacks.problems import ConfigurationRefused
from tests.stacks.fleets import DEV, PROD, changed, planned, spanning, unbudgeted

REGION = "aws-eu-north-1"


def made(values: dict[str, Any], region: str = REGION) -> ServingSpec:
    config = parse(values)
    return serving(region, config, make_fleet(config, catalogue(), size), catalogue())


def refusal(values: dict[str, Any], region: str = REGION) -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        made(values, region)
    return str(refused.value)


def groups(spec: ServingSpec) -> Iterator[ReplicaGroupSpec]:
    return (group for model in spec.models for group in model.groups)


PLANS = st.builds(
    lambda rps, burst, share, survive, drain, cap: (
        changed(
            changed(
                changed(
                    changed(
                        changed(unbudgeted(PROD), "capacity/survive", survive),
                        "models/llama-70b/demand/eu/requestsPerSecond",
                        rps,
                    ),
                    "models/llama-70b/demand/us/burst",
                    burst,
                ),
                "capacity/spotShare",
                share,
            ),
            "drain",
            {"timeoutSeconds": drain},
        )
        | {"lanes": {"chat": {"maxOutputTokens": cap}, "batch": {"maxOutputTokens": 4096}}}
    ),
    rps=st.floats(0.5, 60),
    burst=st.floats(1, 4),
    share=st.floats(0, 1),
    survive=st.sampled_from([[], ["region"], ["spot"], ["region", "spot"]]),
    drain=st.integers(60, 900),
    cap=st.sampled_from([256, 1024, 2048]),
)
"""Production's plan with another demand, share of spot, drain and longest answer."""


def tried(values: dict[str, Any]) -> tuple[Config, FleetPlan]:
    config = parse(values)
    try:
        return config, make_fleet(config, catalogue(), size)
    except ConfigurationRefused:
        assume(False)
        raise


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS)
def test_whatever_the_plan_its_replicas_are_served_where_it_says_and_stop_in_time(values: dict[str, Any]) -> None:
    config, plan = tried(values)
    for region in plan.regions:
        try:
            spec = serving(region.name, config, plan, catalogue())
        except ConfigurationRefused as refused:
            assert "a rollout stops one replica" in str(refused) or "does not fit the drain" in str(refused)
            event("refused")
            continue
        wanted = {
            (pool.name, pool.replicas, pool.gpus_per_replica, pool.nodes)
            for fleet in plan.models
            for pool in fleet.pools
            if pool.region == region.name
        }
        assert wanted == {
            (
                f"{region.name}-{group.pool}",
                group.replicas,
                group.gpus_per_node * group.nodes_per_replica,
                group.replicas // group.replicas_per_node * group.nodes_per_replica,
            )
            for group in groups(spec)
            if group.role != "next"
        }
        for group in groups(spec):
            assert group.min_replicas <= group.replicas <= group.max_replicas
            assert set(group.lanes) == set(config.lanes)
            if group.role == "spot":
                notice = catalogue().spot_notice[region.cloud][0]
                assert group.drain_delay_seconds + group.drain_timeout_seconds <= notice


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(PLANS)
def test_with_spot_scaled_in_to_its_floor_every_event_is_still_survived(values: dict[str, Any]) -> None:
    _, plan = tried(values)
    for fleet in plan.models:
        floors = spot_floors(fleet, plan.survive, plan.waves)
        low = replace(
            fleet, pools=tuple(replace(pool, replicas=floors.get(pool.name, pool.replicas)) for pool in fleet.pools)
        )
        assert all(row.margin >= -1e-9 for row in rows(low, plan.survive, plan.waves))
        for name, floor in floors.items():
            if floor:
                lower = replace(
                    low,
                    pools=tuple(replace(pool, replicas=floor - 1) if pool.name == name else pool for pool in low.pools),
                )
                assert any(row.margin < 0 for row in rows(lower, plan.survive, plan.waves))


def test_production_keeps_the_spot_that_survival_counts_on_and_lets_the_rest_go() -> None:
    spot = {
        region: next(group for group in groups(made(PROD, region)) if group.role == "spot")
        for region in ("aws-eu-north-1", "aws-us-east-1")
    }
    assert 0 < spot["aws-us-east-1"].min_replicas <= spot["aws-us-east-1"].max_replicas
    lost = {row.event: row.margin for row in planned(PROD).survival if row.territory == "us"}
    assert lost["gcp-us-central1 lost"] >= 0


@pytest.mark.parametrize(("values", "region"), [(DEV, REGION), (PROD, REGION), (PROD, "aws-us-east-1")])
def test_every_replica_has_a_pool_of_the_ground_that_holds_as_many_as_it_may_have(
    values: dict[str, Any], region: str
) -> None:
    config = parse(values)
    plan = planned(values)
    pools = {pool.name: pool for pool in ground(region, config, plan, catalogue()).pools}
    spec = serving(region, config, plan, catalogue())
    for group in groups(spec):
        pool = pools[group.pool]
        assert pool.max_nodes * group.replicas_per_node == group.max_replicas * group.nodes_per_replica
        assert group.gpus_per_node * group.replicas_per_node <= pool.gpus_per_node
        assert (pool.capacity == "spot") == (group.role == "spot")
        assert pool.rdma_cards == group.rdma_cards
    named = {pool.name for pool in pools.values() if pool.role == "gpu"}
    assert named == {group.pool for group in groups(spec)}


def test_the_next_gpu_is_another_one_that_carries_the_baseline_and_starts_with_nothing() -> None:
    (model,) = made(PROD, "aws-us-east-1").models
    base, after = (next(group for group in model.groups if group.role == role) for role in ("base", "next"))
    plan = planned(PROD)
    fleet = next(each for each in plan.models if each.territory == "us")
    chosen = next(each for each in fleet.chosen if each.region == "aws-us-east-1")
    others = [each for each in fleet.others if each.region == "aws-us-east-1" and each.gpu != chosen.gpu]
    assert after.replicas == after.min_replicas == 0
    slowest = min(each.replica_rps for each in others if each.concurrency == after.concurrency)
    assert after.max_replicas * slowest >= base.replicas * chosen.replica_rps


def test_where_only_what_must_be_bought_first_is_left_nothing_stands_in() -> None:
    (model,) = made(PROD, "gcp-europe-west4").models
    assert [group.role for group in model.groups] == ["base"]


def test_the_same_configuration_gives_the_same_serving_whatever_the_order_of_its_keys() -> None:
    assert made(dict(reversed(PROD.items()))) == made(PROD)


def test_an_engine_holds_999_of_1000_prompts_and_the_longest_answer() -> None:
    tokens = Tokens(p50=900, p95=3500)
    assert longest_prompt(tokens) == pytest.approx(900 * (3500 / 900) ** (3.0902 / 1.6449))
    assert longest_prompt(Tokens(p50=700, p95=700)) == 700
    (model,) = made(PROD).models
    assert longest_prompt(tokens) + 1024 <= model.engine.max_model_len < longest_prompt(tokens) + 2 * 1024
    (written,) = made(changed(PROD, "models/llama-70b/engine", {"maxModelLen": 20000})).models
    assert written.engine.max_model_len == 20000


def test_tenants_are_those_of_the_territory_and_images_run_by_digest() -> None:
    spec = made(PROD, "aws-us-east-1")
    assert [tenant.name for tenant in spec.tenants] == ["globex"]
    assert spec.image.digest == PROD["image"]["digest"]
    assert spec.entry_names == ("us.inference.example.com", "aws-us-east-1.us.inference.example.com")


BAD: dict[str, tuple[str, Any, str]] = {
    "a size that the plan decides": ("models/llama-8b/engine", {"maxNumSeqs": 8}, "which the plan decides for GPUs"),
    "a context that no cache holds": (
        "models/llama-8b/engine",
        {"maxModelLen": 1_000_000},
        "do not fit into the KV cache",
    ),
    "an answer longer than the context": ("models/llama-8b/engine", {"maxModelLen": 512}, "leave no room for a prompt"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_served_is_refused(name: str) -> None:
    path, value, words = BAD[name]
    text = refusal(changed(DEV, path, value))
    assert words in text
    assert "fix:" in text


def test_a_model_cannot_take_a_namespace_of_something_else() -> None:
    values = changed(DEV, "models", {"kube-system": DEV["models"]["llama-8b"]})
    text = refusal(changed(values, "tenants/team/models", ["kube-system"]))
    assert "is the namespace of something else" in text


def reduced(values: dict[str, Any], role: str, **said: Any) -> str:
    """The refusal of a plan whose pools of a capacity type are changed by hand."""
    config, plan = parse(values), planned(values)
    models = tuple(
        replace(
            fleet,
            pools=tuple(
                replace(pool, **said) if (pool.capacity == "spot") == (role == "spot") else pool for pool in fleet.pools
            ),
        )
        for fleet in plan.models
    )
    with pytest.raises(ConfigurationRefused) as refused:
        serving(REGION, config, replace(plan, models=models), catalogue())
    return str(refused.value)


def test_one_replica_alone_is_refused_as_a_rollout_would_leave_none() -> None:
    assert "a rollout stops one replica before the next one starts" in reduced(DEV, "base", replicas=1)


def test_spot_that_cannot_end_an_answer_of_chat_is_refused() -> None:
    config, plan = parse(PROD), planned(PROD)
    short = tuple(
        replace(row, budget_seconds=15, lanes=("batch",)) if row.capacity == "spot" else row for row in plan.drain
    )
    with pytest.raises(ConfigurationRefused) as refused:
        serving(REGION, config, replace(plan, drain=short), catalogue())
    assert "no running request could end in between" in str(refused.value)
    assert "may serve batch alone" in str(refused.value)


def test_a_replica_over_nodes_has_a_pool_of_exactly_its_nodes_in_one_zone() -> None:
    values = spanning()
    config, plan = parse(values), planned(values)
    pools = {pool.name: pool for pool in ground(REGION, config, plan, catalogue()).pools if pool.role == "gpu"}
    spec = serving(REGION, config, plan, catalogue())
    slots = [slot for group in groups(spec) for slot in group.slots]
    assert sorted(slots) == sorted(pools)
    for group in groups(spec):
        assert len(group.slots) == group.max_replicas > 0
        for slot in group.slots:
            pool = pools[slot]
            assert pool.max_nodes == group.nodes_per_replica == 2
            assert len(pool.zones) == 1
            assert pool.rdma_cards == group.rdma_cards > 0


def test_replicas_over_nodes_are_spread_over_zones() -> None:
    values = spanning()
    found = ground(REGION, parse(values), planned(values), catalogue())
    zones = {zone for pool in found.pools if pool.role == "gpu" for zone in pool.zones}
    replicas = sum(pool.role == "gpu" for pool in found.pools)
    assert len(zones) == min(replicas, len(found.network.zones))
