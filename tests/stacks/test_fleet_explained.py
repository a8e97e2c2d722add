"""Every number that a plan explains itself by is computed anew here, from the plan's JSON alone."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.plan_command import as_data
from tests.stacks.fleets import DEV, PROD, changed, planned, refusal, spanning, unbudgeted

HOURS = 730
SPOT_LOST = "all spot lost"


def as_json(values: dict[str, Any]) -> Any:
    return json.loads(json.dumps(as_data(planned(values))))


def check_pools(plan: Any) -> None:
    for fleet in plan["models"]:
        chosen = {each["region"]: each for each in fleet["chosen"]}
        zones = {region["name"]: region["zones"] for region in plan["regions"]}
        for pool in fleet["pools"]:
            each = chosen[pool["region"]]
            units = pool["nodes"] / each["nodes_per_replica"]
            assert pool["replicas"] == units * each["replicas_per_unit"]
            assert (pool["machine"], pool["gpu"]) == (each["machine"], each["gpu"])
            price = each["spot_usd_per_hour"] if pool["capacity"] == "spot" else each["usd_per_hour"]
            assert pool["usd_per_hour"] == pytest.approx(pool["nodes"] * price)
            spread = pool["nodes_by_zone"]
            assert len(spread) == (zones[pool["region"]] or 0)
            if spread:
                assert sum(spread) == pool["nodes"]
                assert max(spread) - min(spread) <= each["nodes_per_replica"]


def check_rates(plan: Any) -> None:
    """Little's law: places that are filled, over how long an answer of mean length holds one."""
    for fleet in plan["models"]:
        assert fleet["demand_rps"] == pytest.approx(fleet["mean_rps"] * fleet["burst"])
        for each in (*fleet["chosen"], *fleet["others"]):
            seconds = (each["ttft_ms"] + fleet["output_tokens"] * each["tpot_ms"]) / 1000
            assert each["replica_rps"] == pytest.approx(fleet["utilisation"] * each["concurrency"] / seconds)


def left_of(pools: list[Any], waves: list[list[str]]) -> float:
    """Requests per second while the wave that takes most away rolls: one replica of each of its pools is gone."""
    return min(
        sum((pool["replicas"] - (pool["region"] in wave)) * pool["replica_rps"] for pool in pools) for wave in waves
    )


def check_survival(plan: Any) -> None:
    events = {(row["territory"], row["model"], row["event"]): row for row in plan["survival"]}
    expected = set()
    for fleet in plan["models"]:
        pools, own = fleet["pools"], (fleet["territory"], fleet["model"])
        cases = {"rollout alone": pools}
        if "region" in plan["survive"]:
            cases |= {f"{r} lost": [p for p in pools if p["region"] != r] for r in {p["region"] for p in pools}}
        if "spot" in plan["survive"]:
            cases |= {SPOT_LOST: [pool for pool in pools if pool["capacity"] != "spot"]}
        for event, left in cases.items():
            row = events[(*own, event)]
            assert row["remaining_rps"] == pytest.approx(left_of(left, plan["waves"]))
            assert row["demand_rps"] == pytest.approx(fleet["demand_rps"])
            assert row["margin"] == pytest.approx(row["remaining_rps"] / fleet["demand_rps"] - 1)
            assert row["remaining_rps"] >= fleet["demand_rps"] - 1e-9
            expected.add((*own, event))
    assert set(events) == expected


def check_cost(plan: Any) -> None:
    pools = [pool for fleet in plan["models"] for pool in fleet["pools"]]
    regions = {region["name"]: 0.0 for region in plan["regions"]}
    for pool in pools:
        regions[pool["region"]] += pool["usd_per_hour"] * HOURS
    for region, _, usd in plan["services"]:
        regions[region] += usd * HOURS
    cost = plan["cost"]
    assert dict(cost["by_region"]) == pytest.approx(regions)
    assert dict(cost["by_pool"]) == pytest.approx({pool["name"]: pool["usd_per_hour"] * HOURS for pool in pools})
    models: dict[str, float] = {}
    for fleet in plan["models"]:
        hourly = sum(pool["usd_per_hour"] for pool in fleet["pools"])
        models[fleet["model"]] = models.get(fleet["model"], 0.0) + hourly * HOURS
        millions = fleet["mean_rps"] * fleet["output_tokens"] * 3600 / 1e6
        told = dict(cost["per_million_tokens"])[f"{fleet['model']} in {fleet['territory']}"]
        assert told == pytest.approx(hourly / millions)
    assert dict(cost["by_model"]) == pytest.approx(models)
    assert cost["total"] == pytest.approx(sum(regions.values()))
    assert cost["total"] <= plan["monthly_budget_usd"]


def check_failover(plan: Any) -> None:
    over = plan["failover"]
    assert over["seconds"] == over["probe_interval_seconds"] * over["failure_threshold"] + over["ttl_seconds"]
    assert over["budget_seconds"] == pytest.approx((100 - over["availability"]) / 100 * 30 * 86400)


