"""A region's network is cut so that nothing overlaps and no zone moves."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.aws.addresses import LETTERS, subnets
from components.aws.names import RETENTIONS, partition, retention

NETWORKS = st.builds(
    lambda second, third, prefix: str(IPv4Network(f"10.{second}.{third}.0/{prefix}", strict=False)),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(10, 21),
)
ZONES = st.sets(st.sampled_from([f"eu-north-1{letter}" for letter in LETTERS]), min_size=1).map(sorted)


@given(NETWORKS, ZONES)
def test_subnets_lie_inside_the_network_and_apart(cidr: str, zones: list[str]) -> None:
    cut = [IPv4Network(each) for zone in subnets(cidr, zones).values() for each in (zone.nodes, zone.entry)]
    assert all(each.subnet_of(IPv4Network(cidr)) for each in cut)
    assert not any(one.overlaps(other) for one, other in combinations(cut, 2))


@given(NETWORKS, ZONES)
def test_no_zone_moves_when_another_comes_or_goes(cidr: str, zones: list[str]) -> None:
    every = subnets(cidr, [f"eu-north-1{letter}" for letter in LETTERS])
    assert all(every[zone] == cut for zone, cut in subnets(cidr, zones).items())


@given(NETWORKS)
def test_every_load_balancer_subnet_is_large_enough(cidr: str) -> None:
    assert IPv4Network(subnets(cidr, ["eu-north-1a"])["eu-north-1a"].entry).prefixlen <= 27  # the least an ALB accepts


@pytest.mark.parametrize(("cidr", "zones"), [("10.0.0.0/22", ["eu-north-1a"]), ("10.0.0.0/16", ["eu-north-1x"])])
def test_what_cannot_be_cut_is_refused(cidr: str, zones: list[str]) -> None:
    with pytest.raises(ValueError, match=r"too small|not found"):
        subnets(cidr, zones)


@given(st.integers(1, 3653))
def test_logs_are_kept_at_least_as_long_as_asked(days: int) -> None:
    assert retention(days) >= days
    assert retention(days) in RETENTIONS


def test_no_log_is_kept_less_than_was_asked() -> None:
    with pytest.raises(ValueError, match="more than CloudWatch Logs keeps"):
        retention(3654)


@pytest.mark.parametrize(
    ("location", "found"),
    [("eu-north-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")],
)
def test_arns_name_the_partition_of_their_region(location: str, found: str) -> None:
    assert partition(location) == found
