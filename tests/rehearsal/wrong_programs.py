"""Programs that are wrong in their shape, one resource each: what is said, and what the provider must say of it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Wrong:
    """One resource that a provider refuses."""

    type: str
    inputs: dict[str, Any]
    path: str
    """The path of the wrong property, as it is written in the program's language-neutral names."""
    says: str
    """A part of the reason that tells a person what to write."""
    provider: dict[str, Any] = field(default_factory=dict)
    """Configuration of the provider, where that is what is wrong."""


MISSES = "missing required property"

ROLE = "arn:aws:iam::123456789012:role/eks"
VPC: dict[str, Any] = {"cidrBlock": "10.0.0.0/16"}
EKS: dict[str, Any] = {
    "roleArn": ROLE,
    "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
}
GROUP = {"resourceGroupName": "group"}
NAMED = {"metadata": {"name": "one"}}
POD = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "one", "image": "one"}]}}
SPEC: dict[str, Any] = {"selector": {"matchLabels": {"a": "b"}}, "template": POD}
RECORD = {"zoneId": "Z1", "name": "a.example.com", "type": "A", "ttl": 60, "records": ["192.0.2.1"]}
VAULT = {"tenantId": "00000000-0000-0000-0000-000000000002", "sku": {"family": "A", "name": "premium"}}


