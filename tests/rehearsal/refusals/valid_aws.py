"""Networks and clusters of a production region on AWS that must pass: a false refusal is as bad as a missing one."""

import base64
from typing import Any

from tests.rehearsal.refusals.aws_values import (
    CLUSTER,
    KEY,
    LOGS,
    READ_POLICY,
    REGION,
    ROLE,
    SECURITY,
    SUBNETS,
    TABLE,
    TAGS,
    VPC,
    trust,
)

LAUNCH = {
    "name": "meridian-gpu-h100",
    "updateDefaultVersion": True,
    "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1},
    "blockDeviceMappings": [
        {
            "deviceName": "/dev/xvda",
            "ebs": {
                "volumeSize": 500,
                "volumeType": "gp3",
                "iops": 6000,
                "throughput": 500,
                "encrypted": "true",
                "kmsKeyId": KEY,
                "deleteOnTermination": "true",
            },
        }
    ],
    "capacityReservationSpecification": {
        "capacityReservationPreference": "capacity-reservations-only",
        "capacityReservationTarget": {"capacityReservationId": "cr-0a1b2c3d4e5f60718"},
    },
    "placement": {"groupName": "meridian-h100", "tenancy": "default"},
    "userData": base64.b64encode(b"[settings.kubernetes]\n").decode(),
    "tagSpecifications": [{"resourceType": "instance", "tags": TAGS}, {"resourceType": "volume", "tags": TAGS}],
    "vpcSecurityGroupIds": [SECURITY],
    "tags": TAGS,
}
EKS = {
    "name": CLUSTER,
    "roleArn": ROLE,
    "version": "1.33",
    "vpcConfig": {
        "subnetIds": SUBNETS,
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
        "securityGroupIds": [SECURITY],
    },
    "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
    "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
    "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
    "kubernetesNetworkConfig": {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.20.0.0/16"},
    "upgradePolicy": {"supportType": "STANDARD"},
    "zonalShiftConfig": {"enabled": True},
    "deletionProtection": True,
    "bootstrapSelfManagedAddons": False,
    "tags": TAGS,
}
NODES = {
    "clusterName": CLUSTER,
    "nodeGroupName": "h100-spot-a",
    "nodeRoleArn": ROLE,
    "subnetIds": SUBNETS[:1],
    "amiType": "AL2023_x86_64_NVIDIA",
    "capacityType": "SPOT",
    "instanceTypes": ["p5.48xlarge", "p5e.48xlarge"],
    "scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": 6},
    "updateConfig": {"maxUnavailable": 1},
    "nodeRepairConfig": {"enabled": True},
    "launchTemplate": {"id": "lt-0a1b2c3d4e5f60718", "version": "3"},
    "labels": {"meridian.dev/pool": "h100-spot"},
    "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
    "tags": TAGS,
}
NETWORK: list[tuple[str, dict[str, Any]]] = [
    ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.16.0.0/16", "enableDnsHostnames": True, "instanceTenancy": "default"}),
    (
        "aws:ec2/subnet:Subnet",
        {"vpcId": VPC, "cidrBlock": "10.16.0.0/20", "availabilityZone": "eu-north-1a", "mapPublicIpOnLaunch": False},
    ),
    (
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "name": "meridian-endpoints",
            "description": "What nodes ask of AWS: private endpoints only.",
            "vpcId": VPC,
            "ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.16.0.0/16"]}],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            "tags": TAGS,
        },
    ),
    (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"securityGroupId": SECURITY, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"},
    ),
    (
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": SECURITY, "ipProtocol": "-1", "referencedSecurityGroupId": "sg-0a1b2c3d4e5f61"},
    ),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": VPC,
            "vpcEndpointType": "Interface",
            "serviceName": f"com.amazonaws.{REGION}.ecr.api",
            "privateDnsEnabled": True,
            "subnetIds": SUBNETS,
            "securityGroupIds": [SECURITY],
            "ipAddressType": "ipv4",
        },
    ),
    (
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": VPC,
            "vpcEndpointType": "Gateway",
            "serviceName": f"com.amazonaws.{REGION}.s3",
            "routeTableIds": [TABLE],
        },
    ),
    ("aws:ec2/routeTable:RouteTable", {"vpcId": VPC, "tags": TAGS}),
    (
        "aws:ec2/route:Route",
        {
            "routeTableId": TABLE,
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": "igw-0a1b2c3d4e5f6",
        },
    ),
    ("aws:ec2/internetGateway:InternetGateway", {"vpcId": VPC}),
    ("aws:ec2/eip:Eip", {"domain": "vpc"}),
    (
        "aws:ec2/natGateway:NatGateway",
        {"allocationId": "eipalloc-0a1b2c3d4e5f6", "subnetId": SUBNETS[0], "connectivityType": "public"},
    ),
    (
        "aws:ec2/flowLog:FlowLog",
        {
            "vpcId": VPC,
            "trafficType": "ALL",
            "logDestinationType": "cloud-watch-logs",
            "logDestination": LOGS,
            "iamRoleArn": ROLE,
            "maxAggregationInterval": 60,
        },
    ),
    ("aws:ec2/launchTemplate:LaunchTemplate", LAUNCH),
    ("aws:ec2/placementGroup:PlacementGroup", {"name": "meridian-h100", "strategy": "cluster"}),
    (
        "aws:ec2/capacityReservation:CapacityReservation",
        {
            "availabilityZone": "eu-north-1a",
            "instanceCount": 4,
            "instancePlatform": "Linux/UNIX",
            "instanceType": "p5.48xlarge",
            "instanceMatchCriteria": "targeted",
            "endDateType": "unlimited",
        },
    ),
]

