"""What a cloud refuses to delete: what is protected, what is locked, what others still use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.standins.refusals.places import everything, gcp_path, texts
from rehearsal.standins.refusals.rules import Inputs, value_of
from rehearsal.standins.refusals.values import Problem
from rehearsal.standins.refusals.world import Stored, World

_PROTECTED: Mapping[str, tuple[str, str]] = {
    "aws:eks/cluster:Cluster": ("deletionProtection", "InvalidRequestException"),
    "aws:lb/loadBalancer:LoadBalancer": ("enableDeletionProtection", "OperationNotPermitted"),
    "aws:alb/loadBalancer:LoadBalancer": ("enableDeletionProtection", "OperationNotPermitted"),
    "aws:dynamodb/table:Table": ("deletionProtectionEnabled", "ValidationException"),
    "aws:cloudwatch/logGroup:LogGroup": ("deletionProtectionEnabled", "ValidationException"),
    "aws:rds/instance:Instance": ("deletionProtection", "InvalidParameterCombination"),
    "aws:rds/cluster:Cluster": ("deletionProtection", "InvalidParameterCombination"),
    "gcp:container/cluster:Cluster": ("deletionProtection", "Cannot destroy cluster"),
    "gcp:sql/databaseInstance:DatabaseInstance": ("deletionProtection", "Cannot destroy instance"),
    "gcp:secretmanager/secret:Secret": ("deletionProtection", "Cannot destroy secret"),
    "gcp:secretmanager/regionalSecret:RegionalSecret": ("deletionProtection", "Cannot destroy secret"),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": ("locked", "400 FAILED_PRECONDITION"),
    "gcp:storage/bucket:Bucket": ("retentionPolicy.isLocked", "412 conditionNotMet"),
}
_ON_BY_DEFAULT = {
    "gcp:container/cluster:Cluster",
    "gcp:sql/databaseInstance:DatabaseInstance",
}
"""Types that are protected unless the program says False: the provider's own default."""


@dataclass(frozen=True)
class Use:
    """When a resource in use cannot be deleted."""

    code: str
    by: tuple[str, ...] = ()
    """Beginnings of the types whose use counts; none means every type."""
    unless: str = ""
    """A property of the resource that lets it go all the same."""


_EC2 = "DependencyViolation"
_GCP = "400 resourceInUseByAnotherResource"
_USED: Mapping[str, Use] = {
    "aws:ec2/vpc:Vpc": Use(_EC2, ("aws:ec2/", "aws:vpc/", "aws:lb/", "aws:eks/")),
    "aws:ec2/subnet:Subnet": Use(_EC2, ("aws:ec2/natGateway", "aws:ec2/vpcEndpoint", "aws:lb/", "aws:eks/")),
    "aws:ec2/securityGroup:SecurityGroup": Use(
        _EC2,
        ("aws:ec2/vpcEndpoint", "aws:ec2/securityGroup:", "aws:ec2/launchTemplate", "aws:lb/", "aws:eks/", "aws:vpc/"),
    ),
    "aws:ec2/eip:Eip": Use("AuthFailure: in use", ("aws:ec2/natGateway",)),
    "aws:acm/certificate:Certificate": Use("ResourceInUseException", ("aws:lb/listener", "aws:alb/listener")),
    "aws:lb/targetGroup:TargetGroup": Use("ResourceInUse", ("aws:lb/listener", "aws:alb/listener")),
    "aws:wafv2/webAcl:WebAcl": Use("WAFAssociatedItemException", ("aws:wafv2/webAclAssociation",)),
    "aws:wafv2/ipSet:IpSet": Use("WAFAssociatedItemException", ("aws:wafv2/webAcl:",)),
    "aws:iam/policy:Policy": Use("DeleteConflict", ("aws:iam/",)),
    "aws:iam/role:Role": Use("DeleteConflict", ("aws:iam/instanceProfile", "aws:iam/rolePolic")),
    "aws:eks/cluster:Cluster": Use("ResourceInUseException", ("aws:eks/nodeGroup", "aws:eks/fargateProfile")),
    "aws:ec2/placementGroup:PlacementGroup": Use("InvalidPlacementGroup.InUse", ("aws:ec2/launchTemplate",)),
    "aws:route53/zone:Zone": Use("HostedZoneNotEmpty", ("aws:route53/record",), "forceDestroy"),
    "aws:route53/healthCheck:HealthCheck": Use("HealthCheckInUse", ("aws:route53/healthCheck",)),
    "aws:s3/bucket:Bucket": Use(
        "BucketNotEmpty", ("aws:s3/bucketObject:", "aws:s3/bucketObjectv2:", "aws:cloudtrail/"), "forceDestroy"
    ),
    "gcp:compute/network:Network": Use(_GCP, ("gcp:compute/", "gcp:container/")),
    "gcp:compute/subnetwork:Subnetwork": Use(_GCP, ("gcp:compute/", "gcp:container/")),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": Use(_GCP, ("gcp:compute/regionBackendService",)),
    "gcp:compute/regionBackendService:RegionBackendService": Use(_GCP, ("gcp:compute/",)),
    "gcp:compute/regionUrlMap:RegionUrlMap": Use(_GCP, ("gcp:compute/regionTarget",)),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": Use(_GCP, ("gcp:compute/forwardingRule",)),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": Use(_GCP, ("gcp:compute/regionBackendService",)),
    "gcp:compute/address:Address": Use(_GCP, ("gcp:compute/forwardingRule", "gcp:compute/routerNat")),
    "gcp:certificatemanager/certificate:Certificate": Use(_GCP, ("gcp:compute/regionTarget",)),
    "gcp:dns/managedZone:ManagedZone": Use("400 containerNotEmpty", ("gcp:dns/recordSet",), "forceDestroy"),
    "gcp:storage/bucket:Bucket": Use("409 conflict: not empty", ("gcp:storage/bucketObject:",), "forceDestroy"),
    "azure-native:network:Subnet": Use("400 InUseSubnetCannotBeDeleted"),
    "azure-native:network:PublicIPAddress": Use("400 PublicIPAddressCannotBeDeleted"),
    "azure-native:network:NatGateway": Use("400 InUseNatGatewayCannotBeDeleted"),
    "azure-native:network:NetworkSecurityGroup": Use("400 InUseNetworkSecurityGroupCannotBeDeleted"),
    "azure-native:network:WebApplicationFirewallPolicy": Use("400 ApplicationGatewayFirewallPolicyIsInUse"),
    "azure-native:compute:DiskEncryptionSet": Use("409 OperationNotAllowed"),
}
_BY_NAME = {
    "aws:eks/cluster:Cluster": ("clusterName", "name"),
    "aws:iam/role:Role": ("role", "name"),
    "aws:s3/bucket:Bucket": ("bucket", "bucket"),
    "gcp:dns/managedZone:ManagedZone": ("managedZone", "name"),
    "gcp:storage/bucket:Bucket": ("bucket", "name"),
}
"""Types that others name by their name: (property of the other, property of the type)."""
_LOCKS = (
    "azure-native:authorization:ManagementLockByScope",
    "azure-native:authorization:ManagementLockAtResourceLevel",
)


