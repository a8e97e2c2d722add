"""A region on somebody else's network and cluster, with the real engine: joined, refused, and left as it was."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.aws.endpoints_needed import INTERFACES, STORAGE
from components.aws.existing_traits import ADDONS, LOGS
from rehearsal.engine import ensure
from rehearsal.rehearsing import Place
from rehearsal.standins.attach import attached
from rehearsal.world import Resource, World
from stacks.rehearse import subject_of
from stacks.workspace import workspace
from tests.rehearsal.host_process import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

REGION, WHERE, ACCOUNT = "aws-eu-north-1", "eu-north-1", "123456789012"
VPC, CLUSTER = "vpc-0123456789abcdef0", "platform"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/platform"
NODES = [f"subnet-0000000{place}" for place in range(3)]
ENTRIES = [f"subnet-1000000{place}" for place in range(3)]
CONFIG = {
    "meridian:network": {
        "existing": {REGION: {"network": VPC, "nodeSubnets": NODES, "entrySubnets": ENTRIES}},
        "fixedCidr": {REGION: "10.20.0.0/16"},
        "entry": "both",
    },
    "meridian:cluster": {"administrators": [ROLE], "existing": {REGION: CLUSTER}},
}


def before(world: World) -> None:
    """Somebody's network and cluster."""

    def put(token: str, id: str, said: dict[str, Any], **told: Any) -> None:
        arn = f"arn:aws:{token.split(':')[1].split('/')[0]}:{WHERE}:{ACCOUNT}:{id}"
        outputs = {"id": id, "arn": arn, **said, **told}
        world.put(Resource("aws", token, id, f"somebody::{id}", said, outputs, {}, f"{ACCOUNT}/{WHERE}"))
        world.note_outside(id, arn)

    put("aws:ec2/vpc:Vpc", VPC, {"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": True})
    for number, id in enumerate((*NODES, *ENTRIES)):
        zone, block = f"{WHERE}{'abc'[number % 3]}", f"10.20.{16 * number}.0/20"
        put("aws:ec2/subnet:Subnet", id, {"vpcId": VPC, "availabilityZone": zone, "cidrBlock": block})
        ways = [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}] if id in ENTRIES else []
        put("aws:ec2/routeTable:RouteTable", f"rtb-{number}", {"vpcId": VPC, "routes": ways})
        joined = {"subnetId": id, "routeTableId": f"rtb-{number}"}
        put("aws:ec2/routeTableAssociation:RouteTableAssociation", f"rtbassoc-{number}", joined)
    for service in (*INTERFACES, STORAGE):
        said = {"vpcId": VPC, "serviceName": f"com.amazonaws.{WHERE}.{service}", "privateDnsEnabled": True}
        put(
            "aws:ec2/vpcEndpoint:VpcEndpoint", f"vpce-{service}", {**said, "routeTableIds": ["rtb-0", "rtb-1", "rtb-2"]}
        )
    put(
        "aws:eks/cluster:Cluster",
        CLUSTER,
        {
            "name": CLUSTER,
            "version": "1.35",
            "enabledClusterLogTypes": sorted(LOGS),
            "accessConfig": {"authenticationMode": "API"},
            "vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False, "subnetIds": NODES},
        },
        endpoint="https://X.gr7.eu-north-1.eks.amazonaws.com",
        certificateAuthority={"data": "UEVN"},
        vpcConfig={
            **{"endpointPrivateAccess": True, "endpointPublicAccess": False, "subnetIds": NODES, "vpcId": VPC},
            "clusterSecurityGroupId": "sg-0123456789abcdef0",
        },
    )
    world.note_outside("sg-0123456789abcdef0")
    for addon in ADDONS:
        settings = '{"enableNetworkPolicy": "true"}' if addon == "vpc-cni" else ""
        said = {"clusterName": CLUSTER, "addonName": addon, "configurationValues": settings}
        put("aws:eks/addon:Addon", f"{CLUSTER}:{addon}", said)
    put("aws:eks/accessEntry:AccessEntry", f"{CLUSTER}:{ROLE}", {"clusterName": CLUSTER, "principalArn": ROLE})
    log = {"name": f"/aws/eks/{CLUSTER}/cluster", "kmsKeyId": f"arn:aws:kms:{WHERE}:{ACCOUNT}:key/x"}
    put("aws:cloudwatch/logGroup:LogGroup", log["name"], {**log, "retentionInDays": 400})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("existing")
    before(World(folder / "world"))
    subject = subject_of(workspace(), "dev", layers=False)
    with attached(folder / "world", cache=ROOT / ".meridian/cache/shapes", packages=["aws"]) as standins:
        made = Place(folder, subject, ensure(ROOT, progress=print, env=os.environ), standins)
        made.make()
        made.configure({**subject.config, **CONFIG})
        yield made


def ids(place: Place) -> set[tuple[str, str]]:
    return {(each.token, each.id) for each in World(place.world).resources()}


def test_what_does_not_hold_is_refused_in_preview_without_a_traceback(place: Place) -> None:
    world = World(place.world)
    network = next(each for each in world.resources() if each.id == VPC)
    world.edit(network, enableDnsHostnames=False)
    run = place.command("preview", "dev")
    world.edit(network, enableDnsHostnames=True)
    said = "\n".join(run.errors)
    assert run.code != 0
    assert "no DNS support or no DNS host names" in said
    assert "Traceback" not in said


def test_a_region_comes_up_on_it_with_both_entries_and_leaves_it_as_it_was(place: Path) -> None:
    found = ids(place)
    run = place.command("up", "dev")
    assert (run.code, run.errors) == (0, ())
    made = {token for token, _ in ids(place) - found}
    assert "aws:eks/nodeGroup:NodeGroup" in made
    assert not made & {"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:eks/cluster:Cluster", "aws:eks/addon:Addon"}
    balancers = [each for each in World(place.world).resources() if each.token == "aws:lb/loadBalancer:LoadBalancer"]
    assert sorted(each.inputs["internal"] for each in balancers) == [False, True]

    again = place.command("up", "dev")
    assert (again.code, again.errors) == (0, ())
    assert place.command("destroy", "dev").code == 0
    assert ids(place) == found
