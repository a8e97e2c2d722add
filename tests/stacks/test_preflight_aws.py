"""Preflight asks AWS and tells the answers in words: each call with good answers and bad ones, by botocore's stubber.

The stubber holds every call and every answer against AWS's own model of the service.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError
from botocore.session import Session
from botocore.stub import Stubber

from stacks.preflight import aws
from stacks.preflight.asking import Unanswered, ask
from stacks.preflight.model import Check, PoolNeed, RegionNeed, passed

ACCOUNT = "123456789012"
ZONE = "inference.example.com"
REGION = RegionNeed(
    name="aws-eu-north-1",
    location="eu-north-1",
    zones=("eu-north-1a", "eu-north-1b"),
    pools=(
        PoolNeed("base", "p5.48xlarge", "on-demand", 2, None),
        PoolNeed("spot", "p5.48xlarge", "spot", 1, None),
        PoolNeed("held", "p5en.48xlarge", "reserved", 2, "cr-0123456789abcdef0"),
    ),
    cluster="prod-eu-north-1",
)
VCPUS = {("aws", "p5.48xlarge"): 192, ("aws", "p5en.48xlarge"): 192}


@cache
def client(service: str) -> Any:
    """A client that is never connected; making one reads the service's whole model."""
    session = Session()
    session.set_credentials("test", "test")
    return session.create_client(service, region_name="eu-north-1")


