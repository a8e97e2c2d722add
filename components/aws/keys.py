"""KMS keys by purpose, so that a mistake with one opens nothing else."""

from collections.abc import Mapping
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.aws.names import PREFIX, iam_arn, log_group_patterns, trail_arn
from components.aws.policy import Statement, allow, document
from components.ground_specs import GroundSpec

Purpose = Literal["cluster", "nodes", "logs", "data", "registry"]
PURPOSES: tuple[Purpose, ...] = ("cluster", "nodes", "logs", "data", "registry")

Keys = Mapping[Purpose, pulumi.Output[str]]
"""ARN of the key of each purpose."""

WINDOW_DAYS = 30
"""Days between a key's deletion and its end, the longest that KMS has: until then it can be taken back."""

ROTATION_DAYS = 365
_USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")


def keys(name: str, spec: GroundSpec, opts: pulumi.ResourceOptions) -> Keys:
    """Make the keys; each is ready for its users only once its alias and policy exist."""
    return {purpose: _key(name, purpose, spec, opts) for purpose in PURPOSES}


def _key(name: str, purpose: Purpose, spec: GroundSpec, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    key = aws.kms.Key(
        f"{name}-{purpose}",
        description=f"{PREFIX} {spec.environment} {spec.name}: {purpose}",
        policy=document(_account(spec), *_users(purpose, spec)),
        enable_key_rotation=True,
        rotation_period_in_days=ROTATION_DAYS,
        deletion_window_in_days=WINDOW_DAYS,
        multi_region=False,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=spec.protect)),
    )
    aws.kms.Alias(
        f"{name}-{purpose}",
        name=f"alias/{PREFIX}/{spec.environment}/{spec.location}/g{spec.generation}/{purpose}",
        target_key_id=key.key_id,
        opts=opts,
    )
    arn: pulumi.Output[str] = key.arn
    return arn


def _account(spec: GroundSpec) -> Statement:
    """IAM of the account decides further; without it nobody could ever change the key again."""
    return allow(["kms:*"], ["*"], principal={"AWS": iam_arn(spec, "root")})


def _users(purpose: Purpose, spec: GroundSpec) -> tuple[Statement, ...]:
    if purpose == "logs":
        return _log_groups(spec), *_trail(spec)
    if purpose == "nodes":
        return _autoscaling(spec)
    return ()  # EKS, ECR and S3 act for callers whose own policies name the key


def _log_groups(spec: GroundSpec) -> Statement:
    return allow(
        _USE,
        ["*"],
        principal={"Service": f"logs.{spec.location}.amazonaws.com"},
        when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_group_patterns(spec)}},
    )


def _trail(spec: GroundSpec) -> tuple[Statement, ...]:
    mine = {"aws:SourceArn": trail_arn(spec)}
    context = {"kms:EncryptionContext:aws:cloudtrail:arn": trail_arn(spec)}
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    return (
        allow(["kms:GenerateDataKey*"], ["*"], principal=cloudtrail, when={"StringEquals": {**mine, **context}}),
        allow(["kms:DescribeKey"], ["*"], principal=cloudtrail, when={"StringEquals": mine}),
    )


def _autoscaling(spec: GroundSpec) -> tuple[Statement, ...]:
    """Node volumes are opened by the role of Auto Scaling; without the grant nodes die without a word.

    KMS refuses a policy that names a role that does not exist: a new account needs it first.
    """
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    principal = {"AWS": iam_arn(spec, role)}
    grants = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return (
        allow(_USE, ["*"], principal=principal),
        allow(["kms:CreateGrant"], ["*"], principal=principal, when=grants),
    )
