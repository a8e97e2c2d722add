"""What an AWS resource refers to must exist: ids, ARNs of this account, names of clusters, roles and buckets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.places import arn, everything, own_accounts, region_of, texts
from rehearsal.standins.refusals.rules import Inputs
from rehearsal.standins.refusals.values import Problem, at, shown, text_at
from rehearsal.standins.refusals.world import Stored, World, from_outside

_IDS: Mapping[str, str] = {
    "vpc": "InvalidVpcID.NotFound",
    "subnet": "InvalidSubnetID.NotFound",
    "sg": "InvalidGroup.NotFound",
    "rtb": "InvalidRouteTableID.NotFound",
    "igw": "InvalidInternetGatewayID.NotFound",
    "nat": "NatGatewayNotFound",
    "eipalloc": "InvalidAllocationID.NotFound",
    "lt": "InvalidLaunchTemplateId.NotFound",
}
"""Capacity reservations are left out: they are bought, and named by configuration."""
_ID = re.compile(rf"({'|'.join(_IDS)})-[0-9a-z]{{6,}}")
_MADE_BY_THE_CLOUD = ("clusterSecurityGroupId", "mainRouteTableId", "defaultSecurityGroupId", "defaultRouteTableId")
"""Outputs that hold ids of resources which come with another one."""

_ARNS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("iam", "role/"): ("NoSuchEntity", "aws:iam/role:Role"),
    ("iam", "policy/"): ("NoSuchEntity", "aws:iam/policy:Policy"),
    ("iam", "instance-profile/"): ("NoSuchEntity", "aws:iam/instanceProfile:InstanceProfile"),
    ("iam", "oidc-provider/"): ("NoSuchEntity", "aws:iam/openIdConnectProvider:OpenIdConnectProvider"),
    ("kms", "key/"): ("NotFoundException", "aws:kms/key:Key"),
    ("kms", "alias/"): ("NotFoundException", "aws:kms/alias:Alias"),
    ("elasticloadbalancing", "loadbalancer/"): ("LoadBalancerNotFound", ":loadBalancer:"),
    ("elasticloadbalancing", "targetgroup/"): ("TargetGroupNotFound", ":targetGroup:"),
    ("elasticloadbalancing", "listener/"): ("ListenerNotFound", ":listener:"),
    ("wafv2", "regional/webacl/"): ("WAFNonexistentItemException", "aws:wafv2/webAcl:WebAcl"),
    ("wafv2", "regional/ipset/"): ("WAFNonexistentItemException", "aws:wafv2/ipSet:IpSet"),
    ("acm", "certificate/"): ("CertificateNotFound", "aws:acm/certificate:Certificate"),
    ("logs", "log-group:"): ("ResourceNotFoundException", "aws:cloudwatch/logGroup:LogGroup"),
    ("ecr", "repository/"): ("RepositoryNotFoundException", "aws:ecr/repository:Repository"),
    ("secretsmanager", "secret:"): ("ResourceNotFoundException", "aws:secretsmanager/secret:Secret"),
}
_SERVICE_ROLES = ("role/aws-service-role/", "role/aws-reserved/", "role/service-role/")
_SAME_REGION = {"kms", "acm", "elasticloadbalancing", "wafv2", "logs"}
_ELSEWHERE = ("cloudfront/", "globalaccelerator/", "replica", "cloudtrail/", "route53/")
"""Types and properties whose references may lie in another region on purpose."""
_PEOPLE = ("principalArn",)
"""Properties that name roles of people, which are made elsewhere."""
_DOCUMENTS = ("policy", "assumeRolePolicy", "Statement", "fieldSelectors", "eventPattern", "values", "tags", "userData")

_NAMES: tuple[tuple[str, str, str, str, str], ...] = (
    ("aws:eks/", "clusterName", "aws:eks/cluster:Cluster", "name", "ResourceNotFoundException: No cluster found"),
    ("aws:iam/rolePolicy", "role", "aws:iam/role:Role", "name", "NoSuchEntity: The role cannot be found"),
    ("aws:iam/instanceProfile", "role", "aws:iam/role:Role", "name", "NoSuchEntity: The role cannot be found"),
    ("aws:s3/bucket", "bucket", "aws:s3/bucket", "bucket", "NoSuchBucket: The specified bucket does not exist"),
    ("aws:cloudtrail/trail", "s3BucketName", "aws:s3/bucket", "bucket", "S3BucketDoesNotExistException"),
    ("aws:lb/loadBalancer", "accessLogs.bucket", "aws:s3/bucket", "bucket", "InvalidConfigurationRequest: no bucket"),
    (
        "aws:ec2/launchTemplate",
        "placement.groupName",
        "aws:ec2/placementGroup",
        "name",
        "InvalidPlacementGroup.Unknown",
    ),
    (
        "aws:ec2/launchTemplate",
        "iamInstanceProfile.name",
        "aws:iam/instanceProfile",
        "name",
        "InvalidIAMInstanceProfile",
    ),
    ("aws:ecr/lifecyclePolicy", "repository", "aws:ecr/repository", "name", "RepositoryNotFoundException"),
    ("aws:ecr/repositoryPolicy", "repository", "aws:ecr/repository", "name", "RepositoryNotFoundException"),
    ("aws:route53/record", "healthCheckId", "aws:route53/healthCheck:HealthCheck", "", "NoSuchHealthCheck"),
)
"""(type's beginning, property, target's beginning, property of the target or its id, code)."""


def missing(token: str, inputs: Inputs, provider: Inputs, world: World) -> Iterator[Problem]:
    """Yield every reference of a resource to something of this account that is not there."""
    accounts, region = own_accounts(provider, world), region_of(inputs, provider)
    known_arns = {text for one in world.resources("aws") for text in _arns_of(one)}
    for path, value in texts(inputs):
        if path.split(".")[-1].split("[")[0] == "region" or any(part in path for part in (*_DOCUMENTS, *_PEOPLE)):
            continue
        if from_outside(world, value):
            continue
        if found := _ID.fullmatch(value):
            if world.find(value) is None and not _comes_along(value, world):
                yield Problem(path, f"{_IDS[found[1]]}: The ID '{value}' does not exist: write that of one which does")
        elif parts := arn(value):
            yield from _arn(token, path, value, parts, accounts, region, known_arns)
    yield from _named(token, inputs, provider, world)


def _arn(
    token: str, path: str, value: str, parts: re.Match[str], accounts: set[str], region: str | None, known: set[str]
) -> Iterator[Problem]:
    service, there, account, rest = parts[2], parts[3], parts[4], parts[5]
    elsewhere = any(word in token or word in path for word in _ELSEWHERE)
    if service in _SAME_REGION and there and region and there != region and not elsewhere:
        yield Problem(path, f"InvalidParameter: the ARN is of region {there}, not {region}: write one of {region}")
        return
    if account not in accounts or rest.startswith(_SERVICE_ROLES):
        return
    for (kind, beginning), (code, _) in _ARNS.items():
        if service == kind and rest.startswith(beginning) and value.removesuffix(":*") not in known:
            yield Problem(path, f"{code}: {value} does not exist in this account: write the ARN of one which does")
            return


def _arns_of(stored: Stored) -> Iterator[str]:
    yield stored.id
    for name in ("arn", "loadBalancerArn", "certificateArn"):
        value = stored.outputs.get(name)
        if isinstance(value, str):
            yield value.removesuffix(":*")


def _comes_along(value: str, world: World) -> bool:
    """Tell whether an id is that of a resource which came with another one, as a VPC's default group does."""
    for stored in world.resources("aws"):
        if any(stored.outputs.get(name) == value for name in _MADE_BY_THE_CLOUD):
            return True
        inner = stored.outputs.get("vpcConfig")
        if isinstance(inner, Mapping) and value in map(str, inner.values()):
            return True
    return False


