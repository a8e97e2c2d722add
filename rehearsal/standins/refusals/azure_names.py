"""Azure's rules of names, from "Naming rules and restrictions for Azure resources" (learn.microsoft.com) and the REST
API's reference where that page is silent (node pools, keys, Bastion's and gateways' subnets)."""

from collections.abc import Mapping
from dataclasses import dataclass

_NETWORK = r"[a-zA-Z0-9](?:[\w.-]{0,78}\w)?"
_NETWORK_ADVICE = "up to 80 letters, digits, '_', '.', '-', beginning with a letter or digit, not ending with '.', '-'"
_ZONE = r"(?=.{1,63}$)[\w-]+(\.[\w-]+){1,33}"


@dataclass(frozen=True)
class Name:
    """How a type's name is written."""

    property: str
    pattern: str
    advice: str


def _network(name: str) -> Name:
    return Name(name, _NETWORK, _NETWORK_ADVICE)


NAMES: Mapping[str, Name] = {
    "azure-native:resources:ResourceGroup": Name(
        "resourceGroupName", r"[\w().-]{0,89}[\w()-]", "up to 90 letters, digits, '_()-.', no '.' at the end"
    ),
    "azure-native:network:VirtualNetwork": Name(
        "virtualNetworkName", r"[a-zA-Z0-9][\w.-]{0,62}\w", "2 to 64 letters, digits, '_', '.', '-'"
    ),
    "azure-native:network:Subnet": _network("subnetName"),
    "azure-native:network:NatGateway": _network("natGatewayName"),
    "azure-native:network:PublicIPAddress": _network("publicIpAddressName"),
    "azure-native:network:ApplicationGateway": _network("applicationGatewayName"),
    "azure-native:network:NetworkSecurityGroup": _network("networkSecurityGroupName"),
    "azure-native:network:RouteTable": _network("routeTableName"),
    "azure-native:network:BastionHost": _network("bastionHostName"),
    "azure-native:network:PrivateEndpoint": _network("privateEndpointName"),
    "azure-native:network:WebApplicationFirewallPolicy": Name(
        "policyName", r"[a-zA-Z0-9]{1,128}|[a-zA-Z][\w-]{0,127}", "up to 128 letters, digits, '_', '-', from a letter"
    ),
    "azure-native:privatedns:PrivateZone": Name("privateZoneName", _ZONE, "a zone of two labels or more"),
    "azure-native:privatedns:VirtualNetworkLink": _network("virtualNetworkLinkName"),
    "azure-native:dns:Zone": Name("zoneName", _ZONE, "a zone of two labels or more"),
    "azure-native:containerservice:ManagedCluster": Name(
        "resourceName", r"[a-zA-Z0-9](?:[\w-]{0,61}[a-zA-Z0-9])?",
        "up to 63 letters, digits, '_', '-', none of these at an end"
    ),
    "azure-native:containerservice:AgentPool": Name(
        "agentPoolName", r"[a-z][a-z0-9]{0,11}", "up to 12 lower-case letters and digits, beginning with a letter"
    ),
    "azure-native:keyvault:Vault": Name(
        "vaultName", r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]", "3 to 24 letters, digits, '-', from a letter"
    ),
    "azure-native:keyvault:Key": Name("keyName", r"[a-zA-Z0-9-]{1,127}", "up to 127 letters, digits, '-'"),
    "azure-native:keyvault:Secret": Name("secretName", r"[a-zA-Z0-9-]{1,127}", "up to 127 letters, digits, '-'"),
    "azure-native:managedidentity:UserAssignedIdentity": Name(
        "resourceName", r"[a-zA-Z0-9][\w-]{2,127}", "3 to 128 letters, digits, '_', '-'"
    ),
    "azure-native:storage:StorageAccount": Name("accountName", r"[a-z0-9]{3,24}", "3 to 24 of a-z, 0-9"),
    "azure-native:storage:BlobContainer": Name(
        "containerName", r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]|\$root|\$web|\$logs", "3 to 63 of a-z, 0-9, '-'"
    ),
    "azure-native:operationalinsights:Workspace": Name(
        "workspaceName", r"[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]", "4 to 63 letters, digits, '-'"
    ),
    "azure-native:containerregistry:Registry": Name("registryName", r"[a-zA-Z0-9]{5,50}", "5 to 50 letters and digits"),
    "azure-native:compute:DiskEncryptionSet": Name(
        "diskEncryptionSetName", r"[\w-]{1,80}", "up to 80 letters, digits, '_', '-'"
    ),
    "azure-native:trafficmanager:Profile": Name(
        "profileName", r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?", "up to 63 letters, digits, '.', '-'"
    ),
}  # fmt: skip
"""How names are written, by type."""
