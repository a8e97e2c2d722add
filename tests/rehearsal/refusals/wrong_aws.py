"""What AWS refuses, of one resource alone."""

import json

from tests.rehearsal.refusals import valid_aws, valid_aws_entry, valid_aws_stores
from tests.rehearsal.refusals.aws_values import BUCKET_POLICY, LOGS, PROVIDER
from tests.rehearsal.refusals.cases import Cloud, Wrong
from tests.rehearsal.refusals.region_aws import REGION_WORLD

AWS = Cloud(
    "aws",
    [*valid_aws.NETWORK, *valid_aws.CLUSTERS, *valid_aws_entry.ENTRY, *valid_aws_stores.STORES],
    PROVIDER,
    REGION_WORLD,
)
NO_PRINCIPAL = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]},
)
BAD_PRINCIPAL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "not-an-account"}, "Action": "sts:AssumeRole"}],
    }
)
BAD_VERSION = json.dumps(
    {"Version": "2025-01-01", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]},
)
BAD_EFFECT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}]},
)
SPOT_TYPE = {"marketType": "spot", "spotOptions": {"spotInstanceType": "sometimes"}}

MODEL: list[Wrong] = [
    AWS.check("a tenancy that EC2 does not know", "Vpc", "instanceTenancy", "private", "default, dedicated"),
    AWS.check("a flow log of some traffic", "FlowLog", "trafficType", "SOME", "ACCEPT, REJECT, ALL"),
    AWS.check("a strategy of placement", "PlacementGroup", "strategy", "near", "cluster, spread"),
    AWS.check(
        "a platform of reserved instances",
        "CapacityReservation",
        "instancePlatform",
        "Ubuntu",
        "Linux/UNIX",
    ),
    AWS.check(
        "an instance type that does not exist",
        "NodeGroup",
        "instanceTypes[1]",
        "p5.96xlarge",
        "no such machine",
    ),
    AWS.check(
        "a spot request",
        "LaunchTemplate",
        "instanceMarketOptions",
        SPOT_TYPE,
        "one-time",
        "instanceMarketOptions.spotOptions.spotInstanceType",
    ),
    AWS.check("optional tokens in a wrong word", "LaunchTemplate", "metadataOptions.httpTokens", "always", "required"),
    AWS.check("a cluster's authentication", "Cluster", "accessConfig.authenticationMode", "IAM", "API_AND_CONFIG_MAP"),
    AWS.check(
        "a log type of EKS in a wrong case", "Cluster", "enabledClusterLogTypes[1]", "Audit", "write one of audit"
    ),
    AWS.check("a cluster's name with a dot", "Cluster", "name", "meridian.prod", "InvalidParameterException"),
    AWS.check("a capacity type in lower case", "NodeGroup", "capacityType", "spot", "write one of SPOT"),
    AWS.check("an image family that is none", "NodeGroup", "amiType", "UBUNTU_24", "InvalidParameterException"),
    AWS.check("a taint as Kubernetes writes it", "NodeGroup", "taints[0].effect", "NoSchedule", "NO_SCHEDULE"),
    AWS.check("a role's session of a minute", "Role", "maxSessionDuration", 60, "3600 to 43200"),
    AWS.check("a role's name with a slash", "Role", "name", "meridian/node", "ValidationError"),
    AWS.check("a key's use", "Key", "keyUsage", "ENCRYPT", "ENCRYPT_DECRYPT"),
    AWS.check("a listener of an unknown protocol", "Listener", "protocol", "HTTP/2", "HTTPS"),
    AWS.check("a health check that needs eleven answers", "TargetGroup", "healthCheck.healthyThreshold", 11, "2 to 10"),
    AWS.check(
        "a redirect with a number", "Listener", "defaultActions[0].redirect.statusCode", "301", "HTTP_301", place=1
    ),
    AWS.check("a firewall's scope", "WebAcl", "scope", "GLOBAL", "CLOUDFRONT, REGIONAL"),
    AWS.check(
        "a match that is near",
        "WebAcl",
        "rules[0].statement.byteMatchStatement.positionalConstraint",
        "NEAR",
        "EXACTLY",
    ),
    AWS.check("a record type", "Record", "type", "ALIAS", "CNAME"),
    AWS.check("a region that Route 53 does not have", "HealthCheck", "regions[0]", "eu-north-1", "eu-west-1"),
    AWS.check(
        "a bucket encrypted by a wrong word",
        "BucketServerSideEncryptionConfiguration",
        "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
        "KMS",
        "aws:kms",
    ),
    AWS.check(
        "a lock that is strict",
        "BucketObjectLockConfiguration",
        "rule.defaultRetention.mode",
        "STRICT",
        "GOVERNANCE, COMPLIANCE",
    ),
    AWS.check("mutable tags in a wrong word", "Repository", "imageTagMutability", "LOCKED", "IMMUTABLE"),
    AWS.check("a repository in upper case", "Repository", "name", "Meridian/Serving", "InvalidParameterException"),
    AWS.check("an algorithm of a certificate", "Certificate", "keyAlgorithm", "RSA-2048", "RSA_2048"),
]
LOCKED_OUT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:Encrypt", "Resource": "*"}],
    }
)
RULES: list[Wrong] = [
    AWS.check("a key that nobody may change", "Key", "policy", LOCKED_OUT, "update the key policy in the future"),
    AWS.check(
        "a bucket policy of another bucket",
        "BucketPolicy",
        "policy",
        BUCKET_POLICY.replace("weights", "weight"),
        "invalid resource",
        "policy.Statement[0].Resource",
    ),
    AWS.check("a tag that AWS keeps for itself", "Role", "tags", {"aws:owner": "me"}, "reserved", "tags.aws:owner"),
    AWS.check("a tag with a bracket", "Vpc", "tags", {"owner": "me (us)"}, "letters, digits", "tags.owner"),
    AWS.check("a VPC of a /8", "Vpc", "cidrBlock", "10.0.0.0/8", "/16 to /28"),
    AWS.check("a subnet with bits behind its prefix", "Subnet", "cidrBlock", "10.16.1.0/20", "write 10.16.0.0/20"),
    AWS.check("ports that run backwards", "SecurityGroupIngressRule", "fromPort", 8443, "(8443:443)"),
    AWS.check("a port beyond the last", "SecurityGroupIngressRule", "toPort", 70000, "0 to 65535"),
    AWS.check("a rule with two sources", "SecurityGroupIngressRule", "cidrIpv6", "::/0", "just one of"),
    AWS.check(
        "an endpoint of another region",
        "VpcEndpoint",
        "serviceName",
        "com.amazonaws.us-east-1.ecr.api",
        "com.amazonaws.eu-north-1.ecr.api",
    ),
    AWS.check(
        "a gateway endpoint in subnets",
        "VpcEndpoint",
        "subnetIds",
        ["subnet-0a1b2c3d4e5f60711"],
        "a Gateway endpoint has no subnetIds",
        place=1,
    ),
    AWS.check("a flow log without a role", "FlowLog", "iamRoleArn", None, "MissingParameter"),
    AWS.check("user data that is not base64", "LaunchTemplate", "userData", "#!/bin/sh", "b64encode"),
    AWS.check("a cluster that nobody reaches", "Cluster", "vpcConfig.endpointPrivateAccess", False, "cannot be false"),
    AWS.check(
        "services at public addresses",
        "Cluster",
        "kubernetesNetworkConfig.serviceIpv4Cidr",
        "198.18.0.0/16",
        "172.16.0.0/12",
    ),
    AWS.check("a version with its patch", "Cluster", "version", "1.33.2", "'1.33'"),
    AWS.check("a pool that wants more than its most", "NodeGroup", "scalingConfig.desiredSize", 9, "at most 6"),
    AWS.check("a disk beside a launch template", "NodeGroup", "diskSize", 100, "within the launch template"),
    AWS.check("groups of a node's entry", "AccessEntry", "kubernetesGroups", ["x"], "nodes have their groups", place=1),
    AWS.check("a policy that is not JSON", "Policy", "policy", "{'Version': '2012-10-17'}", "json.dumps"),
    AWS.check("a policy of another version", "Policy", "policy", BAD_VERSION, "2012-10-17", "policy.Version"),
    AWS.check(
        "an effect in lower case", "Policy", "policy", BAD_EFFECT, "'Allow' or 'Deny'", "policy.Statement[0].Effect"
    ),
    AWS.check(
        "a trust in nobody",
        "Role",
        "assumeRolePolicy",
        NO_PRINCIPAL,
        "Principal",
        "assumeRolePolicy.Statement[0].Principal",
    ),
    AWS.check(
        "a trust in nonsense",
        "Role",
        "assumeRolePolicy",
        BAD_PRINCIPAL,
        "Invalid principal",
        "assumeRolePolicy.Statement[0].Principal.AWS",
    ),
    AWS.check("a key that dies in a day", "Key", "deletionWindowInDays", 1, "7 to 30"),
    AWS.check("an alias that AWS keeps for itself", "Alias", "name", "alias/aws/logs", "InvalidAliasNameException"),
    AWS.check("a load balancer's long name", "LoadBalancer", "name", "meridian-" * 5, "up to 32"),
    AWS.check("streams that idle for two hours", "LoadBalancer", "idleTimeout", 7200, "1 to 4000"),
    AWS.check("HTTPS without a certificate", "Listener", "certificateArn", None, "CertificateNotFound"),
    AWS.check("a probe slower than its pace", "TargetGroup", "healthCheck.timeout", 10, "less than 10"),
    AWS.check("two rules of one priority", "WebAcl", "rules[2].priority", 10, "the same priority"),
    AWS.check("a managed group with an action", "WebAcl", "rules[1].action", {"block": {}}, "write overrideAction"),
    AWS.check(
        "a firewall's log of another name",
        "WebAclLoggingConfiguration",
        "logDestinationConfigs[0]",
        LOGS.replace("aws-waf-logs-", ""),
        "aws-waf-logs-",
    ),
    AWS.check("a routed record without identifier", "Record", "setIdentifier", None, "unique for this name"),
    AWS.check("an A record of a name", "Record", "records[0]", "example.com", "no value of A", place=1),
    AWS.check("a search for nothing", "HealthCheck", "searchString", None, "is searched"),
    AWS.check("a bucket in upper case", "Bucket", "bucket", "Meridian-Weights", "InvalidBucketName"),
    AWS.check("logs kept for a round year", "LogGroup", "retentionInDays", 360, "365"),
    AWS.check("a trail's group without its star", "Trail", "cloudWatchLogsGroupArn", LOGS, "':*'"),
    AWS.check("a secret that recovers for a day", "Secret", "recoveryWindowInDays", 1, "0 or 7 to 30"),
    AWS.check("a queue that remembers a month", "Queue", "messageRetentionSeconds", 2592000, "60 to 1209600"),
    AWS.check("a table whose key is no attribute", "Table", "hashKey", "model", "into attributes too"),
]
