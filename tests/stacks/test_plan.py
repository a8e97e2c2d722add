"""The plan: pure, total, and independent of the order of keys."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.config import parse
from stacks.plan import make_plan
from stacks.problems import ConfigurationRefused

BASE: dict[str, Any] = {
    "environment": "local",
    "territories": {
        "eu": {"jurisdictions": ["EU", "CH"], "regions": ["local-north", "local-south"]},
        "us": {"jurisdictions": ["US"], "regions": ["local-west"]},
    },
    "models": {"tiny": {"source": "tiny", "engine": {"extraArgs": {"--b": True, "--a": "1"}}}},
    "tenants": {
        "acme": {"territory": "eu", "models": ["tiny"]},
        "beta": {"territory": "us", "models": ["tiny"], "key": "mk-a-key-that-is-long-enough"},
    },
}


def reordered(value: Any, shuffle: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key], shuffle) for key in shuffle(sorted(value))}
    return value


@pytest.mark.slow
@given(st.randoms(use_true_random=False))
def test_any_order_of_keys_gives_the_same_plan(random: Any) -> None:
    values = reordered(copy.deepcopy(BASE), lambda keys: random.sample(keys, len(keys)))
    assert make_plan(parse(values)) == make_plan(parse(BASE))


def test_a_tenant_is_served_in_its_own_territory_only() -> None:
    tenants = {
        region.name: [tenant.name for tenant in region.tenants]
        for territory in make_plan(parse(BASE)).territories
        for region in territory.regions
    }
    assert tenants == {"local-north": ["acme"], "local-south": ["acme"], "local-west": ["beta"]}


def test_the_plan_carries_no_key() -> None:
    assert "mk-a-key" not in repr(make_plan(parse(BASE)))


def test_adding_a_region_changes_no_other_region_but_for_its_preferred_port() -> None:
    more = copy.deepcopy(BASE)
    more["territories"]["us"]["regions"].append("local-zone")
    before = {region.name: region for t in make_plan(parse(BASE)).territories for region in t.regions}
    after = {region.name: region for t in make_plan(parse(more)).territories for region in t.regions}
    assert {name: after[name] for name in before} == before


def test_the_buffer_holds_the_largest_legal_prompt() -> None:
    values = copy.deepcopy(BASE)
    values["models"]["tiny"]["engine"]["maxModelLen"] = 100_001
    region = make_plan(parse(values)).territories[0].regions[0]
    assert region.gateway.buffer_bytes >= 4 * 100_001
    assert region.gateway.buffer_bytes % 65536 == 0


def test_a_port_named_in_the_configuration_is_fixed_and_others_are_preferences() -> None:
    values = copy.deepcopy(BASE)
    values["local"] = {"ports": {"local-south": 9001}}
    regions = {region.name: region for t in make_plan(parse(values)).territories for region in t.regions}
    assert (regions["local-south"].preferred_port, regions["local-south"].port_is_fixed) == (9001, True)
    assert not regions["local-north"].port_is_fixed


def test_one_port_for_two_regions_is_refused() -> None:
    values = copy.deepcopy(BASE)
    values["local"] = {"ports": {"local-south": 9001, "local-west": 9001}}
    with pytest.raises(ConfigurationRefused, match="port 9001 is named for local-south and local-west"):
        make_plan(parse(values))


def steered(**steering: Any) -> dict[str, Any]:
    return copy.deepcopy(BASE) | {"local": {"steering": steering}}


def test_regions_are_used_in_the_order_in_which_they_are_written() -> None:
    values = copy.deepcopy(BASE)
    values["territories"]["eu"]["regions"] = ["local-south", "local-north"]
    territory = make_plan(parse(values)).territories[0]
    assert [region.name for region in territory.regions] == ["local-south", "local-north"]


def test_a_region_has_as_many_replicas_as_the_configuration_says() -> None:
    plan = make_plan(parse(copy.deepcopy(BASE) | {"local": {"replicas": {"local-south": 3}}}))
    counts = {region.name: [one.name for one in region.replicas] for t in plan.territories for region in t.regions}
    assert counts["local-south"] == [f"local-south-tiny-{number}" for number in range(3)]
    assert len(counts["local-north"]) == 1


def test_behind_dns_every_entry_of_a_territory_has_its_own_address_and_the_same_port() -> None:
    plan = make_plan(parse(steered(provider="dns", ports={"eu": 9443})))
    regions = {region.name: region for territory in plan.territories for region in territory.regions}
    assert len({region.address for region in regions.values()}) == 3
    assert all(region.address.startswith("127.") and region.port_is_fixed for region in regions.values())
    assert [regions[name].preferred_port for name in ("local-north", "local-south", "local-west")] == [9443, 9443, 8443]


def test_behind_dns_a_region_cannot_have_a_port_of_its_own() -> None:
    values = steered(provider="dns")
    values["local"]["ports"] = {"local-south": 9001}
    with pytest.raises(ConfigurationRefused, match=r"under `meridian:local.steering.ports`"):
        make_plan(parse(values))


def test_an_endpoint_and_an_entry_cannot_share_a_port() -> None:
    values = steered(ports={"eu": 9001})
    values["local"]["ports"] = {"local-west": 9001}
    with pytest.raises(ConfigurationRefused, match="port 9001 is named for local-west and eu"):
        make_plan(parse(values))


def test_batch_may_fill_half_of_the_queue_and_chat_all_of_it() -> None:
    region = make_plan(parse(BASE)).territories[0].regions[0]
    queue = region.replicas[0].model.engine.max_num_queued_reqs
    assert {lane.name: lane.max_in_flight for lane in region.lanes} == {"batch": queue // 2, "chat": None}


def test_the_limits_of_a_tenant_are_in_every_region_of_its_territory() -> None:
    values = copy.deepcopy(BASE)
    values["tenants"]["acme"] |= {
        "requestsPerMinute": 7,
        "concurrentRequests": 3,
        "tokensPerMinute": 900,
        "suspended": True,
        "lanes": ["chat", "batch"],
    }
    for region in make_plan(parse(values)).territories[0].regions:
        (tenant,) = region.tenants
        assert (tenant.requests_per_minute, tenant.concurrent_requests, tenant.tokens_per_minute) == (7, 3, 900)
        assert tenant.suspended and tenant.lanes == ("batch", "chat")
