"""Preflight asks AWS and tells the answers in words: each call with good answers and bad ones, by botocore's stubber.

The stubber holds every call and every answer against AWS's own model of the service.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from stacks.preflight import aws
from stacks.preflight.asking import Unanswered, ask
from stacks.preflight.model import PoolNeed
from tests.stacks.aws_stubs import ACCOUNT, REGION, VCPUS, Stubbed, offered, quota, quotas, reservation, who


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
    [check] = aws.reservations(clients, replace(REGION, pools=(pool,)))
    assert check.state == "failed"
    assert "never buy one" in check.fix


@pytest.mark.parametrize(("bought", "state"), [(4, "ok"), (3, "failed")])
def test_two_pools_of_one_reservation_need_machines_for_both(clients: Stubbed, bought: int, state: str) -> None:
    pools = [PoolNeed(name, "p5en.48xlarge", "reserved", 2, "cr-0123456789abcdef0") for name in ("one", "two")]
    clients.answer("ec2", "describe_capacity_reservations", reservation(TotalInstanceCount=bought))
    [check] = aws.reservations(clients, replace(REGION, pools=tuple(pools)))
    assert check.state == state
    assert state == "ok" or "pool one and two needs 4" in check.detail


def test_a_capacity_block_is_told_from_a_reservation(clients: Stubbed) -> None:
    ends = datetime(2026, 12, 1, 11, 30, tzinfo=UTC)
    block = reservation(ReservationType="capacity-block", EndDate=ends)
    clients.answer("ec2", "describe_capacity_reservations", block)
    [check] = aws.reservations(clients, REGION)
    assert check.state == "failed"
    assert "it is a Capacity Block until 2026-12-01 11:30 UTC" in check.detail
    clients.answer("ec2", "describe_capacity_reservations", reservation(ReservationType="default"))
    assert aws.reservations(clients, REGION)[0].state == "ok"