CLUSTERS: list[tuple[str, dict[str, Any]]] = [
    ("aws:eks/cluster:Cluster", EKS),
    ("aws:eks/nodeGroup:NodeGroup", NODES),
    (
        "aws:eks/nodeGroup:NodeGroup",
        NODES
        | {
            "amiType": "BOTTLEROCKET_x86_64",
            "capacityType": "ON_DEMAND",
            "updateConfig": {"maxUnavailablePercentage": 33},
        },
    ),
    (
        "aws:eks/addon:Addon",
        {
            "clusterName": CLUSTER,
            "addonName": "vpc-cni",
            "addonVersion": "v1.20.4-eksbuild.2",
            "resolveConflictsOnCreate": "OVERWRITE",
            "resolveConflictsOnUpdate": "PRESERVE",
            "configurationValues": '{"enableNetworkPolicy":"true"}',
        },
    ),
    (
        "aws:eks/accessEntry:AccessEntry",
        {"clusterName": CLUSTER, "principalArn": ROLE, "type": "STANDARD", "kubernetesGroups": ["meridian-deployers"]},
    ),
    ("aws:eks/accessEntry:AccessEntry", {"clusterName": CLUSTER, "principalArn": ROLE, "type": "EC2_LINUX"}),
    (
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        {
            "clusterName": CLUSTER,
            "principalArn": ROLE,
            "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            "accessScope": {"type": "cluster"},
        },
    ),
    (
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {"clusterName": CLUSTER, "namespace": "model-llama-70b", "serviceAccount": "engine", "roleArn": ROLE},
    ),
    (
        "aws:iam/role:Role",
        {
            "name": "meridian-node",
            "assumeRolePolicy": trust("ec2.amazonaws.com"),
            "maxSessionDuration": 3600,
            "path": "/",
        },
    ),
    ("aws:iam/role:Role", {"assumeRolePolicy": trust("pods.eks.amazonaws.com"), "description": "Reads the weights."}),
    ("aws:iam/policy:Policy", {"name": "meridian-weights", "policy": READ_POLICY}),
    ("aws:iam/rolePolicy:RolePolicy", {"name": "weights", "role": "meridian-node", "policy": READ_POLICY}),
    (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "meridian-node", "policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"},
    ),
    ("aws:iam/instanceProfile:InstanceProfile", {"name": "meridian-node", "role": "meridian-node"}),
    (
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {
            "url": "https://oidc.eks.eu-north-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
            "clientIdLists": ["sts.amazonaws.com"],
            "thumbprintLists": ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"],
        },
    ),
]
