"""What is on AWS before a region is built there: a network and a cluster of somebody else, as lookups tell them."""

import copy
import dataclasses
from collections.abc import Mapping
from typing import Any

from components.aws.endpoints_needed import INTERFACES, STORAGE
from components.aws.existing_traits import ADDONS, LOGS
from components.ground_specs import ExistingNetwork, GroundSpec
from tests.components.contract.specs import ground

VPC, CLUSTER = "vpc-0123456789abcdef0", "platform"
ZONES = ("eu-north-1a", "eu-north-1b", "eu-north-1c")
NODES = tuple(f"subnet-0000000{place}" for place in range(3))
ENTRIES = tuple(f"subnet-1000000{place}" for place in range(3))
EXISTING = ExistingNetwork(network=VPC, node_subnets=NODES, entry_subnets=ENTRIES)
LOG = f"/aws/eks/{CLUSTER}/cluster"


def joining(*, cluster: bool = True, **said: Any) -> GroundSpec:
    """A region that is to be built on them."""
    spec = ground(**said)
    return dataclasses.replace(
        spec,
        network=dataclasses.replace(spec.network, existing=EXISTING),
        cluster=dataclasses.replace(spec.cluster, existing=CLUSTER if cluster else None, version="1.34"),
    )


def before() -> dict[str, dict[str, Any]]:
    """All of it as it should be, by `kind/name`; a test changes or takes out what it is about."""
    found: dict[str, dict[str, Any]] = {
        f"vpc/{VPC}": {"id": VPC, "cidrBlock": "10.20.0.0/16", "enableDnsSupport": True, "enableDnsHostnames": True},
        f"cluster/{CLUSTER}": {
            "name": CLUSTER,
            "version": "1.35",
            "status": "ACTIVE",
            "endpoint": "https://X.gr7.eu-north-1.eks.amazonaws.com",
            "certificateAuthorities": [{"data": "UEVN"}],
            "enabledClusterLogTypes": sorted(LOGS),
            "accessConfigs": [{"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}],
            "vpcConfig": {
                "vpcId": VPC,
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
                "publicAccessCidrs": [],
                "clusterSecurityGroupId": "sg-cluster",
                "securityGroupIds": [],
                "subnetIds": list(NODES),
                "controlPlaneEgressMode": "",
            },
        },
        f"log/{LOG}": {"name": LOG, "retentionInDays": 400, "kmsKeyId": "arn:aws:kms:eu-north-1:123456789012:key/x"},
    }
    for what, ids in (("nodes", NODES), ("entry", ENTRIES)):
        for id, zone in zip(ids, ZONES, strict=True):
            found[f"subnet/{id}"] = {
                "id": id,
                "vpcId": VPC,
                "availabilityZone": zone,
                "mapPublicIpOnLaunch": False,
                "availableIpAddressCount": 200,
            }
            ways = [{"gatewayId": "local", "cidrBlock": "10.20.0.0/16"}]
            ways += [{"gatewayId": "igw-1", "cidrBlock": "0.0.0.0/0"}] if what == "entry" else []
            found[f"table/{id}"] = {"id": f"rtb-{id}", "routes": ways}
    for service in (*INTERFACES, STORAGE):
        found[f"endpoint/{service}"] = {
            "id": f"vpce-{service}",
            "privateDnsEnabled": service != STORAGE,
            "routeTableIds": [f"rtb-{id}" for id in NODES] if service == STORAGE else [],
        }
    for addon in ADDONS:
        settings = '{"enableNetworkPolicy": "true"}' if addon == "vpc-cni" else ""
        found[f"addon/{addon}"] = {"addonName": addon, "configurationValues": settings}
    who = "arn:aws:iam::123456789012:role/platform"
    found[f"access/{who}"] = {"principalArn": who}
    return found


_KEYS = {
    "aws:ec2/getVpc:getVpc": ("vpc", "id"),
    "aws:ec2/getSubnet:getSubnet": ("subnet", "id"),
    "aws:ec2/getRouteTable:getRouteTable": ("table", "subnetId"),
    "aws:ec2/getVpcEndpoint:getVpcEndpoint": ("endpoint", "serviceName"),
    "aws:eks/getCluster:getCluster": ("cluster", "name"),
    "aws:eks/getAddon:getAddon": ("addon", "addonName"),
    "aws:eks/getAccessEntry:getAccessEntry": ("access", "principalArn"),
    "aws:cloudwatch/getLogGroup:getLogGroup": ("log", "name"),
}


def lookup(world: Mapping[str, dict[str, Any]], token: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Answer one lookup."""
    kind, key = _KEYS[token]
    name = str(said[key]).removeprefix("com.amazonaws.eu-north-1.")
    found = world.get(f"{kind}/{name}")
    return copy.deepcopy(found)