def undeletable(token: str, id: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    """Yield why a resource cannot be deleted now."""
    flag, code = _PROTECTED.get(token, ("", ""))
    said = value_of(inputs, flag) if flag else None
    if said is True or (said is None and token in _ON_BY_DEFAULT):
        yield Problem(flag, f"{code}: it is protected: write {flag}=False, run `up`, then delete it")
    if inputs.get("deletionPolicy") == "PREVENT":
        yield Problem("deletionPolicy", "deletion_policy is PREVENT: write DELETE, run `up`, then delete it")
    yield from _locked(id, world)
    use = _USED.get(token)
    if use is None or (use.unless and inputs.get(use.unless) is True):
        return
    users = list(_users(token, id, inputs, use, world))
    if users:
        shown = ", ".join(users[:3]) + (", …" if len(users) > 3 else "")
        yield Problem("", f"{use.code}: {id} is in use by {shown}: delete these first, or move them away")


def _users(token: str, id: str, inputs: Inputs, use: Use, world: World) -> Iterator[str]:
    own = world.find(id)
    names = _names_of(id, own)
    path, name = _BY_NAME.get(token, ("", ""))
    own_name = inputs.get(name) or (everything(own).get(name) if own else None)
    for other in world.resources(token.split(":")[0]):
        if (other.id == id and other.token == token) or (use.by and not other.token.startswith(use.by)):
            continue
        refers = any(_folded(value) in names for _, value in texts(other.inputs))
        by_name = bool(path) and other.inputs.get(path) in (own_name, id) and own_name is not None
        if refers or by_name:
            yield other.id


def _names_of(id: str, stored: Stored | None) -> set[str]:
    outputs: Mapping[str, Any] = stored.outputs if stored is not None else {}
    values = (id, *(outputs.get(name) for name in ("arn", "selfLink", "id")))
    return {_folded(value) for value in values if isinstance(value, str) and value}


def _folded(value: str) -> str:
    return gcp_path(value).lower()


def _locked(id: str, world: World) -> Iterator[Problem]:
    for token in _LOCKS:
        for lock in world.resources("azure-native", token):
            scope = str(lock.inputs.get("scope") or "").lower().rstrip("/")
            inside = id.lower() == scope or id.lower().startswith(f"{scope}/")
            if (
                scope
                and inside
                and lock.id.lower() != id.lower()
                and not id.lower().startswith(f"{scope}/providers/microsoft.authorization/locks")
            ):
                yield Problem("", f"409 ScopeLocked: {lock.id} locks {scope}: delete the lock first")
