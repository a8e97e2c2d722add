"""Names and steering on Route 53: every answer for a territory's name is one of its own entries, or nobody's."""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.region import Entry
from components.territory import SteeringInputs
from components.territory_specs import DnsSteeringSpec, MemberSpec, NamesSpec
from rehearsal.standins.checking import faults
from rehearsal.standins.deriving import resource_shape
from tests.components.contract.aws_answers import answers
from tests.components.contract.recorder import Registered, World, record

TAGS = (("environment", "prod"), ("territory", "eu"))
ZONE = "Z0123456789"
LOOKUPS = {"aws:route53/getZone:getZone": {"zoneId": ZONE}}
RECORD, CHECK = "aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"


def member(region: str, *, drained: bool = False) -> MemberSpec:
    cloud, _, place = region.partition("-")
    return MemberSpec(
        region=region,
        name=f"{region}.eu.inference.example.com",
        aws_region=place if cloud == "aws" else None,
        coordinates=None if cloud == "aws" else ("53.45", "6.83"),
        drained=drained,
    )


STEERING = DnsSteeringSpec(
    territory="eu",
    environment="prod",
    name="eu.inference.example.com",
    account="123456789012",
    home="eu-north-1",
    members=(member("aws-eu-north-1"), member("gcp-europe-west4")),
    sink="192.0.2.1",
    ttl_seconds=30,
    probed=True,
    probe_interval_seconds=10,
    failure_threshold=3,
    probe_path="/-/ready",
    probe_body="served:ok",
    tags=TAGS,
)
NAMES = NamesSpec(
    territory="eu",
    environment="prod",
    name="eu.inference.example.com",
    zone="inference.example.com",
    account="123456789012",
    home="eu-north-1",
    issuers=("amazon.com", "pki.goog"),
    proves=True,
    secrets=(),
    tags=TAGS,
)


def address(region: str) -> str:
    return f"{region}.elb.amazonaws.com" if region.startswith("aws-") else "198.51.100.7"


def steered(spec: DnsSteeringSpec, entries: tuple[str, ...] | None = None) -> World:
    """The spec's steering, recorded; it is given the entries of its members and, if told so, of others."""
    regions = [each.region for each in spec.members] if entries is None else entries

    def program() -> None:
        from components.steering.route53 import Route53Steering

        found = {
            region: Entry(
                address=pulumi.Output.from_input(address(region)),
                zone_id=pulumi.Output.from_input("ZLB") if region.startswith("aws-") else None,
            )
            for region in regions
        }
        Route53Steering("eu-steering", spec, SteeringInputs(pulumi.Output.from_input(ZONE), found))

    return record(program, answers)


def named(spec: NamesSpec) -> World:
    def program() -> None:
        from components.steering.route53_names import Route53Names

        Route53Names("eu-names", spec)

    return record(program, answers, lambda token, _: LOOKUPS.get(token))


def made(layer: str) -> World:
    return steered(STEERING) if layer == "steering" else named(NAMES)


def records(world: World, name: str) -> list[Registered]:
    return [each for each in world.of(RECORD) if each.inputs["name"] == name]


def answered(world: World, name: str) -> Iterator[str]:
    """Where a name can lead, whatever is healthy: aliases are followed."""
    for each in records(world, name):
        yield from each.inputs.get("records", [])
        for alias in each.inputs.get("aliases", []):
            inside = alias["zoneId"] == ZONE
            yield from answered(world, alias["name"]) if inside else [alias["name"]]


@pytest.mark.parametrize("layer", ["steering", "names"])
def test_every_resource_has_the_shape_that_the_sdk_asks_for(layer: str) -> None:
    world = made(layer)
    found = [
        f"{each.type} {fault.path}: {fault.reason}"
        for each in world.resources
        for fault in faults(dict(each.inputs), resource_shape(sdk_class(each.type)))
    ]
    assert world.resources
    assert found == []


def sdk_class(token: str) -> Any:
    package, module, name = token.split(":")
    return getattr(importlib.import_module(f"pulumi_{package}.{module.split('/')[0]}"), name)


REGIONS = st.sampled_from(["aws-eu-north-1", "aws-eu-central-1", "aws-eu-west-1", "gcp-europe-west4", "azure-se"])


@given(st.dictionaries(REGIONS, st.booleans(), min_size=1).filter(lambda drained: not all(drained.values())))
@settings(max_examples=10, deadline=None)
def test_whatever_is_drained_or_sick_a_territorys_name_leads_to_its_own_serving_entries_or_to_nobody(
    drained: dict[str, bool],
) -> None:
    members = tuple(member(region, drained=out) for region, out in sorted(drained.items()))
    world = steered(replace(STEERING, members=members), (*drained, "aws-us-east-1", "gcp-us-central1"))

    serving = {address(region) for region, out in drained.items() if not out}
    assert set(answered(world, STEERING.name)) == serving | {STEERING.sink}