def check_drain(plan: Any) -> None:
    for row in plan["drain"]:
        answer = (row["ttft_ms"] + row["output_tokens"] * row["tpot_ms"]) / 1000
        assert row["needed_seconds"] == pytest.approx(row["delay_seconds"] + answer)
        served = row["output_tokens"] > 0
        assert ("chat" in row["lanes"]) == (served and row["needed_seconds"] <= row["budget_seconds"])
    no_chat = {
        (row["model"], row["cloud"]) for row in plan["drain"] if row["output_tokens"] and "chat" not in row["lanes"]
    }
    spot = {
        (pool["model"], pool["region"].split("-")[0])
        for fleet in plan["models"]
        for pool in fleet["pools"]
        if pool["capacity"] == "spot"
    }
    assert not spot & no_chat


def check_rejections(plan: Any) -> None:
    """Each one does break its bound, as far as value and bound are numbers."""
    for why in (no["why"] for fleet in plan["models"] for no in fleet["rejected"]):
        assert all(why.values())
        bound = why["bound"].rpartition(" ")[2]
        if why["bound"].startswith("at most"):
            assert float(why["value"]) >= float(bound), "values are shown with four digits"
        elif why["bound"].startswith("at least"):
            assert float(why["value"]) <= float(bound)
        else:
            assert why["value"] not in why["bound"].split(", ")


CHECKS = (
    check_pools,
    check_rates,
    check_survival,
    check_cost,
    check_failover,
    check_drain,
    check_rejections,
)


@settings(max_examples=15, deadline=None)
@given(
    rps=st.floats(-2, 1.6).map(lambda power: 10**power),
    share=st.floats(0, 1),
    survive=st.lists(st.sampled_from(["region", "spot"]), unique=True),
    together=st.booleans(),
    lanes=st.sampled_from([{}, {"chat": {"maxOutputTokens": 256}}, {"batch": {}}]),
    ttl=st.integers(5, 300),
    gpus=st.sampled_from([[], PROD["capacity"]["gpus"]]),
)
def test_every_explained_number_is_what_the_plan_itself_gives(
    rps: float,
    share: float,
    survive: list[str],
    together: bool,
    lanes: dict[str, Any],
    ttl: int,
    gpus: list[str],
) -> None:
    values = unbudgeted(PROD)
    values["models"]["llama-70b"]["demand"]["eu"]["requestsPerSecond"] = rps
    values["capacity"] |= {"spotShare": share, "survive": survive, "gpus": gpus}
    values["rollout"] = {"waves": [[*values["territories"]["eu"]["regions"]]]} if together else {}
    values["steering"]["ttlSeconds"] = ttl
    if lanes:
        values["lanes"] = lanes
        values["tenants"] = {name: tenant | {"lanes": sorted(lanes)} for name, tenant in values["tenants"].items()}
    plan = as_json(values)
    for check in CHECKS:
        check(plan)


def test_the_checks_hold_for_dev_and_for_replicas_that_span_machines() -> None:
    for values in (DEV, spanning()):
        plan = as_json(values)
        for check in CHECKS:
            check(plan)


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (lambda plan: plan["models"][0]["pools"][0].update(nodes=1), check_pools),
        (lambda plan: plan["models"][0]["chosen"][0].update(replica_rps=9.0), check_rates),
        (lambda plan: plan["survival"][1].update(remaining_rps=1e3), check_survival),
        (lambda plan: plan["cost"].update(total=1.0), check_cost),
        (lambda plan: plan["failover"].update(seconds=1), check_failover),
        (lambda plan: plan["drain"][0].update(lanes=[]), check_drain),
        (lambda plan: plan["models"][0]["rejected"][0]["why"].update(value="h100"), check_rejections),
    ],
)
def test_a_number_that_is_wrong_would_be_seen(change: Any, broken: Any) -> None:
    plan = as_json(PROD)
    broken(plan)
    change(plan)
    with pytest.raises(AssertionError):
        broken(plan)


def test_a_replica_spans_machines_where_one_cannot_hold_the_model_and_all_of_them_are_paid() -> None:
    plan = planned(spanning())
    [fleet] = plan.models
    for pool in fleet.pools:
        assert pool.nodes_per_replica == 2
        assert pool.gpus_per_replica == 16
        assert pool.nodes == 2 * pool.replicas
        assert all(count % 2 == 0 for count in pool.nodes_by_zone), "a replica lies in one zone"
    assert {no.why.constraint for no in fleet.rejected if no.gpu == "h100"} >= {"KV cache tokens"}


def test_a_replica_does_not_span_machines_without_rdma() -> None:
    values = spanning()
    values["territories"]["eu"]["regions"] = ["aws-eu-north-1", "gcp-europe-west4"]
    said = refusal(values)
    assert "nothing in gcp-europe-west4 can serve llama-70b" in said
    assert "network between machines is GPUDirect-TCPX" in said


def test_a_model_that_fits_one_machine_spans_none() -> None:
    assert {pool.nodes_per_replica for fleet in planned(PROD).models for pool in fleet.pools} == {1}


@pytest.mark.parametrize(("said", "kept"), [(5, 60), (90, 90)])
def test_clients_keep_the_alias_of_a_load_balancer_as_long_as_route_53_says(said: int, kept: int) -> None:
    assert planned(changed(PROD, "steering/ttlSeconds", said)).failover.ttl_seconds == kept
