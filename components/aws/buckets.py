"""Buckets: versioned, closed to the public, reached over TLS alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.names import bucket_name
from components.aws.policy import Statement, document, tls_only
from components.ground_specs import GroundSpec


@dataclass(frozen=True)
class Stored:
    """A bucket that lets in whom it should."""

    bucket: aws.s3.Bucket
    name: pulumi.Output[str]
    """Known once the policy is there: services try to write as soon as they are told of the bucket."""


def bucket(
    name: str,
    purpose: str,
    spec: GroundSpec,
    opts: pulumi.ResourceOptions,
    *,
    key: pulumi.Output[str] | None,
    statements: Sequence[Statement] = (),
    expire_days: int | None = None,
    lock: str | None = None,
) -> Stored:
    """Make a bucket. Without a key it is encrypted by S3's own: for ALB access logs, which know nothing else."""
    made = aws.s3.Bucket(
        f"{name}-{purpose}",
        bucket=bucket_name(spec, purpose),
        object_lock_enabled=lock is not None,
        force_destroy=not spec.protect and lock is None,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=spec.protect)),
    )
    closed = aws.s3.BucketPublicAccessBlock(
        f"{name}-{purpose}",
        bucket=made.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-{purpose}", bucket=made.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts
    )
    versioned = aws.s3.BucketVersioning(
        f"{name}-{purpose}", bucket=made.id, versioning_configuration={"status": "Enabled"}, opts=opts
    )
    _encryption(f"{name}-{purpose}", made, key, opts)
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-{purpose}", bucket=made.id, rules=_life(expire_days), opts=_after(opts, versioned)
    )
    policy = aws.s3.BucketPolicy(
        f"{name}-{purpose}",
        bucket=made.id,
        policy=document(tls_only(made.arn), *statements),
        opts=_after(opts, closed),
    )
    name_of = pulumi.Output.all(made.bucket, policy.urn).apply(lambda known: str(known[0]))
    return Stored(made, name_of)


def access_logged(name: str, bucket: Stored, to: Stored, opts: pulumi.ResourceOptions) -> None:
    """Write who touched the objects of a bucket into another one."""
    aws.s3.BucketLogging(name, bucket=bucket.bucket.id, target_bucket=to.name, target_prefix=f"s3/{name}/", opts=opts)


def _encryption(name: str, made: aws.s3.Bucket, key: pulumi.Output[str] | None, opts: pulumi.ResourceOptions) -> None:
    by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256" if key is None else "aws:kms", kms_master_key_id=key
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=made.id,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                apply_server_side_encryption_by_default=by_default, bucket_key_enabled=key is not None
            )
        ],
        opts=opts,
    )


def _life(expire_days: int | None) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    """Old versions go after a month, unless a lock holds them longer; parts of broken uploads after a week."""
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "leftovers",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
            "noncurrent_version_expiration": {"noncurrent_days": 30},
        }
    ]
    if expire_days is not None:
        rules.append({"id": "kept", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": expire_days}})
    return rules


def _after(opts: pulumi.ResourceOptions, earlier: pulumi.Resource) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[earlier]))
