"""A network and a cluster of somebody else: used when every trait holds, refused with all that does not."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from components.aws.existing import ExistingRefused
from tests.components.aws_before import CLUSTER, ENTRIES, LOG, NODES, VPC, before, joining, lookup
from tests.components.contract.building import region
from tests.components.contract.rules import Region, broken

World = dict[str, dict[str, Any]]
NETWORK_RESOURCES = ("ec2/vpc:Vpc", "ec2/subnet:Subnet", "ec2/vpcEndpoint:VpcEndpoint", "ec2/routeTable:RouteTable")
CLUSTER_RESOURCES = ("eks/cluster:Cluster", "eks/addon:Addon", "eks/accessEntry:AccessEntry")


def built(world: World, **said: Any) -> Region:
    return region(joining(**said), partial(lookup, world))


def refusal(world: World, **said: Any) -> str:
    with pytest.raises(ExistingRefused) as refused:
        built(world, **said)
    return str(refused.value)


def made(found: Region, *kinds: str) -> list[str]:
    return [each.name for kind in kinds for each in found.world.of(f"aws:{kind}")]


@pytest.mark.slow
def test_a_good_network_is_joined_and_nothing_of_it_is_made() -> None:
    found = built(before(), cluster=False)
    assert made(found, *NETWORK_RESOURCES) == []
    assert made(found, "eks/cluster:Cluster") == ["aws-eu-north-1"]
    (balancer,) = found.world.of("aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["subnets"] == list(ENTRIES)
    assert set(found.view.node_subnets) == set(NODES)


@pytest.mark.slow
def test_a_good_cluster_is_joined_and_only_nodes_are_made() -> None:
    found = built(before())
    assert made(found, *NETWORK_RESOURCES, *CLUSTER_RESOURCES) == []
    groups = found.world.of("aws:eks/nodeGroup:NodeGroup")
    assert {each.inputs["clusterName"] for each in groups} == {CLUSTER}
    trusted = [said.conditions for said in found.view.statements if said.owner.endswith("pod-engine")]
    assert f"cluster/{CLUSTER}" in str(trusted)


@pytest.mark.slow
def test_what_the_owner_answers_for_is_all_that_rules_miss() -> None:
    """The rest of the contract holds on somebody else's ground too."""
    assert set(broken(built(before(), cluster=False))) == {"nodes reach the cloud privately"}
    assert set(broken(built(before()))) == {"nodes reach the cloud privately", "control plane is private"}


