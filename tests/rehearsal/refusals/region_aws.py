"""What the valid inputs on AWS refer to: a region's network, roles, keys and entry, as a world."""

from tests.rehearsal.refusals.aws_values import (
    ACCOUNT,
    ACL,
    CERTIFICATE,
    CLUSTER,
    GROUP,
    KEY,
    KEY_POLICY,
    LB,
    LOGS,
    PROVIDER,
    REGION,
    ROLE,
    SECURITY,
    SUBNETS,
    TABLE,
    VPC,
)
from tests.rehearsal.refusals.memory import Thing


def aws(token: str, id: str, arn: str = "", **inputs: object) -> Thing:
    return Thing(f"aws:{token}", id, inputs, {"arn": arn} if arn else {}, PROVIDER)


def subnet(id: str, cidr: str, zone: str, vpc: str = VPC) -> Thing:
    return aws("ec2/subnet:Subnet", id, vpcId=vpc, cidrBlock=cidr, availabilityZone=zone)


NODE_ROLE = aws("iam/role:Role", "meridian-eu-north-1-node", ROLE, name="meridian-eu-north-1-node")
NETWORK = (
    aws("ec2/vpc:Vpc", VPC, f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{VPC}", cidrBlock="10.16.0.0/16"),
    subnet(SUBNETS[0], "10.16.64.0/20", "eu-north-1a"),
    subnet(SUBNETS[1], "10.16.80.0/20", "eu-north-1b"),
    aws("ec2/securityGroup:SecurityGroup", SECURITY, vpcId=VPC, name="nodes"),
    aws("ec2/securityGroup:SecurityGroup", "sg-0a1b2c3d4e5f61", vpcId=VPC, name="gateway"),
    aws("ec2/routeTable:RouteTable", TABLE, vpcId=VPC),
    aws("ec2/internetGateway:InternetGateway", "igw-0a1b2c3d4e5f6", vpcId=VPC),
    aws("ec2/eip:Eip", "eipalloc-0a1b2c3d4e5f6"),
)
KEY_THING = aws("kms/key:Key", "1234abcd-12ab-34cd-56ef-1234567890ab", KEY, policy=KEY_POLICY)
TRAIL_POLICY = aws(
    "s3/bucketPolicy:BucketPolicy",
    "trail-policy",
    bucket="meridian-audit-eu-north-1",
    policy='{"Statement": [{"Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject"}]}',
)
ACCESS_POLICY = aws(
    "s3/bucketPolicy:BucketPolicy",
    "access-policy",
    bucket="meridian-access-eu-north-1",
    policy='{"Statement": [{"Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}}]}',
)
REGION_WORLD = (
    *NETWORK,
    NODE_ROLE,
    aws("iam/role:Role", "meridian-node", f"arn:aws:iam::{ACCOUNT}:role/old", name="meridian-node-old"),
    aws("ec2/launchTemplate:LaunchTemplate", "lt-0a1b2c3d4e5f60718", name="meridian-old"),
    aws("ec2/placementGroup:PlacementGroup", "meridian-h100", name="meridian-h100"),
    aws("ec2/capacityReservation:CapacityReservation", "cr-0a1b2c3d4e5f60718"),
    aws("eks/cluster:Cluster", CLUSTER, f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}", name=CLUSTER),
    KEY_THING,
    aws("lb/loadBalancer:LoadBalancer", LB, LB, name="meridian-old"),
    aws("lb/listener:Listener", LB.replace("loadbalancer", "listener") + "/f2f7dc8efc522ab2", port=8443),
    aws("lb/targetGroup:TargetGroup", GROUP, GROUP, name="meridian-old"),
    aws("wafv2/webAcl:WebAcl", "a1b2", ACL, name="meridian-old", scope="REGIONAL"),
    aws("acm/certificate:Certificate", CERTIFICATE, CERTIFICATE),
    aws("cloudwatch/logGroup:LogGroup", "aws-waf-logs-meridian", LOGS, name="aws-waf-logs-meridian"),
    aws(
        "cloudwatch/logGroup:LogGroup",
        "meridian-trail",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:meridian-trail",
        name="meridian-trail",
    ),
    aws("s3/bucket:Bucket", "meridian-weights-eu-north-1", bucket="meridian-weights-eu-north-1-old"),
    aws("s3/bucket:Bucket", "meridian-audit-eu-north-1", bucket="meridian-audit-eu-north-1"),
    aws("s3/bucket:Bucket", "meridian-access-eu-north-1", bucket="meridian-access-eu-north-1"),
    TRAIL_POLICY,
    ACCESS_POLICY,
    aws("route53/zone:Zone", "Z0123456789ABCDEFGHIJ", name="inference.example.com"),
    aws("route53/healthCheck:HealthCheck", "11111111-2222-3333-4444-555555555555"),
)
"""Some have other names than their ids say, so that the valid inputs may take those names."""
