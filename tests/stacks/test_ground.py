"""The ground of a region: every number comes from the plan, every impossible wish is refused with what to write."""

from dataclasses import replace
from typing import Any

import pytest

from components.ground_specs import GroundSpec
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import ground
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused
from tests.stacks.fleets import DEV, PROD, changed, planned

REGION = "aws-eu-north-1"


def made(values: dict[str, Any], region: str = REGION) -> GroundSpec:
    config = parse(values)
    return ground(region, config, make_fleet(config, catalogue(), size), catalogue())


def refusal(values: dict[str, Any], region: str = REGION) -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        made(values, region)
    return str(refused.value)


@pytest.mark.parametrize(("values", "region"), [(DEV, REGION), (PROD, REGION), (PROD, "aws-us-east-1")])
def test_gpu_pools_are_those_of_the_plan(values: dict[str, Any], region: str) -> None:
    wanted = {
        (pool.name, pool.machine, pool.capacity, pool.nodes)
        for fleet in planned(values).models
        for pool in fleet.pools
        if pool.region == region
    }
    gpus = [pool for pool in made(values, region).pools if pool.role == "gpu"]
    found = [pool for pool in gpus if not pool.name.endswith("-next")]
    assert all(pool.nodes == pool.min_nodes == 0 for pool in gpus if pool not in found)
    assert {(f"{region}-{each.name}", each.machines[0], each.capacity, each.nodes) for each in found} == wanted
    assert all(each.min_nodes == (0 if each.capacity == "spot" else each.nodes) for each in found)


def test_the_same_configuration_gives_the_same_ground_whatever_the_order_of_its_keys() -> None:
    assert made(dict(reversed(PROD.items()))) == made(PROD)


def test_gateways_stand_in_every_zone_and_carry_the_territory_alone() -> None:
    calm = next(pool for pool in made(DEV).pools if pool.role == "gateway")
    assert calm.nodes == len(calm.zones) == 3
    busy = changed(DEV, "models/llama-8b/demand/eu/requestsPerSecond", 600)
    loaded = next(
        pool for pool in made(changed(busy, "capacity/monthlyBudgetUsd", 1e10)).pools if pool.role == "gateway"
    )
    assert loaded.nodes == 7  # 1200 requests per second at peak over 200, and a spare one


def test_production_is_protected_and_its_logs_are_locked() -> None:
    prod, dev = made(PROD), made(DEV)
    assert (prod.protect, prod.audit.lock) == (True, "compliance")
    assert (dev.protect, dev.audit.lock) == (False, "none")
    assert prod.audit.retention_days == PROD["compliance"]["logRetentionDays"]


def test_your_tags_join_ours_and_never_replace_them() -> None:
    tags = dict(made(changed(DEV, "tags", {"owner": "me", "territory": "mars"})).tags)
    assert (tags["owner"], tags["territory"], tags["region"]) == ("me", "eu", REGION)


def test_one_address_may_send_what_all_tenants_of_the_territory_may() -> None:
    tenants = {name: {"territory": "eu", "models": ["llama-8b"], "requestsPerMinute": 100} for name in ("a", "b")}
    assert made(changed(DEV, "tenants", tenants)).entry.requests_per_five_minutes == 1000


def test_a_reserved_pool_carries_the_id_of_what_was_bought() -> None:
    values = changed(DEV, "capacity/baseline", "reserved")
    assert "buy it and write its id" in refusal(values)
    machine = next(pool.machine for fleet in planned(values).models for pool in fleet.pools)
    bought = changed(values, "capacity/reservations", {f"{REGION}/{machine}": "cr-0123456789abcdef0"})
    pool = next(pool for pool in made(bought).pools if pool.role == "gpu")
    assert (pool.capacity, pool.reservation) == ("reserved", "cr-0123456789abcdef0")
    assert "no id of a capacity reservation" in refusal(
        changed(values, "capacity/reservations", {f"{REGION}/{machine}": "i-1"})
    )


