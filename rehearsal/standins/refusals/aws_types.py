"""Which call of which service makes an AWS type, and which of its properties have another name there."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Modelled:
    """A type's place in AWS's API models."""

    service: str
    """The folder of botocore's data."""
    calls: tuple[str, ...]
    """Calls whose inputs hold its properties; `Call.Member` starts further inside."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Path in Pulumi -> member in the model. Empty: none answers. `.`: its properties lie one level up."""


def _of(service: str, *calls: str, **renamed: str) -> Modelled:
    return Modelled(service, calls, {path.replace("__", "."): member for path, member in renamed.items()})


def _actions(path: str) -> dict[str, str]:
    """Return how the provider names the parts of a listener's action, which end in `Config` in the model."""
    parts = ("authenticateCognito", "authenticateOidc", "fixedResponse", "forward", "jwtValidation", "redirect")
    configs = {f"{path}__{part}": f"{part[0].upper()}{part[1:]}Config" for part in parts}
    return configs | {f"{path}__forward__targetGroups__arn": "TargetGroupArn", f"{path}__forward__stickiness": ""}


_CONDITIONS = {
    f"conditions__{part}": f"{part[0].upper()}{part[1:]}Config"
    for part in ("hostHeader", "httpHeader", "httpRequestMethod", "pathPattern", "sourceIp")
}
_RECORDS = "ChangeResourceRecordSets.ChangeBatch.Changes.ResourceRecordSet"

