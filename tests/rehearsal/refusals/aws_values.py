"""Names and documents of the production region on AWS that the tables of inputs share."""

import json

ACCOUNT = "111122223333"
REGION = "eu-north-1"
PROVIDER = {"region": REGION, "accountId": ACCOUNT}
TAGS = {"environment": "prod", "owner": "platform@example.com", "data-class": "restricted", "territory": "eu"}
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/meridian-eu-north-1-node"
LB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/meridian-eu/50dc6c495c0c9188"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/meridian-gateway/73e2d6bc24d8a067"
ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/meridian/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/12345678-1234-1234-1234-123456789012"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-meridian"
VPC = "vpc-0a1b2c3d4e5f60718"
SUBNETS = ["subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"]
SECURITY = "sg-0a1b2c3d4e5f60718"
TABLE = "rtb-0a1b2c3d4e5f60718"


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "the account administers",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            },
            {
                "Sid": "logs write",
                "Effect": "Allow",
                "Principal": {"Service": f"logs.{REGION}.amazonaws.com"},
                "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                "Resource": "*",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:*"}},
            },
            {
                "Sid": "the trail encrypts",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": "kms:GenerateDataKey*",
                "Resource": "*",
            },
        ],
    }
)
BUCKET_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "tls-only",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": ["arn:aws:s3:::meridian-weights-eu-north-1", "arn:aws:s3:::meridian-weights-eu-north-1/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
)
READ_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Weights",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::meridian-weights-eu-north-1/*"],
            },
            {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY},
        ],
    }
)

CLUSTER = "meridian-prod-aws-eu-north-1"
