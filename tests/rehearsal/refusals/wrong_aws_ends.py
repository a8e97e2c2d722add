"""What AWS refuses of names that dead resources keep, of deletions and of changes."""

from typing import Any

from rehearsal.standins.refusals import tombstone
from tests.rehearsal.refusals.aws_values import (
    CERTIFICATE,
    CLUSTER,
    LB,
    PROVIDER,
    SECURITY,
    SUBNETS,
    VPC,
)
from tests.rehearsal.refusals.cases import Wrong
from tests.rehearsal.refusals.memory import Thing
from tests.rehearsal.refusals.region_aws import (
    NETWORK,
    NODE_ROLE,
    REGION_WORLD,
    aws,
)
from tests.rehearsal.refusals.wrong_aws import AWS


def buried(title: str, name: str, words: str) -> Wrong:
    """A right input whose name a deleted one of the same inputs keeps."""
    token, right = AWS.right(name)
    stone = tombstone("aws", token, right, PROVIDER)
    assert stone is not None
    path = "bucket" if name == "Bucket" else "name"
    return Wrong(title, token, right, path, words, PROVIDER, "create", REGION_WORLD, (stone,), {**right, path: "again"})


def deleted(
    title: str, token: str, id: str, inputs: dict[str, Any], words: str, *world: Thing, path: str = ""
) -> Wrong:
    return Wrong(title, f"aws:{token}", inputs, path, words, PROVIDER, "delete", world, id=id)


ENDS: list[Wrong] = [
    buried("a secret made again within its recovery", "Secret", "scheduled for deletion (30 days)"),
    buried("a locked bucket made again", "Bucket", "locked objects keep the bucket"),
    deleted(
        "a protected cluster",
        "eks/cluster:Cluster",
        CLUSTER,
        {"deletionProtection": True},
        "it is protected",
        path="deletionProtection",
    ),
    deleted(
        "a protected balancer",
        "lb/loadBalancer:LoadBalancer",
        LB,
        {"enableDeletionProtection": True},
        "OperationNotPermitted",
        path="enableDeletionProtection",
    ),
    deleted("a VPC with subnets", "ec2/vpc:Vpc", VPC, {}, "DependencyViolation", *NETWORK),
    deleted(
        "a certificate in use",
        "acm/certificate:Certificate",
        CERTIFICATE,
        {},
        "ResourceInUseException",
        aws("acm/certificate:Certificate", CERTIFICATE, CERTIFICATE),
        aws("lb/listener:Listener", "l", certificateArn=CERTIFICATE),
    ),
    deleted(
        "a role that an instance profile has",
        "iam/role:Role",
        NODE_ROLE.id,
        {"name": NODE_ROLE.id},
        "DeleteConflict",
        NODE_ROLE,
        aws("iam/instanceProfile:InstanceProfile", "p", role=NODE_ROLE.id),
    ),
    deleted(
        "a cluster with pools",
        "eks/cluster:Cluster",
        CLUSTER,
        {"name": CLUSTER},
        "ResourceInUseException",
        aws("eks/nodeGroup:NodeGroup", "n", clusterName=CLUSTER),
    ),
    deleted(
        "a bucket that is not empty",
        "s3/bucket:Bucket",
        "b",
        {"bucket": "b"},
        "BucketNotEmpty",
        aws("s3/bucketObjectv2:BucketObjectv2", "o", bucket="b"),
    ),
    deleted(
        "a zone with records",
        "route53/zone:Zone",
        "Z1",
        {"name": "example.com"},
        "HostedZoneNotEmpty",
        aws("route53/record:Record", "r", zoneId="Z1"),
    ),
    deleted(
        "a group that a balancer has",
        "ec2/securityGroup:SecurityGroup",
        SECURITY,
        {},
        "DependencyViolation",
        aws("lb/loadBalancer:LoadBalancer", "x", securityGroups=[SECURITY]),
    ),
    Wrong(
        "a control plane that goes down",
        "aws:eks/cluster:Cluster",
        {"version": "1.32"},
        "version",
        "from 1.33 to 1.32",
        PROVIDER,
        "update",
        old={"version": "1.33"},
        right={"version": "1.34"},
    ),
    Wrong(
        "a control plane that leaps",
        "aws:eks/cluster:Cluster",
        {"version": "1.35"},
        "version",
        "write 1.34",
        PROVIDER,
        "update",
        old={"version": "1.33"},
        right={"version": "1.33"},
    ),
    Wrong(
        "a subnet moved onto another",
        "aws:ec2/subnet:Subnet",
        {"vpcId": VPC, "cidrBlock": "10.16.80.0/20"},
        "cidrBlock",
        "InvalidSubnet.Conflict",
        PROVIDER,
        "update",
        NETWORK,
        id=SUBNETS[0],
        right={"vpcId": VPC, "cidrBlock": "10.16.64.0/20"},
    ),
]