def _in(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one value changed, at a path of names and list places with dots between them."""
    head, _, rest = path.partition(".")
    return {**values, head: _in(values.get(head) or {}, rest, value) if rest else value}


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


UNKNOWN = (
    Wrong("aws:ec2/vpc:Vpc", {**VPC, "cidrBlok": "10.0.0.0/16"}, "cidrBlok", "write cidrBlock"),
    Wrong(
        "aws:ec2/subnet:Subnet",
        {"vpcId": "vpc-1", "availabilityZon": "eu-north-1a"},
        "availabilityZon",
        "write availabilityZone",
    ),
    Wrong("aws:kms/key:Key", {"keyRotation": True}, "keyRotation", "unknown property"),
    Wrong(
        "aws:eks/cluster:Cluster",
        _in(EKS, "vpcConfig.endpointPublic", True),
        "vpcConfig.endpointPublic",
        "write endpointPublicAccess",
    ),
    Wrong(
        "gcp:compute/network:Network",
        {"autoCreateSubnetwork": False},
        "autoCreateSubnetwork",
        "write autoCreateSubnetworks",
    ),
    Wrong(
        "gcp:compute/subnetwork:Subnetwork",
        {"network": "n", "ipCidrRange": "10.0.0.0/24", "regio": "europe-west4"},
        "regio",
        "write region",
    ),
    Wrong(
        "gcp:container/cluster:Cluster",
        {"privateClusterConfig": {"enablePrivateNode": True}},
        "privateClusterConfig.enablePrivateNode",
        "write enablePrivateNodes",
    ),
    Wrong(
        "azure-native:network:VirtualNetwork",
        {**GROUP, "adressSpace": {}},
        "adressSpace",
        "write addressSpace",
    ),
    Wrong(
        "azure-native:keyvault:Vault",
        {**GROUP, "properties": {**VAULT, "enablePurgeProtections": True}},
        "properties.enablePurgeProtections",
        "write enablePurgeProtection",
    ),
    Wrong(
        "azure-native:containerservice:ManagedCluster",
        {**GROUP, "dnsPrefx": "a"},
        "dnsPrefx",
        "write dnsPrefix",
    ),
    Wrong("kubernetes:core/v1:Namespace", {**NAMED, "meta": {}}, "meta", "write metadata"),
    Wrong("kubernetes:apps/v1:Deployment", {"spec": {**SPEC, "replica": 2}}, "spec.replica", "write replicas"),
    Wrong(
        "kubernetes:apps/v1:Deployment",
        {"spec": _in(SPEC, "template.spec.containers", [{"name": "a", "imag": "b"}])},
        "spec.template.spec.containers[0].imag",
        "write image",
    ),
    Wrong(
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        {"spec": {"podSelector": {}, "policyType": []}},
        "spec.policyType",
        "write policyTypes",
    ),
)

MISSING = (
    Wrong("aws:eks/cluster:Cluster", _without(EKS, "roleArn"), "roleArn", MISSES),
    Wrong(
        "aws:eks/cluster:Cluster",
        {"roleArn": ROLE, "vpcConfig": {}},
        "vpcConfig.subnetIds",
        MISSES,
    ),
    Wrong("aws:route53/record:Record", _without(RECORD, "zoneId"), "zoneId", MISSES),
    Wrong("aws:iam/role:Role", {"name": "one"}, "assumeRolePolicy", MISSES),
    Wrong("aws:ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/24"}, "vpcId", MISSES),
    Wrong(
        "gcp:compute/subnetwork:Subnetwork",
        {"ipCidrRange": "10.0.0.0/24", "region": "europe-west4"},
        "network",
        MISSES,
    ),
    Wrong("gcp:kms/keyRing:KeyRing", {"name": "keys"}, "location", MISSES),
    Wrong("gcp:kms/cryptoKey:CryptoKey", {"name": "key"}, "keyRing", MISSES),
    Wrong("gcp:storage/bucket:Bucket", {"name": "weights"}, "location", MISSES),
    Wrong(
        "azure-native:network:VirtualNetwork",
        {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
        "resourceGroupName",
        MISSES,
    ),
    Wrong(
        "azure-native:keyvault:Vault",
        {**GROUP, "properties": _without(VAULT, "tenantId")},
        "properties.tenantId",
        MISSES,
    ),
    Wrong(
        "azure-native:keyvault:Vault",
        {**GROUP, "properties": {**VAULT, "sku": {"name": "premium"}}},
        "properties.sku.family",
        MISSES,
    ),
    Wrong("azure-native:storage:StorageAccount", {**GROUP, "kind": "StorageV2"}, "sku", MISSES),
    Wrong("kubernetes:apps/v1:Deployment", {"metadata": {"name": "a"}}, "spec", MISSES),
    Wrong("kubernetes:apps/v1:Deployment", {"spec": {"template": POD}}, "spec.selector", MISSES),
    Wrong(
        "kubernetes:apps/v1:Deployment",
        {"spec": _in(SPEC, "template.spec.containers", [{"image": "one"}])},
        "spec.template.spec.containers[0].name",
        MISSES,
    ),
)

WRONG_TYPE = (
    Wrong("aws:ec2/vpc:Vpc", {**VPC, "enableDnsSupport": "perhaps"}, "enableDnsSupport", "write a boolean"),
    Wrong("aws:ec2/vpc:Vpc", {**VPC, "tags": ["a"]}, "tags", "write a map"),
    Wrong("aws:kms/key:Key", {"deletionWindowInDays": "a week"}, "deletionWindowInDays", "write a number"),
    Wrong(
        "aws:eks/cluster:Cluster", _in(EKS, "vpcConfig.subnetIds", "subnet-1"), "vpcConfig.subnetIds", "write a list"
    ),
    Wrong("aws:route53/record:Record", {**RECORD, "records": "192.0.2.1"}, "records", "write a list"),
    Wrong("aws:lb/targetGroup:TargetGroup", {"healthCheck": "/-/ready"}, "healthCheck", "write an object"),
    Wrong("gcp:compute/network:Network", {"mtu": "large"}, "mtu", "write a number"),
    Wrong(
        "gcp:compute/firewall:Firewall",
        {"network": "n", "allows": [{"protocol": "tcp", "ports": "443"}]},
        "allows[0].ports",
        "write a list",
    ),
    Wrong(
        "gcp:container/nodePool:NodePool",
        {"cluster": "c", "autoscaling": 3},
        "autoscaling",
        "write an object",
    ),
    Wrong(
        "gcp:container/nodePool:NodePool",
        {"cluster": "c", "nodeConfig": {"labels": {"a": ["b"]}}},
        "nodeConfig.labels.a",
        "write a string",
    ),
    Wrong(
        "azure-native:network:VirtualNetwork",
        {**GROUP, "addressSpace": "10.0.0.0/16"},
        "addressSpace",
        "write an object",
    ),
    Wrong(
        "azure-native:network:VirtualNetwork",
        {**GROUP, "addressSpace": {"addressPrefixes": "10.0.0.0/16"}},
        "addressSpace.addressPrefixes",
        "write a list",
    ),
    Wrong(
        "azure-native:containerservice:AgentPool",
        {**GROUP, "resourceName": "c", "count": "two"},
        "count",
        "write a number",
    ),
    Wrong("kubernetes:core/v1:Namespace", {"metadata": "one"}, "metadata", "write an object"),
    Wrong(
        "kubernetes:apps/v1:Deployment",
        {"spec": {**SPEC, "replicas": "two"}},
        "spec.replicas",
        "write a number",
    ),
    Wrong("kubernetes:core/v1:Service", {"spec": {"ports": {"port": 80}}}, "spec.ports", "write a list"),
)

SHAPES = (*UNKNOWN, *MISSING, *WRONG_TYPE)
"""Every program that is wrong in its shape."""
