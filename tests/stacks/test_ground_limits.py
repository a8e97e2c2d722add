"""Each mistake in a committed configuration that AWS or an auditor would find is told with its place and a way out."""

from typing import Any

import pytest

from components.aws.cluster import SERVICE_CIDR
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan import ground_limits
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import ground
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused, Problem
from tests.stacks.fleets import DEV, PROD, changed

REGION = "aws-eu-north-1"
ROLE = "arn:aws:iam::123456789012:role/platform"
TAGS = {f"tag-{number}": "x" for number in range(44)}

BAD: dict[str, tuple[dict[str, Any], str, Any, str, str]] = {
    "a network larger than a VPC": (DEV, "network", {"fixedCidr": {REGION: "10.0.0.0/8"}}, "network.fixedCidr", "/16"),
    "a network on the services' addresses": (
        *(DEV, "network", {"fixedCidr": {REGION: "172.20.128.0/17"}}),
        *("network.fixedCidr.aws-eu-north-1", "overlaps 172.20.0.0/16"),
    ),
    "a network that never leaves a machine": (
        *(DEV, "network", {"fixedCidr": {REGION: "127.0.0.0/16"}}),
        *("network.fixedCidr", "never leaves a machine"),
    ),
    "networks of two regions that overlap": (
        *(PROD, "network/fixedCidr", {REGION: "10.9.0.0/16", "aws-us-east-1": "10.9.0.0/17"}),
        *("network.fixedCidr", "overlap"),
    ),
    "zones of no region": (
        DEV,
        "network",
        {"zones": {"aws-eu-west-1": ["a", "b"]}},
        "network.zones.aws-eu-west-1",
        "no region",
    ),
    "an administrator twice": (DEV, "cluster", {"administrators": [ROLE, ROLE]}, "cluster.administrators", "2 times"),
    "an administrator of another account": (
        *(DEV, "cluster", {"administrators": ["arn:aws:iam::999999999999:role/platform"]}),
        *("cluster.administrators", "of account 999999999999"),
    ),
    "no administrator": (PROD, "cluster", {}, "cluster.administrators", "is missing"),
    "an account of eleven digits": (PROD, "accounts/aws", "12345678901", "accounts.aws", "no account of AWS"),
    "one zone": (PROD, "network/zones", {REGION: ["eu-north-1a"]}, f"network.zones.{REGION}", "1 zones are named"),
    "a zone of another region": (
        *(PROD, "network/zones", {REGION: ["eu-north-1a", "us-east-1a"]}),
        *(f"network.zones.{REGION}", "is no availability zone"),
    ),
    "a door without a list": (DEV, "network", {"door": "allow-list"}, "network.allowedCidrs", "is missing"),
    "a door for everybody": (
        *(DEV, "network", {"door": "allow-list", "allowedCidrs": ["0.0.0.0/0"]}),
        *("network.allowedCidrs", "is everybody"),
    ),
    "a door for half of everybody": (
        *(DEV, "network", {"door": "allow-list", "allowedCidrs": ["128.0.0.0/1"]}),
        *("network.allowedCidrs", "more than an office"),
    ),
    "a public control plane in production": (
        *(PROD, "network", {"door": "allow-list", "allowedCidrs": ["203.0.113.0/24"]}),
        *("network.door", "a public address"),
    ),
    "hipaa with a year of logs": (
        *(PROD, "compliance", {"frameworks": ["hipaa"], "logRetentionDays": 400}),
        *("compliance.logRetentionDays", "fewer than hipaa asks: 2190"),
    ),
    "soc2 with a month of logs": (PROD, "compliance/logRetentionDays", 30, "compliance.logRetentionDays", "soc2 asks"),
    "prompts that outlive the audit": (
        *(PROD, "compliance/promptLogRetentionDays", 500),
        *("compliance.promptLogRetentionDays", "longer than audit logs"),
    ),
    "a domain too long for a certificate": (
        *(DEV, "domain", f"{'a' * 40}.dev.inference.example.com"),
        *("meridian:domain", "longer than 64 bytes"),
    ),
    "too many tags": (DEV, "tags", TAGS, "meridian:tags", "more than fit"),
    "a tag of AWS's own": (DEV, "tags", {"aws-owner": "x"}, "tags.aws-owner", "begins with `aws`"),
    "a reservation of a machine that is not planned": (
        *(DEV, "capacity/reservations", {f"{REGION}/p5.48xlarge": "cr-0123456789abcdef0"}),
        *(f"capacity.reservations.{REGION}/p5.48xlarge", "no pool of the plan"),
    ),
    "a reservation of an unknown machine": (
        *(DEV, "capacity/reservations", {f"{REGION}/p5.48xlrage": "cr-0123456789abcdef0"}),
        *("capacity.reservations", "no pool of the plan"),
    ),
    "a reservation of a region of no territory": (
        *(DEV, "capacity/reservations", {"aws-eu-west-1/p5.48xlarge": "cr-0123456789abcdef0"}),
        *("capacity.reservations.aws-eu-west-1", "no pool of the plan"),
    ),
    "one reservation for two": (
        *(DEV, "capacity/reservations", {f"{REGION}/{each}": "cr-0123456789abcdef0" for each in ("a", "b")}),
        *("capacity.reservations", "is named 2 times"),
    ),
    "a Kubernetes without pinned add-ons": (PROD, "cluster/version", "1.29", "cluster.version", "no pinned add-ons"),
}


def refused(values: dict[str, Any]) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationRefused) as refusal:
        config = parse(values)
        ground(REGION, config, make_fleet(config, catalogue(), size), catalogue())
    return refusal.value.problems


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_told_at_its_place_with_a_way_out(name: str) -> None:
    base, path, value, where, words = BAD[name]
    found = [each for each in refused(changed(base, path, value)) if where in each.where and words in each.what]
    assert found, refused(changed(base, path, value))
    assert all(each.why and each.fix for each in found)


def test_what_is_just_large_enough_passes() -> None:
    values = changed(DEV, "compliance", {"frameworks": ["hipaa", "gdpr", "iso27001"], "logRetentionDays": 2190})
    values = changed(values, "network", {"fixedCidr": {REGION: "172.21.0.0/16"}})
    values = changed(values, "tags", dict(list(TAGS.items())[:43]))
    config = parse(values)
    spec = ground(REGION, config, make_fleet(config, catalogue(), size), catalogue())
    assert (spec.audit.retention_days, spec.network.cidr) == (2190, "172.21.0.0/16")


def test_services_have_the_addresses_that_networks_keep_clear_of() -> None:
    assert str(ground_limits.SERVICES) == SERVICE_CIDR