def _named(token: str, inputs: Inputs, provider: Inputs, world: World) -> Iterator[Problem]:
    for beginning, path, target, name, code in _NAMES:
        if not token.startswith(beginning) or token.startswith(
            ("aws:s3/bucket:", "aws:s3/bucketV2:", "aws:eks/cluster:")
        ):
            continue
        for where, value in text_at(inputs, path):
            if from_outside(world, value):
                continue
            there = [one for one in world.resources("aws") if one.token.startswith(target)]
            if not any(_is(one, name, value) for one in there):
                yield Problem(where, f"{code}: there is no {shown(value)}: write the name of one which is there")
            elif target.startswith("aws:eks/"):
                yield from _other_region(there, name, value, where, inputs, provider)


def _is(stored: Stored, name: str, value: str) -> bool:
    said = everything(stored)
    return value in (stored.id, said.get(name) if name else None, said.get("arn"), said.get("id"))


def _other_region(
    there: list[Stored], name: str, value: str, where: str, inputs: Inputs, provider: Inputs
) -> Iterator[Problem]:
    region = region_of(inputs, provider)
    regions = {region_of(everything(one), one.provider) for one in there if _is(one, name, value)}
    if region and regions and region not in regions and None not in regions:
        found = ", ".join(sorted(map(str, regions)))
        yield Problem(where, f"ResourceNotFoundException: the cluster is in {found}, not {region}: use its provider")


def subnets_of(inputs: Inputs, paths: tuple[str, ...], world: World) -> list[tuple[str, Stored]]:
    """Return the subnets that a resource names, as far as they are there."""
    named: list[tuple[str, Any]] = [found for path in paths for found in at(inputs, path)]
    there = [(where, world.find(value)) for where, value in named if isinstance(value, str)]
    return [(where, stored) for where, stored in there if stored is not None]
