"""What AWS refuses because of what else there is."""

from dataclasses import replace

from tests.rehearsal.refusals.aws_values import (
    CERTIFICATE,
    CLUSTER,
    GROUP,
    KEY,
    LB,
    PROVIDER,
    REGION,
    ROLE,
    VPC,
)
from tests.rehearsal.refusals.cases import Wrong
from tests.rehearsal.refusals.memory import Thing
from tests.rehearsal.refusals.region_aws import (
    ACCESS_POLICY,
    KEY_THING,
    TRAIL_POLICY,
    aws,
    subnet,
)
from tests.rehearsal.refusals.wrong_aws import AWS

FOREIGN = "vpc-0ffffffffffffffff"
ELSEWHERE = {**PROVIDER, "region": "us-east-1"}
OTHER_VPC = (
    aws("ec2/vpc:Vpc", FOREIGN, cidrBlock="10.17.0.0/16"),
    subnet("subnet-0fffffffffffffff1", "10.17.0.0/20", "eu-north-1c", FOREIGN),
    aws("ec2/securityGroup:SecurityGroup", "sg-0fffffffffffffff1", vpcId=FOREIGN, name="other"),
)
FAR = Thing(
    "aws:ec2/subnet:Subnet",
    "subnet-0fffffffffffffff2",
    {"vpcId": VPC, "cidrBlock": "10.16.96.0/20", "availabilityZone": "us-east-1a"},
    {},
    ELSEWHERE,
)
SAME_ZONE = subnet("subnet-0fffffffffffffff3", "10.16.96.0/20", "eu-north-1a")


def with_more(case: Wrong, *things: Thing) -> Wrong:
    return replace(case, world=(*case.world, *things))


def taken(title: str, name: str, thing: Thing, path: str, words: str) -> Wrong:
    """A right input whose name something else has."""
    token, right = AWS.right(name)
    return Wrong(title, token, right, path, words, PROVIDER, "create", (*AWS.world_of(token, right), thing))


MISSING: list[Wrong] = [
    AWS.create(
        "a subnet of a VPC that is not there", "Subnet", "vpcId", "vpc-0123456789abcdef0", "InvalidVpcID.NotFound"
    ),
    AWS.create("an endpoint in no subnet", "VpcEndpoint", "subnetIds[1]", "subnet-0123456789abcdef0", "NotFound"),
    AWS.create("a group that is not there", "LoadBalancer", "securityGroups[0]", "sg-0123456789abcdef0", "NotFound"),
    AWS.create("a pool of no cluster", "NodeGroup", "clusterName", "meridian-dev", "No cluster found"),
    AWS.create("a pool with no role", "NodeGroup", "nodeRoleArn", f"{ROLE}-old", "NoSuchEntity"),
    AWS.create(
        "a cluster with no key", "Cluster", "encryptionConfig.provider.keyArn", f"{KEY[:-1]}1", "NotFoundException"
    ),
    AWS.create("a listener of no balancer", "Listener", "loadBalancerArn", f"{LB[:-1]}9", "LoadBalancerNotFound"),
    AWS.create(
        "a listener with no certificate", "Listener", "certificateArn", f"{CERTIFICATE[:-1]}3", "CertificateNotFound"
    ),
    AWS.create(
        "a rule that forwards nowhere",
        "ListenerRule",
        "actions[0].targetGroupArn",
        f"{GROUP[:-1]}8",
        "TargetGroupNotFound",
    ),
    AWS.create("a policy attached to no role", "RolePolicyAttachment", "role", "meridian-nodes", "NoSuchEntity"),
    AWS.create("settings of no bucket", "BucketVersioning", "bucket", "meridian-weights-eu-north-2", "NoSuchBucket"),
    AWS.create("a record of no zone", "Record", "zoneId", "Z0000000000000000000", "NoSuchHostedZone"),
    AWS.create(
        "a record with no check", "Record", "healthCheckId", "99999999-2222-3333-4444-555555555555", "NoSuchHealthCheck"
    ),
]
PLACES: list[Wrong] = [
    AWS.create("a subnet outside its VPC", "Subnet", "cidrBlock", "10.99.0.0/20", "InvalidSubnet.Range"),
    AWS.create("a subnet on another one", "Subnet", "cidrBlock", "10.16.64.0/19", "InvalidSubnet.Conflict"),
    AWS.create("a zone of another region", "Subnet", "availabilityZone", "eu-west-1a", "not in eu-north-1"),
    AWS.create(
        "a certificate of another region",
        "Listener",
        "certificateArn",
        CERTIFICATE.replace(REGION, "us-east-1"),
        "is of region us-east-1",
    ),
    AWS.create(
        "a key of another region", "LogGroup", "kmsKeyId", KEY.replace(REGION, "eu-west-1"), "is of region eu-west-1"
    ),
    with_more(
        AWS.create("subnets of two VPCs", "LoadBalancer", "subnets[1]", "subnet-0fffffffffffffff1", "of 2 VPCs"),
        *OTHER_VPC,
    ),
    with_more(
        AWS.create(
            "a group of another VPC",
            "LoadBalancer",
            "securityGroups[0]",
            "sg-0fffffffffffffff1",
            f"the group is of {FOREIGN}",
        ),
        *OTHER_VPC,
    ),
    with_more(
        AWS.create(
            "two subnets of one zone", "LoadBalancer", "subnets[1]", SAME_ZONE.id, "two different Availability Zones"
        ),
        SAME_ZONE,
    ),
    with_more(
        AWS.create("a subnet of another region", "NodeGroup", "subnetIds[0]", FAR.id, "the subnet is in us-east-1"), FAR
    ),
    AWS.create("a record outside its zone", "Record", "name", "eu.example.org", "not permitted in zone"),
    AWS.create(
        "a CNAME of the zone's own name", "Record", "name", "inference.example.com", "has no CNAME", "type", place=2
    ),
]


