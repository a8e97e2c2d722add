"""Networks and clusters of somebody else in the configuration: what can be told wrong without asking AWS is told."""

from typing import Any

import pytest

from components.ground_specs import ExistingNetwork
from tests.stacks.fleets import DEV, changed
from tests.stacks.test_ground import REGION, made
from tests.stacks.test_ground_limits import refused

NODES = [f"subnet-0000000{place}" for place in range(3)]
ENTRIES = [f"subnet-1000000{place}" for place in range(3)]
EXISTING = {"network": "vpc-0123456789abcdef0", "nodeSubnets": NODES, "entrySubnets": ENTRIES}
GOOD: dict[str, Any] = {
    **DEV,
    "network": {"existing": {REGION: EXISTING}, "fixedCidr": {REGION: "10.20.0.0/16"}},
    "cluster": {**DEV["cluster"], "existing": {REGION: "platform"}},
}


def test_a_region_can_be_planned_on_somebody_elses_network_and_cluster() -> None:
    spec = made(GOOD)
    assert spec.network.existing == ExistingNetwork("vpc-0123456789abcdef0", tuple(NODES), tuple(ENTRIES))
    assert spec.cluster.existing == "platform"
    assert (made(DEV).network.existing, made(DEV).cluster.existing) == (None, None)


BAD: dict[str, tuple[str, Any, str, str]] = {
    "a name for an id": (f"network/existing/{REGION}/network", "main", "network.existing", "no id of a VPC"),
    "a subnet's name": (
        f"network/existing/{REGION}/nodeSubnets",
        [*NODES[:2], "a"],
        "nodeSubnets",
        "no id of a subnet",
    ),
    "a subnet twice": (
        f"network/existing/{REGION}/nodeSubnets",
        [*NODES[:2], NODES[0]],
        "nodeSubnets",
        "named 2 times",
    ),
    "two subnets for three zones": (
        *(f"network/existing/{REGION}/entrySubnets", ENTRIES[:2]),
        *("entrySubnets", "2 subnets are named for the 3 zones"),
    ),
    "nodes in a public entry's subnets": (
        *(f"network/existing/{REGION}/entrySubnets", NODES),
        *("entrySubnets", "would hold nodes too, and the entry is public"),
    ),
    "no addresses": ("network/fixedCidr", {}, f"network.fixedCidr.{REGION}", "is missing beside"),
    "a cluster without its network": (
        *("network", {"zones": {REGION: ["eu-north-1a", "eu-north-1b"]}}),
        *(f"cluster.existing.{REGION}", "a network that is not named"),
    ),
    "a cluster's ARN": (
        *(f"cluster/existing/{REGION}", "arn:aws:eks:eu-north-1:123456789012:cluster/platform"),
        *("cluster.existing", "no name of an EKS cluster"),
    ),
    "a region of no territory": (
        *("network/existing", {REGION: EXISTING, "aws-eu-west-1": EXISTING}),
        *("network.existing.aws-eu-west-1", "no region named"),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_can_be_told_wrong_beforehand_is_told(name: str) -> None:
    path, value, where, words = BAD[name]
    found = [each for each in refused(changed(GOOD, path, value)) if where in each.where and words in each.what]
    assert found, refused(changed(GOOD, path, value))
    assert all(each.why and each.fix for each in found)


@pytest.mark.parametrize("visibility", ["public", "private", "both"])
def test_entries_are_planned_as_asked(visibility: str) -> None:
    assert made(changed(DEV, "network", {"entry": visibility})).entry.visibility == visibility


def test_a_private_entry_may_stand_beside_the_nodes() -> None:
    values = changed(GOOD, f"network/existing/{REGION}/entrySubnets", NODES)
    values["network"]["entry"] = "private"
    assert made(values).network.existing.entry_subnets == tuple(NODES)