EC2 = {
    "aws:ec2/vpc:Vpc": _of("ec2", "CreateVpc"),
    "aws:ec2/subnet:Subnet": _of("ec2", "CreateSubnet", "ModifySubnetAttribute", availabilityZone=""),
    "aws:ec2/securityGroup:SecurityGroup": _of("ec2", "CreateSecurityGroup", name="GroupName", ingress="", egress=""),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _of(
        "ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupIngress.IpPermissions", securityGroupId="GroupId"
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _of(
        "ec2", "AuthorizeSecurityGroupEgress.IpPermissions", "AuthorizeSecurityGroupEgress", securityGroupId="GroupId"
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _of("ec2", "CreateVpcEndpoint", policy="PolicyDocument"),
    "aws:ec2/routeTable:RouteTable": _of("ec2", "CreateRouteTable", routes=""),
    "aws:ec2/internetGateway:InternetGateway": _of("ec2", "CreateInternetGateway", "AttachInternetGateway"),
    "aws:ec2/natGateway:NatGateway": _of("ec2", "CreateNatGateway", privateIp="PrivateIpAddress"),
    "aws:ec2/eip:Eip": _of("ec2", "AllocateAddress"),
    "aws:ec2/flowLog:FlowLog": _of("ec2", "CreateFlowLogs", iamRoleArn="DeliverLogsPermissionArn"),
    "aws:ec2/launchTemplate:LaunchTemplate": _of(
        "ec2",
        "CreateLaunchTemplate",
        "CreateLaunchTemplate.LaunchTemplateData",
        name="LaunchTemplateName",
        description="VersionDescription",
        vpcSecurityGroupIds="SecurityGroupIds",
        securityGroupNames="SecurityGroups",
    ),
    "aws:ec2/placementGroup:PlacementGroup": _of("ec2", "CreatePlacementGroup", name="GroupName"),
    "aws:ec2/capacityReservation:CapacityReservation": _of("ec2", "CreateCapacityReservation"),
}

EKS = {
    "aws:eks/cluster:Cluster": _of(
        "eks", "CreateCluster", vpcConfig="resourcesVpcConfig", enabledClusterLogTypes="logging.clusterLogging.types"
    ),
    "aws:eks/nodeGroup:NodeGroup": _of(
        "eks", "CreateNodegroup", nodeGroupName="nodegroupName", nodeRoleArn="nodeRole", subnetIds="subnets"
    ),
    "aws:eks/addon:Addon": _of("eks", "CreateAddon", "UpdateAddon", resolveConflictsOnCreate="resolveConflicts"),
    "aws:eks/accessEntry:AccessEntry": _of("eks", "CreateAccessEntry", userName="username"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": _of("eks", "AssociateAccessPolicy"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _of("eks", "CreatePodIdentityAssociation"),
}

IDENTITY = {
    "aws:iam/role:Role": _of("iam", "CreateRole", name="RoleName", assumeRolePolicy="", inlinePolicies=""),
    "aws:iam/policy:Policy": _of("iam", "CreatePolicy", name="PolicyName", policy=""),
    "aws:iam/rolePolicy:RolePolicy": _of("iam", "PutRolePolicy", name="PolicyName", role="RoleName", policy=""),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": _of("iam", "AttachRolePolicy", role="RoleName"),
    "aws:iam/instanceProfile:InstanceProfile": _of(
        "iam", "CreateInstanceProfile", "AddRoleToInstanceProfile", name="InstanceProfileName", role="RoleName"
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": _of(
        "iam", "CreateOpenIDConnectProvider", clientIdLists="ClientIDList", thumbprintLists="ThumbprintList"
    ),
    "aws:kms/key:Key": _of(
        "kms",
        "CreateKey",
        "ScheduleKeyDeletion",
        "EnableKeyRotation",
        customerMasterKeySpec="KeySpec",
        deletionWindowInDays="PendingWindowInDays",
    ),
    "aws:kms/alias:Alias": _of("kms", "CreateAlias", name="AliasName"),
    "aws:acm/certificate:Certificate": _of(
        "acm", "RequestCertificate", validationOptions="DomainValidationOptions", certificateBody="", privateKey=""
    ),
    "aws:secretsmanager/secret:Secret": _of("secretsmanager", "CreateSecret", replicas="AddReplicaRegions"),
}

ENTRY = {
    "aws:lb/loadBalancer:LoadBalancer": _of("elbv2", "CreateLoadBalancer", loadBalancerType="Type"),
    "aws:lb/listener:Listener": _of(
        "elbv2", "CreateListener", certificateArn="Certificates.CertificateArn", **_actions("defaultActions")
    ),
    "aws:lb/targetGroup:TargetGroup": _of(
        "elbv2",
        "CreateTargetGroup",
        healthCheck=".",
        healthCheck__enabled="HealthCheckEnabled",
        healthCheck__healthyThreshold="HealthyThresholdCount",
        healthCheck__interval="HealthCheckIntervalSeconds",
        healthCheck__matcher="",
        healthCheck__path="HealthCheckPath",
        healthCheck__port="HealthCheckPort",
        healthCheck__protocol="HealthCheckProtocol",
        healthCheck__timeout="HealthCheckTimeoutSeconds",
        healthCheck__unhealthyThreshold="UnhealthyThresholdCount",
    ),
    "aws:lb/listenerRule:ListenerRule": _of("elbv2", "CreateRule", **_actions("actions"), **_CONDITIONS),
    "aws:wafv2/webAcl:WebAcl": _of("wafv2", "CreateWebACL", associationConfig=""),
    "aws:wafv2/webAclAssociation:WebAclAssociation": _of("wafv2", "AssociateWebACL"),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": _of(
        "wafv2", "PutLoggingConfiguration.LoggingConfiguration"
    ),
    "aws:wafv2/ipSet:IpSet": _of("wafv2", "CreateIPSet", ipAddressVersion="IPAddressVersion"),
    "aws:route53/zone:Zone": _of("route53", "CreateHostedZone", comment="HostedZoneConfig.Comment", vpcs="VPC"),
    "aws:route53/record:Record": _of(
        "route53",
        _RECORDS,
        records="ResourceRecords",
        aliases="AliasTarget",
        aliases__name="DNSName",
        aliases__zoneId="HostedZoneId",
        failoverRoutingPolicies=".",
        failoverRoutingPolicies__type="Failover",
        geolocationRoutingPolicies="GeoLocation",
        geolocationRoutingPolicies__continent="ContinentCode",
        geolocationRoutingPolicies__country="CountryCode",
        geolocationRoutingPolicies__subdivision="",  # the provider's "*" stands for "no subdivision"
        geoproximityRoutingPolicy="GeoProximityLocation",
        latencyRoutingPolicies=".",
        latencyRoutingPolicies__region="Region",
        weightedRoutingPolicies=".",
        weightedRoutingPolicies__weight="Weight",
        multivalueAnswerRoutingPolicy="MultiValueAnswer",
    ),
    "aws:route53/healthCheck:HealthCheck": _of(
        "route53",
        "CreateHealthCheck.HealthCheckConfig",
        "CreateHealthCheck",
        fqdn="FullyQualifiedDomainName",
        invertHealthcheck="Inverted",
        childHealthThreshold="HealthThreshold",
        cloudwatchAlarmName="AlarmIdentifier.Name",
        cloudwatchAlarmRegion="AlarmIdentifier.Region",
    ),
}

STORES = {
    "aws:s3/bucket:Bucket": _of(
        "s3",
        "CreateBucket",
        "PutBucketEncryption",
        "PutBucketAccelerateConfiguration.AccelerateConfiguration",
        accelerationStatus="Status",
        acl="ACL",
        policy="",
        serverSideEncryptionConfiguration__rule__applyServerSideEncryptionByDefault__kmsMasterKeyId="KMSMasterKeyID",
    ),
    "aws:s3/bucketVersioning:BucketVersioning": _of(
        "s3", "PutBucketVersioning", versioningConfiguration__mfaDelete="MFADelete"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _of(
        "s3", "PutBucketEncryption.ServerSideEncryptionConfiguration", "PutBucketEncryption"
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _of(
        "s3", "PutBucketLifecycleConfiguration.LifecycleConfiguration", "PutBucketLifecycleConfiguration"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": _of(
        "s3", "PutObjectLockConfiguration.ObjectLockConfiguration", "PutObjectLockConfiguration"
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _of("s3", "PutPublicAccessBlock"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _of(
        "s3", "PutBucketOwnershipControls.OwnershipControls", "PutBucketOwnershipControls"
    ),
    "aws:cloudtrail/trail:Trail": _of(
        "cloudtrail",
        "CreateTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        cloudWatchLogsGroupArn="CloudWatchLogsLogGroupArn",
    ),
    "aws:cloudwatch/logGroup:LogGroup": _of("logs", "CreateLogGroup", "PutRetentionPolicy", name="logGroupName"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": _of("cloudwatch", "PutMetricAlarm", name="AlarmName"),
    "aws:ecr/repository:Repository": _of(
        "ecr", "CreateRepository", name="repositoryName", encryptionConfigurations="encryptionConfiguration"
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _of("ecr", "PutLifecyclePolicy", repository="repositoryName", policy=""),
    "aws:sqs/queue:Queue": _of("sqs", "CreateQueue", name="QueueName"),
    "aws:sns/topic:Topic": _of("sns", "CreateTopic"),
    "aws:dynamodb/table:Table": _of(
        "dynamodb",
        "CreateTable",
        name="TableName",
        attributes="AttributeDefinitions",
        attributes__name="AttributeName",
        attributes__type="AttributeType",
        globalSecondaryIndexes="",
        localSecondaryIndexes="",
        serverSideEncryption="",
    ),
}

TYPES: Mapping[str, Modelled] = EC2 | EKS | IDENTITY | ENTRY | STORES
"""Every AWS type whose inputs are held against the model."""