def test_a_region_without_an_entry_and_a_territory_that_serves_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no entry of gcp-europe-west4 is known"):
        steered(STEERING, ("aws-eu-north-1",))
    with pytest.raises(ValueError, match="every region is drained"):
        steered(replace(STEERING, members=(member("aws-eu-north-1", drained=True),)))


def test_the_nearest_of_the_healthy_is_answered_by_distance_and_not_by_latency() -> None:
    near = {each.inputs["setIdentifier"]: each.inputs for each in records(steered(STEERING), f"lb.{STEERING.name}")}

    assert near["aws-eu-north-1"]["geoproximityRoutingPolicy"] == {"awsRegion": "eu-north-1"}
    place = {"latitude": "53.45", "longitude": "6.83"}
    assert near["gcp-europe-west4"]["geoproximityRoutingPolicy"] == {"coordinates": [place]}
    assert all("latencyRoutingPolicies" not in each for each in near.values())


def test_an_alias_follows_the_load_balancers_health_and_an_address_has_our_ttl() -> None:
    near = {each.inputs["setIdentifier"]: each.inputs for each in records(steered(STEERING), f"lb.{STEERING.name}")}

    (alias,) = near["aws-eu-north-1"]["aliases"]
    assert alias == {"name": address("aws-eu-north-1"), "zoneId": "ZLB", "evaluateTargetHealth": True}
    assert "ttl" not in near["aws-eu-north-1"]
    assert (near["gcp-europe-west4"]["records"], near["gcp-europe-west4"]["ttl"]) == (["198.51.100.7"], 30)


def test_every_answer_is_given_while_its_own_region_serves_tokens() -> None:
    world = steered(STEERING)
    checks = {f"{each.name}-id": each.inputs for each in world.of(CHECK)}

    for each in records(world, f"lb.{STEERING.name}"):
        check = checks[each.inputs["healthCheckId"]]
        assert check["fqdn"] == f"{each.inputs['setIdentifier']}.{STEERING.name}"
        assert list(answered(world, check["fqdn"])) == [address(each.inputs["setIdentifier"])]
        assert (check["type"], check["searchString"], check["enableSni"]) == ("HTTPS_STR_MATCH", "served:ok", True)
        assert (check["port"], check["resourcePath"]) == (443, "/-/ready")


def test_when_nothing_is_healthy_the_sink_answers_instead_of_everybody() -> None:
    first, last = sorted(
        records(steered(STEERING), STEERING.name), key=lambda each: str(each.inputs["failoverRoutingPolicies"])
    )

    assert first.inputs["failoverRoutingPolicies"] == [{"type": "PRIMARY"}]
    assert first.inputs["aliases"][0]["evaluateTargetHealth"] is True
    assert last.inputs["failoverRoutingPolicies"] == [{"type": "SECONDARY"}]
    assert last.inputs["records"] == ["192.0.2.1"]
    assert "healthCheckId" not in last.inputs, "the last answer must never be taken for sick"


def test_the_shared_name_waits_for_what_it_leads_to() -> None:
    world = steered(STEERING)
    (primary,) = (each for each in records(world, STEERING.name) if "aliases" in each.inputs)

    assert {each.urn for each in records(world, f"lb.{STEERING.name}")} <= primary.depends_on


def test_private_entries_have_no_checks_from_the_internet() -> None:
    world = steered(replace(STEERING, probed=False))

    assert world.of(CHECK) == ()
    assert all("healthCheckId" not in each.inputs for each in records(world, f"lb.{STEERING.name}"))


@pytest.mark.parametrize("layer", ["steering", "names"])
def test_everything_is_made_from_the_territory_in_its_own_account(layer: str) -> None:
    world = made(layer)
    (provider,) = world.providers.values()

    assert provider.inputs["region"] == "eu-north-1"
    assert provider.inputs["allowedAccountIds"] == ["123456789012"]
    assert {each.provider for each in world.resources} == {provider.urn}


def test_only_the_listed_authorities_may_certify_and_nobody_a_wildcard() -> None:
    (caa,) = (each.inputs for each in named(NAMES).of(RECORD) if each.inputs["type"] == "CAA")

    assert caa["name"] == NAMES.name
    assert caa["records"] == ['0 issue "amazon.com"', '0 issue "pki.goog"', '0 issuewild ";"']


def test_the_territorys_name_is_proved_once_where_regions_need_it() -> None:
    proofs = [each for each in named(NAMES).of(RECORD) if each.inputs["type"] == "CNAME"]

    assert [each.inputs["name"] for each in proofs] == [f"_check.{NAMES.name}."]
    assert named(replace(NAMES, proves=False)).of("aws:acm/certificate:Certificate") == ()
