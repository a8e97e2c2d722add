"""What is kept for auditors: who called the cloud's API, and who touched the entry and the buckets."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.buckets import Stored, access_logged, bucket
from components.aws.keys import Keys
from components.aws.logs import group
from components.aws.names import arn, bucket_arn, log_group, role_name, trail_arn, trail_name
from components.aws.policy import Statement, allow, document, trust
from components.ground_specs import GroundSpec

OBJECT_LOCK = {"governance": "GOVERNANCE", "compliance": "COMPLIANCE"}


@dataclass(frozen=True)
class Audit:
    """Where others write what is kept."""

    access_logs: Stored
    """For the load balancer's and the buckets' access logs."""


def audit(name: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions) -> Audit:
    """Make the trail of the region's API calls and the buckets of logs."""
    access = bucket(
        name,
        "access",
        spec,
        opts,
        key=None,  # the named exception: ALB access logs cannot be written with a KMS key
        statements=_access_writers(spec),
        expire_days=spec.audit.retention_days,
    )
    kept = _trail_bucket(name, spec, keys, opts)
    access_logged(f"{name}-audit", kept, access, opts)
    _trail(name, spec, keys, kept, opts)
    return Audit(access_logs=access)


def _access_writers(spec: GroundSpec) -> list[Statement]:
    """The load balancers' logs lie under the account that owns these, so the path keeps others out."""
    target = bucket_arn(spec, "access")
    mine = {"StringEquals": {"aws:SourceAccount": spec.account}}
    return [
        allow(
            ["s3:PutObject"],
            [f"{target}/*AWSLogs/{spec.account}/*"],
            principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        ),
        allow(["s3:PutObject"], [f"{target}/s3/*"], principal={"Service": "logging.s3.amazonaws.com"}, when=mine),
    ]


def _trail_bucket(name: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions) -> Stored:
    target = bucket_arn(spec, "audit")
    cloudtrail = {"Service": "cloudtrail.amazonaws.com"}
    mine = {"aws:SourceArn": trail_arn(spec)}
    lock = None if spec.audit.lock == "none" else OBJECT_LOCK[spec.audit.lock]
    made = bucket(
        name,
        "audit",
        spec,
        opts,
        key=keys["logs"],
        statements=[
            allow(["s3:GetBucketAcl"], [target], principal=cloudtrail, when={"StringEquals": mine}),
            allow(
                ["s3:PutObject"],
                [f"{target}/AWSLogs/{spec.account}/*"],
                principal=cloudtrail,
                when={"StringEquals": {**mine, "s3:x-amz-acl": "bucket-owner-full-control"}},
            ),
        ],
        expire_days=spec.audit.retention_days,
        lock=lock,
    )
    if lock is not None:
        aws.s3.BucketObjectLockConfiguration(
            f"{name}-audit",
            bucket=made.bucket.id,
            rule={"default_retention": {"mode": lock, "days": spec.audit.retention_days}},
            opts=opts,
        )
    return made


def _trail(name: str, spec: GroundSpec, keys: Keys, kept: Stored, opts: pulumi.ResourceOptions) -> None:
    logs = group(name, "trail", spec, keys, opts)
    mine = {"StringEquals": {"aws:SourceArn": trail_arn(spec)}}
    role = aws.iam.Role(
        f"{name}-trail",
        name=role_name(spec, "trail"),
        assume_role_policy=trust("cloudtrail.amazonaws.com", when=mine),
        opts=opts,
    )
    streams = arn(spec, "logs", f"log-group:{log_group(spec, 'trail')}:log-stream:*")
    may = aws.iam.RolePolicy(
        f"{name}-trail",
        role=role.name,
        policy=document(allow(["logs:CreateLogStream", "logs:PutLogEvents"], [streams])),
        opts=opts,
    )
    aws.cloudtrail.Trail(
        name,
        name=trail_name(spec),
        s3_bucket_name=kept.name,
        kms_key_id=keys["logs"],
        cloud_watch_logs_group_arn=pulumi.Output.concat(logs.arn, ":*"),
        cloud_watch_logs_role_arn=role.arn,
        enable_logging=True,
        enable_log_file_validation=True,
        is_multi_region_trail=False,  # what happens in one territory is written down in no other
        include_global_service_events=True,
        advanced_event_selectors=[_calls(), _weights(spec)],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[may], protect=spec.protect)),
    )


def _calls() -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    return _selector("every call", ("eventCategory", "equals", "Management"))


def _weights(spec: GroundSpec) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    return _selector(
        "weights read and written",
        ("eventCategory", "equals", "Data"),
        ("resources.type", "equals", "AWS::S3::Object"),
        ("resources.ARN", "starts_withs", f"{bucket_arn(spec, 'weights')}/"),
    )


def _selector(name: str, *fields: tuple[str, str, str]) -> aws.cloudtrail.TrailAdvancedEventSelectorArgs:
    return aws.cloudtrail.TrailAdvancedEventSelectorArgs(
        name=name,
        field_selectors=[
            aws.cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs(field=field, **{how: [value]})
            for field, how, value in fields
        ],
    )
