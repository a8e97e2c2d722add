"""Preflight's questions about the domain and the control plane, and all of them together."""

import pytest

from stacks.preflight import aws
from stacks.preflight.model import Check, passed
from tests.stacks.aws_stubs import (
    ACCOUNT,
    REGION,
    VCPUS,
    ZONE,
    Stubbed,
    offered,
    pinned,
    pushed,
    quotas,
    reservation,
    who,
)


def hosted(clients: Stubbed, *zones: tuple[str, bool]) -> None:
    found = [
        {"Id": f"/hostedzone/Z{place}", "Name": name, "CallerReference": "x", "Config": {"PrivateZone": private}}
        for place, (name, private) in enumerate(zones)
    ]
    answer = {"HostedZones": found, "IsTruncated": False, "MaxItems": "100", "DNSName": ZONE}
    clients.answer("route53", "list_hosted_zones_by_name", answer, {"DNSName": ZONE})


def servers(clients: Stubbed, place: int) -> None:
    zone = {"Id": f"/hostedzone/Z{place}", "Name": f"{ZONE}.", "CallerReference": "x"}
    answer = {"HostedZone": zone, "DelegationSet": {"NameServers": ["ns-1.awsdns-1.org", "ns-2.awsdns-2.com"]}}
    clients.answer("route53", "get_hosted_zone", answer, {"Id": f"/hostedzone/Z{place}"})


def test_a_delegated_zone_passes_however_the_names_are_spelled(clients: Stubbed) -> None:
    hosted(clients, (f"{ZONE}.", True), (f"{ZONE}.", False))
    servers(clients, 1)
    check = aws.delegation(clients, ZONE, lambda _: ("NS-1.awsdns-1.org.", "ns-2.awsdns-2.com."))
    assert check.state == "ok"


@pytest.mark.parametrize("zones", [(), ((f"{ZONE}.", True),), (("other.example.", False),)])
def test_no_public_zone_of_the_name_fails(clients: Stubbed, zones: tuple[tuple[str, bool], ...]) -> None:
    hosted(clients, *zones)
    check = aws.delegation(clients, ZONE, lambda _: ())
    assert (check.state, "no public hosted zone" in check.detail) == ("failed", True)


@pytest.mark.parametrize("told", [(), ("ns.registrar.example.",), ("ns-1.awsdns-1.org.", "ns.old.example.")])
def test_a_zone_that_the_public_dns_does_not_send_to_fails(clients: Stubbed, told: tuple[str, ...]) -> None:
    hosted(clients, (f"{ZONE}.", False))
    servers(clients, 0)
    check = aws.delegation(clients, ZONE, lambda _: told)
    assert check.state == "failed"
    assert "ns-1.awsdns-1.org" in check.fix


def test_a_dns_that_does_not_answer_is_unknown(clients: Stubbed) -> None:
    def silent(domain: str) -> tuple[str, ...]:
        raise TimeoutError("timed out")

    hosted(clients, (f"{ZONE}.", False))
    servers(clients, 0)
    assert aws.delegation(clients, ZONE, silent).state == "unknown"


def cluster(clients: Stubbed) -> None:
    answer = {"cluster": {"name": "prod-eu-north-1", "endpoint": "https://x.eks.example"}}
    clients.answer("eks", "describe_cluster", answer, {"name": "prod-eu-north-1"})


@pytest.mark.parametrize(
    ("door", "reached", "state", "told"),
    [
        ("direct", True, "ok", "x.eks.example answers"),
        ("allow-list", False, "failed", "cannot be reached from here"),
        ("tunnel", False, "ok", "not tried here"),
    ],
)
def test_the_control_plane_must_be_reached_where_no_tunnel_is_used(
    clients: Stubbed, door: str, reached: bool, state: str, told: str
) -> None:
    cluster(clients)
    [check] = aws.control_plane(clients, REGION, door, lambda host, port: reached)
    assert check.state == state
    assert told in check.detail


def test_a_cluster_that_is_not_made_yet_passes(clients: Stubbed) -> None:
    clients.refuse("eks", "describe_cluster", "ResourceNotFoundException")
    [check] = aws.control_plane(clients, REGION, "direct", lambda host, port: False)
    assert (check.state, check.detail) == ("ok", "not made yet")


def everything(clients: Stubbed, account: str = ACCOUNT) -> list[Check]:
    return aws.all_checks(
        clients,
        [REGION],
        account=account,
        zone=ZONE,
        door="tunnel",
        vcpus=VCPUS,
        lookup=lambda _: ("ns-1.awsdns-1.org.",),
        reach=lambda host, port: False,
    )


def test_everything_is_asked_in_the_regions_own_services(clients: Stubbed) -> None:
    who(clients)
    hosted(clients, (f"{ZONE}.", False))
    servers(clients, 0)
    quotas(clients, on_demand=999, spot=999)
    pairs = [(kind, zone) for kind in ("p5.48xlarge", "p5en.48xlarge") for zone in REGION.zones]
    offered(clients, *pairs)
    clients.answer("ec2", "describe_capacity_reservations", reservation())
    cluster(clients)
    pinned(clients)
    pushed(clients)
    checks = everything(clients)
    assert passed(checks), [check for check in checks if check.state != "ok"]
    assert {region for service, region in clients.asked if service != "route53"} == {"eu-north-1"}


def test_one_denied_call_does_not_hide_the_others(clients: Stubbed) -> None:
    who(clients)
    clients.refuse("route53", "list_hosted_zones_by_name", "AccessDenied")
    clients.refuse("service-quotas", "list_service_quotas", "AccessDeniedException")
    offered(clients)
    clients.refuse("ec2", "describe_capacity_reservations", "UnauthorizedOperation")
    cluster(clients)
    for _ in range(4):
        clients.refuse("eks", "describe_addon_versions", "AccessDeniedException")
    pushed(clients)
    checks = everything(clients)
    assert not passed(checks)
    before = ["ok", "unknown", "unknown", "failed", "failed", "unknown", "ok"]
    assert [check.state for check in checks] == [*before, *["unknown"] * 4, "ok", "ok"]


def test_in_the_wrong_account_nothing_else_is_asked(clients: Stubbed) -> None:
    who(clients, account="999999999999")
    assert [check.state for check in everything(clients)] == ["failed"]
    assert [service for service, _ in clients.asked] == ["sts"]