class Stubbed:
    """Answers in the order in which they were given, by service."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, Stubber] = {}
        self.asked: list[tuple[str, str]] = []

    def _stub(self, service: str) -> Stubber:
        if service not in self._stubs:
            self._stubs[service] = self._stack.enter_context(Stubber(client(service)))
        return self._stubs[service]

    def answer(self, service: str, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self._stub(service).add_response(operation, answer, asked)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self._stub(service).add_client_error(operation, code, "said AWS", http_status_code=400)

    def __call__(self, service: str, region: str) -> Any:
        self.asked.append((service, region))
        self._stub(service)
        return client(service)

    def used_up(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def clients() -> Iterator[Stubbed]:
    with ExitStack() as stack:
        stubbed = Stubbed(stack)
        yield stubbed
        stubbed.used_up()


def who(clients: Stubbed, account: str = ACCOUNT) -> None:
    identity = {"Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/deployer/me", "UserId": "AROA"}
    clients.answer("sts", "get_caller_identity", identity, {})


def test_the_right_account_passes(clients: Stubbed) -> None:
    who(clients)
    check = aws.identity(clients, ACCOUNT, "eu-north-1")
    assert (check.state, check.fix) == ("ok", "")
    assert "deployer" in check.detail


@pytest.mark.parametrize(
    ("account", "told"), [("999999999999", "not in 999999999999"), (None, "the configuration names none")]
)
def test_the_wrong_account_or_none_fails(clients: Stubbed, account: str | None, told: str) -> None:
    who(clients)
    check = aws.identity(clients, account, "eu-north-1")
    assert check.state == "failed"
    assert told in check.detail
    assert check.fix


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "may not call GetCallerIdentity"),
        ("ExpiredToken", "expired or not valid"),
        ("InvalidClientTokenId", "expired or not valid"),
        ("Throttling", "failed: Throttling: said AWS"),
    ],
)
def test_a_refusal_is_told_in_words(clients: Stubbed, code: str, told: str) -> None:
    clients.refuse("sts", "get_caller_identity", code)
    with pytest.raises(Unanswered) as unanswered:
        aws.identity(clients, ACCOUNT, "eu-north-1")
    assert unanswered.value.check.state == "unknown"
    assert told in unanswered.value.check.detail


def raising(error: Exception) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoCredentialsError(), "there are no AWS credentials"),
        (EndpointConnectionError(endpoint_url="https://sts.example"), "AWS did not answer"),
    ],
)
def test_no_credentials_and_no_network_are_told_in_words(error: Exception, told: str) -> None:
    with pytest.raises(Unanswered, match=told):
        ask("account", "identity", raising(error))


def quota(name: str, value: float) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value, "ServiceCode": "ec2"}


def quotas(clients: Stubbed, on_demand: float, spot: float) -> None:
    first = {
        "Quotas": [
            quota("Running On-Demand P instances", on_demand),
            quota("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 1),
        ],
        "NextToken": "more",
    }
    second = {
        "Quotas": [
            quota("All P5 Spot Instance Requests", spot),
            quota("All P4, P3 and P2 Spot Instance Requests", 1),
            quota("Elastic IPs", 5),
        ]
    }
    clients.answer("service-quotas", "list_service_quotas", first, {"ServiceCode": "ec2"})
    clients.answer("service-quotas", "list_service_quotas", second, {"ServiceCode": "ec2", "NextToken": "more"})


def test_quotas_that_are_just_large_enough_pass_and_reservations_are_not_counted(clients: Stubbed) -> None:
    quotas(clients, on_demand=2 * 192, spot=192)
    checks = aws.quotas(clients, REGION, VCPUS)
    assert [check.state for check in checks] == ["ok", "ok"]


@pytest.mark.parametrize(("on_demand", "spot", "short"), [(383, 192, "On-Demand P"), (384, 191, "All P5 Spot")])
def test_a_quota_one_too_small_fails_and_says_how_much_to_ask_for(
    clients: Stubbed, on_demand: float, spot: float, short: str
) -> None:
    quotas(clients, on_demand, spot)
    [failed] = [check for check in aws.quotas(clients, REGION, VCPUS) if check.state != "ok"]
    assert short in failed.what
    assert failed.state == "failed"
    assert "Ask for" in failed.fix


def test_a_machine_without_known_size_or_quota_is_unknown(clients: Stubbed) -> None:
    clients.answer("service-quotas", "list_service_quotas", {"Quotas": [quota("Running On-Demand P instances", 999)]})
    checks = aws.quotas(clients, REGION, {("aws", "p5.48xlarge"): 192})
    assert {check.what: check.state for check in checks} == {
        "quota for p5.48xlarge as spot": "unknown",
        "quota 'Running On-Demand P instances'": "ok",
    }


def offered(clients: Stubbed, *pairs: tuple[str, str]) -> None:
    found = [{"InstanceType": kind, "LocationType": "availability-zone", "Location": zone} for kind, zone in pairs]
    asked = {
        "LocationType": "availability-zone",
        "Filters": [{"Name": "instance-type", "Values": ["p5.48xlarge", "p5en.48xlarge"]}],
    }
    clients.answer("ec2", "describe_instance_type_offerings", {"InstanceTypeOfferings": found}, asked)


def test_a_machine_type_must_be_offered_in_every_zone_used(clients: Stubbed) -> None:
    offered(
        clients,
        ("p5.48xlarge", "eu-north-1a"),
        ("p5.48xlarge", "eu-north-1b"),
        ("p5.48xlarge", "eu-north-1c"),
        ("p5en.48xlarge", "eu-north-1a"),
    )
    good, bad = aws.offerings(clients, REGION)
    assert good.state == "ok"
    assert (bad.state, "not in eu-north-1b" in bad.detail) == ("failed", True)


def test_a_machine_type_that_is_offered_nowhere_fails(clients: Stubbed) -> None:
    offered(clients)
    checks = aws.offerings(clients, REGION)
    assert [check.detail for check in checks] == ["offered in no zone of the region"] * 2


def reservation(**changed: Any) -> dict[str, Any]:
    found = {
        "CapacityReservationId": "cr-0123456789abcdef0",
        "InstanceType": "p5en.48xlarge",
        "AvailabilityZone": "eu-north-1a",
        "TotalInstanceCount": 2,
        "State": "active",
    }
    return {"CapacityReservations": [{**found, **changed}]}


@pytest.mark.parametrize(
    ("changed", "state", "told"),
    [
        ({}, "ok", "2 x p5en.48xlarge in eu-north-1a"),
        ({"State": "scheduled"}, "ok", "scheduled"),
        ({"InstanceType": "p5.48xlarge"}, "failed", "pool held has p5en.48xlarge"),
        ({"TotalInstanceCount": 1}, "failed", "pool held needs 2"),
        ({"AvailabilityZone": "eu-north-1c"}, "failed", "not one of the zones used"),
        ({"State": "expired"}, "failed", "it cannot be used"),
    ],
)
def test_a_reservation_must_fit(clients: Stubbed, changed: dict[str, Any], state: str, told: str) -> None:
    asked = {"CapacityReservationIds": ["cr-0123456789abcdef0"]}
    clients.answer("ec2", "describe_capacity_reservations", reservation(**changed), asked)
    [check] = aws.reservations(clients, REGION)
    assert check.state == state
    assert told in check.detail


def test_a_reservation_that_does_not_exist_fails_and_one_that_may_not_be_read_is_unknown(clients: Stubbed) -> None:
    clients.refuse("ec2", "describe_capacity_reservations", "InvalidCapacityReservationId.NotFound")
    clients.refuse("ec2", "describe_capacity_reservations", "UnauthorizedOperation")
    [missing] = aws.reservations(clients, REGION)
    [denied] = aws.reservations(clients, REGION)
    assert (missing.state, "no such reservation" in missing.detail) == ("failed", True)
    assert (denied.state, "DescribeCapacityReservations" in denied.detail) == ("unknown", True)


def test_a_reserved_pool_without_a_reservation_fails(clients: Stubbed) -> None:
    pool = PoolNeed("held", "p5en.48xlarge", "reserved", 2, None)
    [check] = aws.reservations(clients, RegionNeed("aws-eu-north-1", "eu-north-1", (), (pool,), None))
    assert check.state == "failed"
    assert "never buy one" in check.fix


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
    checks = everything(clients)
    assert not passed(checks)
    assert [check.state for check in checks] == ["ok", "unknown", "unknown", "failed", "failed", "unknown", "ok"]


def test_in_the_wrong_account_nothing_else_is_asked(clients: Stubbed) -> None:
    who(clients, account="999999999999")
    assert [check.state for check in everything(clients)] == ["failed"]
    assert [service for service, _ in clients.asked] == ["sts"]
