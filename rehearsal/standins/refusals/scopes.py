"""How far a name must be the only one: in the world, an account and region, a project, a parent, a namespace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.standins.refusals.kubernetes_rules import kind_of
from rehearsal.standins.refusals.places import account_of, cluster_of, gcp_path, project_of, region_of
from rehearsal.standins.refusals.values import known


@dataclass(frozen=True)
class Unique:
    """How a type's name must differ from others."""

    name: str
    """The property that holds the name."""
    scope: tuple[str, ...] = ()
    """`account`, `region`, `project`, `location`, or properties of the resource; none means the whole cloud."""
    code: str = ""
    """What the cloud calls the refusal."""
    family: str = ""
    """Types that share their names have the same word here."""


_REGION = ("account", "region")
_GCP = "409 alreadyExists"
_GROUP = ("resourceGroupName",)
_NODE = ("account", "region", "clusterName")

AWS: Mapping[str, Unique] = {
    "aws:s3/bucket:Bucket": Unique("bucket", (), "BucketAlreadyExists", "bucket"),
    "aws:s3/bucketV2:BucketV2": Unique("bucket", (), "BucketAlreadyExists", "bucket"),
    "aws:iam/role:Role": Unique("name", ("account",), "EntityAlreadyExists"),
    "aws:iam/policy:Policy": Unique("name", ("account",), "EntityAlreadyExists"),
    "aws:iam/instanceProfile:InstanceProfile": Unique("name", ("account",), "EntityAlreadyExists"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Unique("url", ("account",), "EntityAlreadyExists"),
    "aws:kms/alias:Alias": Unique("name", _REGION, "AlreadyExistsException"),
    "aws:eks/cluster:Cluster": Unique("name", _REGION, "ResourceInUseException"),
    "aws:eks/nodeGroup:NodeGroup": Unique("nodeGroupName", _NODE, "ResourceInUseException"),
    "aws:eks/addon:Addon": Unique("addonName", _NODE, "ResourceInUseException"),
    "aws:eks/accessEntry:AccessEntry": Unique("principalArn", _NODE, "ResourceInUseException"),
    "aws:lb/loadBalancer:LoadBalancer": Unique("name", _REGION, "DuplicateLoadBalancerName", "lb"),
    "aws:alb/loadBalancer:LoadBalancer": Unique("name", _REGION, "DuplicateLoadBalancerName", "lb"),
    "aws:lb/targetGroup:TargetGroup": Unique("name", _REGION, "DuplicateTargetGroupName", "group"),
    "aws:alb/targetGroup:TargetGroup": Unique("name", _REGION, "DuplicateTargetGroupName", "group"),
    "aws:lb/listener:Listener": Unique("port", ("loadBalancerArn",), "DuplicateListener"),
    "aws:lb/listenerRule:ListenerRule": Unique("priority", ("listenerArn",), "PriorityInUse"),
    "aws:ec2/launchTemplate:LaunchTemplate": Unique(
        "name", _REGION, "InvalidLaunchTemplateName.AlreadyExistsException"
    ),
    "aws:ec2/placementGroup:PlacementGroup": Unique("name", _REGION, "InvalidPlacementGroup.Duplicate"),
    "aws:ec2/securityGroup:SecurityGroup": Unique("name", ("account", "region", "vpcId"), "InvalidGroup.Duplicate"),
    "aws:ec2/route:Route": Unique("destinationCidrBlock", ("routeTableId",), "RouteAlreadyExists"),
    "aws:wafv2/webAcl:WebAcl": Unique("name", ("account", "region", "scope"), "WAFDuplicateItemException"),
    "aws:wafv2/ipSet:IpSet": Unique("name", ("account", "region", "scope"), "WAFDuplicateItemException"),
    "aws:cloudwatch/logGroup:LogGroup": Unique("name", _REGION, "ResourceAlreadyExistsException"),
    "aws:cloudtrail/trail:Trail": Unique("name", _REGION, "TrailAlreadyExistsException"),
    "aws:ecr/repository:Repository": Unique("name", _REGION, "RepositoryAlreadyExistsException"),
    "aws:secretsmanager/secret:Secret": Unique("name", _REGION, "ResourceExistsException"),
    "aws:dynamodb/table:Table": Unique("name", _REGION, "ResourceInUseException"),
    "aws:ssm/parameter:Parameter": Unique("name", _REGION, "ParameterAlreadyExists"),
    "aws:autoscaling/group:Group": Unique("name", _REGION, "AlreadyExists"),
}


def _global(code: str = _GCP) -> Unique:
    return Unique("name", ("project",), code)


def _regional(name: str = "name") -> Unique:
    return Unique(name, ("project", "location"), _GCP)


GCP: Mapping[str, Unique] = {
    "gcp:storage/bucket:Bucket": Unique("name", (), "409 conflict: the requested bucket name is not available"),
    "gcp:compute/network:Network": _global(),
    "gcp:compute/firewall:Firewall": _global(),
    "gcp:compute/globalAddress:GlobalAddress": _global(),
    "gcp:compute/sSLPolicy:SSLPolicy": _global(),
    "gcp:compute/subnetwork:Subnetwork": _regional(),
    "gcp:compute/router:Router": _regional(),
    "gcp:compute/routerNat:RouterNat": Unique("name", ("project", "location", "router"), _GCP),
    "gcp:compute/address:Address": _regional(),
    "gcp:compute/regionBackendService:RegionBackendService": _regional(),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": _regional(),
    "gcp:compute/regionUrlMap:RegionUrlMap": _regional(),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": _regional(),
    "gcp:compute/forwardingRule:ForwardingRule": _regional(),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": _regional(),
    "gcp:compute/regionSslPolicy:RegionSslPolicy": _regional(),
    "gcp:container/cluster:Cluster": _regional(),
    "gcp:container/nodePool:NodePool": Unique("name", ("project", "location", "cluster"), _GCP),
    "gcp:kms/keyRing:KeyRing": _regional(),
    "gcp:kms/cryptoKey:CryptoKey": Unique("name", ("keyRing",), _GCP),
    "gcp:dns/managedZone:ManagedZone": _global(),
    "gcp:dns/recordSet:RecordSet": Unique("name", ("project", "managedZone", "type"), _GCP),
    "gcp:serviceaccount/account:Account": Unique("accountId", ("project",), _GCP),
    "gcp:projects/iAMCustomRole:IAMCustomRole": Unique("roleId", ("project",), _GCP),
    "gcp:artifactregistry/repository:Repository": _regional("repositoryId"),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": _regional("bucketId"),
    "gcp:logging/projectSink:ProjectSink": _global(),
    "gcp:certificatemanager/certificate:Certificate": _regional(),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": _regional(),
    "gcp:secretmanager/secret:Secret": Unique("secretId", ("project",), _GCP),
    "gcp:secretmanager/regionalSecret:RegionalSecret": _regional("secretId"),
}
AZURE: Mapping[str, Unique] = {
    "azure-native:resources:ResourceGroup": Unique("resourceGroupName", ("subscription",), "409 Conflict"),
    "azure-native:storage:StorageAccount": Unique("accountName", (), "409 StorageAccountAlreadyTaken"),
    "azure-native:keyvault:Vault": Unique("vaultName", (), "409 VaultAlreadyExists"),
    "azure-native:containerregistry:Registry": Unique("registryName", (), "409 AlreadyInUse"),
    "azure-native:trafficmanager:Profile": Unique("profileName", (), "409 Conflict"),
    "azure-native:network:VirtualNetwork": Unique("virtualNetworkName", _GROUP, "409 Conflict"),
    "azure-native:network:Subnet": Unique("subnetName", ("resourceGroupName", "virtualNetworkName"), "409 Conflict"),
    "azure-native:network:NatGateway": Unique("natGatewayName", _GROUP, "409 Conflict"),
    "azure-native:network:PublicIPAddress": Unique("publicIpAddressName", _GROUP, "409 Conflict"),
    "azure-native:network:ApplicationGateway": Unique("applicationGatewayName", _GROUP, "409 Conflict"),
    "azure-native:network:PrivateEndpoint": Unique("privateEndpointName", _GROUP, "409 Conflict"),
    "azure-native:network:WebApplicationFirewallPolicy": Unique("policyName", _GROUP, "409 Conflict"),
    "azure-native:privatedns:PrivateZone": Unique("privateZoneName", _GROUP, "409 Conflict"),
    "azure-native:containerservice:ManagedCluster": Unique("resourceName", _GROUP, "409 Conflict"),
    "azure-native:containerservice:AgentPool": Unique(
        "agentPoolName", ("resourceGroupName", "resourceName"), "409 Conflict"
    ),
    "azure-native:keyvault:Key": Unique("keyName", ("vaultName",), "409 Conflict"),
    "azure-native:managedidentity:UserAssignedIdentity": Unique("resourceName", _GROUP, "409 Conflict"),
    "azure-native:operationalinsights:Workspace": Unique("workspaceName", _GROUP, "409 Conflict"),
    "azure-native:compute:DiskEncryptionSet": Unique("diskEncryptionSetName", _GROUP, "409 Conflict"),
    "azure-native:authorization:RoleAssignment": Unique(
        "principalId", ("scope", "roleDefinitionId"), "409 RoleAssignmentExists"
    ),
}
UNIQUE: Mapping[str, Unique] = {**AWS, **GCP, **AZURE}


def key_of(package: str, token: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str | None:
    """Return what must be the only one of its kind, as text; None for what may be there twice or is not known."""
    if package == "kubernetes":
        return _object_key(token, inputs, provider)
    unique = UNIQUE.get(token)
    if unique is None:
        return None
    parts: list[str | None] = [unique.family or token]
    for part in unique.scope:
        parts.append(_place(part, inputs, provider))
    parts.append(_name(inputs.get(unique.name), azure=package == "azure-native"))
    return None if None in parts else "|".join(map(str, parts))


def _place(part: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str | None:
    match part:
        case "account":
            return account_of(provider)
        case "project":
            return project_of(inputs, provider)
        case "region" | "location":
            return region_of(inputs, provider) or ""
        case "subscription":
            return str(provider.get("subscriptionId", "")).lower()
    found = _name(inputs.get(part), azure=True)
    # A pool may name its cluster by its name or by its whole path.
    return found.rsplit("/", 1)[-1] if found and part == "cluster" else found and gcp_path(found)


def _name(value: Any, *, azure: bool) -> str | None:
    """Return a name as text; Azure compares names without regard to case."""
    if not known(value) or isinstance(value, Mapping | list):
        return None
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.lower() if azure else text


def _object_key(token: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str | None:
    metadata = inputs.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(metadata, Mapping) or not isinstance(name, str) or not known(name) or "helm.sh" in token:
        return None
    if token.rsplit(":", 1)[-1].endswith("Patch"):
        return None  # a patch is made upon what is there
    group = token.split(":")[1].split("/")[0]
    namespace = metadata.get("namespace") or provider.get("namespace") or "default"
    return "|".join((cluster_of(provider), group, kind_of(token, inputs), str(namespace), name))
