"""Log groups: encrypted with our key, kept as long as auditors ask."""

import pulumi
import pulumi_aws as aws

from components.aws.keys import Keys
from components.aws.names import log_group, retention
from components.ground_specs import GroundSpec


def group(
    name: str, purpose: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.LogGroup:
    """Make the log group of one purpose."""
    return aws.cloudwatch.LogGroup(
        f"{name}-{purpose}",
        name=log_group(spec, purpose),
        kms_key_id=keys["logs"],
        retention_in_days=retention(spec.audit.retention_days),
        deletion_protection_enabled=spec.protect,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=spec.protect)),
    )
