"""Keys, stores and audit of a production region on AWS that must pass."""

from typing import Any

from tests.rehearsal.refusals.aws_values import ACCOUNT, BUCKET_POLICY, CLUSTER, KEY, KEY_POLICY, REGION, ROLE, TAGS

STORES: list[tuple[str, dict[str, Any]]] = [
    (
        "aws:kms/key:Key",
        {
            "description": "Logs of aws-eu-north-1.",
            "enableKeyRotation": True,
            "rotationPeriodInDays": 365,
            "deletionWindowInDays": 30,
            "policy": KEY_POLICY,
            "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
            "keyUsage": "ENCRYPT_DECRYPT",
            "tags": TAGS,
        },
    ),
    ("aws:kms/alias:Alias", {"name": "alias/meridian/prod/logs", "targetKeyId": KEY}),
    ("aws:s3/bucket:Bucket", {"bucket": "meridian-weights-eu-north-1", "objectLockEnabled": True, "tags": TAGS}),
    (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": "meridian-weights-eu-north-1",
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
                    "bucketKeyEnabled": True,
                }
            ],
        },
    ),
    (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "meridian-weights-eu-north-1", "versioningConfiguration": {"status": "Enabled"}},
    ),
    (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": "meridian-weights-eu-north-1",
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
    ),
    (
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "meridian-weights-eu-north-1", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
    ),
    (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": "meridian-audit-eu-north-1",
            "rules": [
                {
                    "id": "expire",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "expiration": {"days": 400},
                    "noncurrentVersionExpiration": {"noncurrentDays": 30},
                    "transitions": [{"days": 90, "storageClass": "GLACIER_IR"}],
                    "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                }
            ],
        },
    ),
    (
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        {
            "bucket": "meridian-audit-eu-north-1",
            "rule": {"defaultRetention": {"mode": "COMPLIANCE", "days": 400}},
        },
    ),
    ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "meridian-weights-eu-north-1", "policy": BUCKET_POLICY}),
    (
        "aws:cloudtrail/trail:Trail",
        {
            "name": "meridian-prod-eu",
            "s3BucketName": "meridian-audit-eu-north-1",
            "isMultiRegionTrail": True,
            "enableLogFileValidation": True,
            "kmsKeyId": KEY,
            "cloudWatchLogsGroupArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:meridian-trail:*",
            "cloudWatchLogsRoleArn": ROLE,
            "advancedEventSelectors": [
                {"name": "management", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]}
            ],
        },
    ),
    (
        "aws:cloudwatch/logGroup:LogGroup",
        {"name": f"/aws/eks/{CLUSTER}/cluster", "retentionInDays": 400, "kmsKeyId": KEY, "logGroupClass": "STANDARD"},
    ),
    (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "name": "meridian-5xx",
            "comparisonOperator": "GreaterThanThreshold",
            "evaluationPeriods": 3,
            "metricName": "HTTPCode_ELB_5XX_Count",
            "namespace": "AWS/ApplicationELB",
            "period": 60,
            "statistic": "Sum",
            "threshold": 10,
            "treatMissingData": "notBreaching",
        },
    ),
    (
        "aws:ecr/repository:Repository",
        {
            "name": "meridian/serving",
            "imageTagMutability": "IMMUTABLE",
            "imageScanningConfiguration": {"scanOnPush": True},
            "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        },
    ),
    (
        "aws:secretsmanager/secret:Secret",
        {"name": "meridian/tenants/acme", "kmsKeyId": KEY, "recoveryWindowInDays": 30},
    ),
    (
        "aws:sqs/queue:Queue",
        {"name": "meridian-interruptions", "messageRetentionSeconds": 300, "kmsMasterKeyId": KEY},
    ),
    ("aws:sns/topic:Topic", {"name": "meridian-alerts", "kmsMasterKeyId": KEY}),
    (
        "aws:dynamodb/table:Table",
        {
            "name": "meridian-tenants",
            "billingMode": "PAY_PER_REQUEST",
            "hashKey": "tenant",
            "attributes": [{"name": "tenant", "type": "S"}],
            "deletionProtectionEnabled": True,
        },
    ),
]
