"""The WAF's log: encrypted by the region's own key, kept as long as audit asks, without keys and prompts."""

import json

import pulumi
import pulumi_aws as aws
from pulumi_aws.wafv2 import (
    WebAclLoggingConfigurationRedactedFieldArgs,
    WebAclLoggingConfigurationRedactedFieldQueryStringArgs,
    WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs,
)

from components.aws.names import retention
from components.ground_specs import GroundSpec

PREFIX = "aws-waf-logs-"
"""AWS WAF writes to groups of this name alone."""
REDACTED_HEADERS = ("authorization", "cookie", "x-api-key")


def waf_log(
    name: str, spec: GroundSpec, acl: aws.wafv2.WebAcl, log_key: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.wafv2.WebAclLoggingConfiguration:
    """Log every request that the WAF judged; `log_key` is the ARN of the key for logs."""
    group = aws.cloudwatch.LogGroup(
        f"{name}-waf-log",
        name=f"{PREFIX}{spec.environment}-{spec.location}",
        kms_key_id=log_key,
        retention_in_days=retention(spec.audit.retention_days),
        tags=dict(spec.tags),
        opts=opts,
    )
    policy = aws.cloudwatch.LogResourcePolicy(
        f"{name}-waf-log",
        policy_name=f"{PREFIX}{spec.environment}-{spec.location}",
        policy_document=group.arn.apply(lambda arn: _writer(arn, spec)),
        opts=opts,
    )
    headers = [
        WebAclLoggingConfigurationRedactedFieldArgs(
            single_header=WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
        )
        for header in REDACTED_HEADERS
    ]
    # The SDK gives no types to arguments without fields.
    nothing = WebAclLoggingConfigurationRedactedFieldQueryStringArgs()
    query = WebAclLoggingConfigurationRedactedFieldArgs(query_string=nothing)
    return aws.wafv2.WebAclLoggingConfiguration(
        f"{name}-waf-log",
        resource_arn=acl.arn,
        log_destination_configs=[group.arn],
        redacted_fields=[*headers, query],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[policy])),
    )


def _writer(group_arn: str, spec: GroundSpec) -> str:
    """Let AWS's log delivery write to the group, for this account's rules alone."""
    partition = group_arn.split(":")[1]
    source = f"arn:{partition}:logs:{spec.location}:{spec.account}:*"
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"{group_arn}:*",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": spec.account},
                        "ArnLike": {"aws:SourceArn": source},
                    },
                }
            ],
        }
    )
