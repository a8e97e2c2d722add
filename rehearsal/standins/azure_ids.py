"""Resource ids of Azure, from the type and the names in a resource's inputs."""

import re
from collections.abc import Mapping
from typing import Any

_NAMESPACES = {
    "authorization": "Authorization", "compute": "Compute", "containerregistry": "ContainerRegistry",
    "containerservice": "ContainerService", "insights": "Insights", "keyvault": "KeyVault",
    "managedidentity": "ManagedIdentity", "monitor": "Insights", "network": "Network",
    "operationalinsights": "OperationalInsights", "privatedns": "Network", "storage": "Storage",
}  # fmt: skip
"""Spelling of the providers' names where it is not the module's with a capital letter."""

_TYPES = {
    "NatGateway": "natGateways", "PublicIPAddress": "publicIPAddresses", "PrivateZone": "privateDnsZones",
    "WebApplicationFirewallPolicy": "ApplicationGatewayWebApplicationFirewallPolicies", "Registry": "registries",
    "UserAssignedIdentity": "userAssignedIdentities", "NetworkSecurityGroup": "networkSecurityGroups",
    "BlobContainer": "containers", "ManagedClusterVirtualMachines": "virtualMachines",
}  # fmt: skip
"""The last part of a type where it is not the class in the plural."""

_PARENTS = {
    "Subnet": (("virtualNetworks", "virtualNetworkName"),),
    "AgentPool": (("managedClusters", "resourceName"),),
    "Key": (("vaults", "vaultName"),), "Secret": (("vaults", "vaultName"),),
    "SecurityRule": (("networkSecurityGroups", "networkSecurityGroupName"),),
    "Route": (("routeTables", "routeTableName"),),
    "BlobContainer": (("storageAccounts", "accountName"), ("blobServices", "")),
    "VirtualNetworkLink": (("privateDnsZones", "privateZoneName"),),
    "PrivateRecordSet": (("privateDnsZones", "privateZoneName"),),
    "PrivateDnsZoneGroup": (("privateEndpoints", "privateEndpointName"),),
    "FederatedIdentityCredential": (("userAssignedIdentities", "resourceName"),),
}  # fmt: skip
"""What a type lies in: part of the path, and the input that names it."""


def azure_id(token: str, name: str, inputs: Mapping[str, Any], subscription: str) -> str:
    """Return the id of a resource that is called `name`."""
    _, module, kind = token.split(":")
    group = f"/subscriptions/{subscription}/resourceGroups/{inputs.get('resourceGroupName', '')}"
    if kind == "ResourceGroup":
        return f"/subscriptions/{subscription}/resourceGroups/{name}"
    if "scope" in inputs or "resourceUri" in inputs:
        group = str(inputs.get("scope") or inputs.get("resourceUri"))
    if kind == "PrivateRecordSet":
        kind = str(inputs.get("recordType", "A"))
    path = "".join(f"/{part}/{inputs.get(said) if said else 'default'}" for part, said in _PARENTS.get(kind, ()))
    provider = f"Microsoft.{_NAMESPACES.get(module, module.capitalize())}"
    return f"{group}/providers/{provider}{path}/{_TYPES.get(kind) or _plural(kind)}/{name}"


def azure_type(resource_id: str) -> str:
    """Return the type that an id holds, e.g. `Microsoft.Network/virtualNetworks/subnets`."""
    provider, _, rest = resource_id.rpartition("/providers/")[2].partition("/")
    return "/".join([provider, *rest.split("/")[::2]]) if rest else "Microsoft.Resources/resourceGroups"


def _plural(kind: str) -> str:
    lower = kind[0].lower() + kind[1:]
    if re.search(r"[^aeiou]y$", lower):
        return f"{lower[:-1]}ies"
    return f"{lower}es" if lower.endswith(("s", "x")) else f"{lower}s"