def test_spot_is_spread_over_machines_of_the_same_gpus_that_cost_no_more_than_on_demand() -> None:
    config, plan = parse(DEV), planned(DEV)
    (fleet,) = plan.models
    asked = replace(fleet, pools=tuple(replace(pool, capacity="spot") for pool in fleet.pools))
    built = ground(REGION, config, replace(plan, models=(asked,)), catalogue())
    spot = [pool for pool in built.pools if pool.capacity == "spot"]
    assert spot
    known = catalogue().machines
    for pool in spot:
        assert 1 < len(pool.machines) <= 4
        assert len({(known["aws", each].gpu, known["aws", each].gpus) for each in pool.machines}) == 1


def test_zones_can_be_chosen() -> None:
    values = {**DEV, "network": {"zones": {REGION: ["eu-north-1c", "eu-north-1a"]}}}
    assert made(values).network.zones == ("eu-north-1a", "eu-north-1c")


def test_clouds_that_are_not_built_are_refused_in_clear_words() -> None:
    assert "azure-swedencentral is planned and not yet built: gcp, azure" in refusal(PROD, "azure-swedencentral")


NETWORK = {"door": "allow-list", "allowedCidrs": ["203.0.113.0/24"]}

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no account": ({"accounts": {}}, "meridian:accounts.aws: is missing"),
    "eleven digits": ({"accounts": {"aws": "12345678901"}}, "is no account of AWS"),
    "a project as account": ({"accounts": {"aws": "my-project"}}, "is no account of AWS"),
    "one zone": ({"network": {"zones": {REGION: ["eu-north-1a"]}}}, "1 zones are named"),
    "a zone twice": ({"network": {"zones": {REGION: ["eu-north-1a"] * 2}}}, "named twice"),
    "a foreign zone": ({"network": {"zones": {REGION: ["eu-north-1a", "us-east-1a"]}}}, "is no availability zone"),
    "a local zone": ({"network": {"zones": {REGION: ["eu-north-1a", "eu-north-1-hel-1a"]}}}, "may lie in another"),
    "no list": ({"network": {"door": "allow-list"}}, "without a list everybody could knock"),
    "a list of no use": ({"network": {"allowedCidrs": ["203.0.113.0/24"]}}, "is of no use with door: tunnel"),
    "everybody": ({"network": {**NETWORK, "allowedCidrs": ["0.0.0.0/0"]}}, "0.0.0.0/0 is everybody"),
    "half of everybody as a typo": ({"network": {**NETWORK, "allowedCidrs": ["203.0.113.7/24"]}}, "is no network"),
    "private addresses": ({"network": {**NETWORK, "allowedCidrs": ["10.0.0.0/8"]}}, "is a private network"),
    "an old version": ({"cluster": {"version": "1.28", **DEV["cluster"]}}, "1.28 has no pinned add-ons"),
    "no administrator": ({"cluster": {}}, "meridian:cluster.administrators: is missing"),
    "root": ({"cluster": {"administrators": ["arn:aws:iam::123456789012:root"]}}, "is no ARN of a role or user"),
    "everybody as administrator": ({"cluster": {"administrators": ["*"]}}, "is no ARN of a role or user"),
    "another zone": ({"domain": "else.where.org"}, "does not lie in the zone"),
    "another provider": (
        {"steering": {"provider": "traffic-manager", "hostedZone": "dev.inference.example.com"}},
        "cannot prove the names",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_built_is_refused(name: str) -> None:
    said, words = BAD[name]
    text = refusal({**DEV, **said})
    assert words in text
    assert "fix:" in text


def test_production_has_no_public_control_plane() -> None:
    assert "gives production's control planes a public address" in refusal({**PROD, "network": NETWORK})


def test_all_problems_come_at_once() -> None:
    text = refusal({**DEV, "accounts": {}, "cluster": {}, "network": {"door": "allow-list"}})
    assert text.startswith("3 problems")