def without(*keys: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        for key in keys:
            del world[key]

    return change


def saying(key: str, **said: Any) -> Callable[[World], None]:
    return lambda world: world[key].update(said)


def plane(**said: Any) -> Callable[[World], None]:
    return lambda world: world[f"cluster/{CLUSTER}"]["vpcConfig"].update(said)


NODE, ENTRY = NODES[0], ENTRIES[0]
BAD: dict[str, tuple[Callable[[World], None], str]] = {
    "no network": (without(f"vpc/{VPC}"), "there is no network"),
    "other addresses": (saying(f"vpc/{VPC}", cidrBlock="10.7.0.0/16"), "fixedCidr: {aws-eu-north-1: 10.7.0.0/16}"),
    "no DNS": (saying(f"vpc/{VPC}", enableDnsHostnames=False), "no DNS host names"),
    "no subnet": (without(f"subnet/{NODE}"), f"there is no subnet {NODE} (nodes)"),
    "a subnet of another network": (saying(f"subnet/{NODE}", vpcId="vpc-9"), "lies in vpc-9"),
    "public addresses": (
        saying(f"subnet/{NODE}", mapPublicIpOnLaunch=True),
        "gives what starts in it a public address",
    ),
    "two subnets in one zone": (saying(f"subnet/{NODE}", availabilityZone="eu-north-1b"), "one in each of"),
    "a full subnet": (saying(f"subnet/{ENTRY}", availableIpAddressCount=7), "a load balancer needs 8"),
    "nodes on the internet": (
        saying(f"table/{NODE}", routes=[{"gatewayId": "igw-1"}]),
        f"{NODE} (nodes) has a way to the internet by igw-1",
    ),
    "nodes behind NAT": (saying(f"table/{NODE}", routes=[{"natGatewayId": "nat-1"}]), "by nat-1"),
    "the main route table": (without(f"table/{NODE}"), "no route table of its own"),
    "an entry without internet": (saying(f"table/{ENTRY}", routes=[]), "has no internet gateway"),
    "no endpoint": (without("endpoint/sts", "endpoint/kms"), "which nodes reach nothing: sts, kms"),
    "an endpoint without a name": (saying("endpoint/sts", privateDnsEnabled=False), "nobody would find: sts"),
    "storage on other routes": (saying("endpoint/s3", routeTableIds=[]), "is not in the route tables"),
    "no cluster": (without(f"cluster/{CLUSTER}"), "there is no cluster 'platform'"),
    "a cluster elsewhere": (plane(vpcId="vpc-9"), "platform lies in vpc-9"),
    "a cluster that is made": (saying(f"cluster/{CLUSTER}", status="CREATING"), "is CREATING"),
    "an old cluster": (saying(f"cluster/{CLUSTER}", version="1.33"), "runs Kubernetes 1.33"),
    "no private endpoint": (plane(endpointPrivateAccess=False), "no private endpoint"),
    "a public endpoint": (
        plane(endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24"]),
        "open to 203.0.113.0/24, and the door is tunnel",
    ),
    "an endpoint for everybody": (plane(endpointPublicAccess=True), "open to 0.0.0.0/0"),
    "a log off": (saying(f"cluster/{CLUSTER}", enabledClusterLogTypes=["api"]), "does not log audit"),
    "a short log": (saying(f"log/{LOG}", retentionInDays=30), "is kept 30 days"),
    "an open log": (saying(f"log/{LOG}", kmsKeyId=""), "not encrypted with a key of yours"),
    "no log": (without(f"log/{LOG}"), "has no log group"),
    "a config map": (
        saying(f"cluster/{CLUSTER}", accessConfigs=[{"authenticationMode": "API_AND_CONFIG_MAP"}]),
        "takes rights from API_AND_CONFIG_MAP",
    ),
    "no add-on": (without("addon/coredns"), "lacks the add-ons coredns"),
    "no policies": (saying("addon/vpc-cni", configurationValues=""), "does not enforce network policies"),
    "no administrator": (without("access/arn:aws:iam::123456789012:role/platform"), "no access entry for arn:aws"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BAD)
def test_each_trait_that_does_not_hold_is_told(name: str) -> None:
    world, (change, words) = before(), BAD[name]
    change(world)
    assert words in refusal(world)


def test_everything_that_does_not_hold_is_told_at_once() -> None:
    world = before()
    for change in (BAD["no DNS"][0], BAD["public addresses"][0], BAD["no endpoint"][0], BAD["nodes behind NAT"][0]):
        change(world)
    assert len(refusal(world).splitlines()) == 5


@pytest.mark.slow
def test_a_listed_public_endpoint_passes_in_dev_and_one_beyond_the_list_does_not() -> None:
    world = before()
    plane(endpointPublicAccess=True, publicAccessCidrs=["203.0.113.0/24"])(world)
    assert built(world, door="allow-list").view.pools
    plane(publicAccessCidrs=["203.0.113.0/24", "198.51.100.0/24"])(world)
    assert "open to 198.51.100.0/24" in refusal(world, door="allow-list")


@pytest.mark.slow
def test_a_private_entry_needs_no_way_to_the_internet_and_must_not_have_one() -> None:
    assert "and the entry is private" in refusal(before(), visibility="private")
    world = before()
    for each in ENTRIES:
        world[f"table/{each}"]["routes"] = []
    assert built(world, visibility="private").view.entries[0].public is False


@pytest.mark.slow
def test_an_error_that_is_no_absence_is_not_taken_for_one() -> None:
    def denied(token: str, said: Any) -> None:
        message = "AccessDenied: not authorized"
        raise PermissionError(message)

    with pytest.raises(Exception, match="AccessDenied"):
        region(joining(), denied)