def without(title: str, name: str, path: str, words: str, *things: Thing, place: int = 0) -> Wrong:
    """A right input in a world where something that it depends on is not there yet."""
    token, right = AWS.right(name, place)
    there = tuple(one for one in AWS.world_of(token, right) if one not in things)
    return Wrong(title, token, right, path, words, PROVIDER, "create", there)


BARE_KEY = Thing(KEY_THING.token, KEY_THING.id, {}, KEY_THING.outputs, PROVIDER)
PERMISSIONS: list[Wrong] = [
    without("a trail before its bucket's policy", "Trail", "s3BucketName", "InsufficientS3BucketPolicy", TRAIL_POLICY),
    without("access logs before their policy", "LoadBalancer", "accessLogs.bucket", "Access Denied", ACCESS_POLICY),
    with_more(without("logs with a key not theirs", "LogGroup", "kmsKeyId", "AccessDenied", KEY_THING), BARE_KEY),
]
NAMES: list[Wrong] = [
    taken(
        "a bucket of somebody else",
        "Bucket",
        aws("s3/bucket:Bucket", "b", bucket="meridian-weights-eu-north-1"),
        "bucket",
        "BucketAlreadyExists",
    ),
    taken(
        "a role's name twice", "Role", aws("iam/role:Role", "r", name="meridian-node"), "name", "EntityAlreadyExists"
    ),
    taken(
        "a balancer's name twice",
        "LoadBalancer",
        aws("alb/loadBalancer:LoadBalancer", "x", name="meridian-eu-north-1"),
        "name",
        "DuplicateLoadBalancerName",
    ),
    taken(
        "a cluster's name twice",
        "Cluster",
        aws("eks/cluster:Cluster", "x", name=CLUSTER),
        "name",
        "ResourceInUseException",
    ),
    taken(
        "a port twice",
        "Listener",
        aws("lb/listener:Listener", "x", loadBalancerArn=LB, port=443),
        "port",
        "DuplicateListener",
    ),
    taken(
        "an alias twice", "Alias", aws("kms/alias:Alias", "x", name="alias/meridian/prod/logs"), "name", "AlreadyExists"
    ),
    taken(
        "a record twice",
        "Record",
        aws("route53/record:Record", "x", **AWS.right("Record")[1]),
        "setIdentifier",
        "stands once",
    ),
]


WRONG = [*MISSING, *PLACES, *PERMISSIONS, *NAMES]
