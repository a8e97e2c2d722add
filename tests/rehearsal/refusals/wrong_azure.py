"""What Azure refuses, of one resource alone and because of what else there is, or was."""

from dataclasses import replace
from typing import Any

from rehearsal.standins.refusals import tombstone
from tests.rehearsal.refusals import valid_azure, valid_azure_stores
from tests.rehearsal.refusals.azure_values import (
    ADDRESS,
    GATEWAY,
    GROUP,
    PROVIDER,
    ROOT,
    STORAGE,
    SUBNETS,
    VAULT,
    VNET,
    WORLD,
    azure,
)
from tests.rehearsal.refusals.cases import Cloud, Wrong
from tests.rehearsal.refusals.memory import Thing

AZURE = Cloud("azure-native", [*valid_azure.INPUTS, *valid_azure_stores.STORES], PROVIDER, WORLD)
MODEL: list[Wrong] = [
    AZURE.check("a tier of a gateway", "ApplicationGateway", "sku.tier", "WAF_v3", "WAF_v2"),
    AZURE.check(
        "a mode of a firewall", "WebApplicationFirewallPolicy", "policySettings.mode", "Block", "Prevention, Detection"
    ),
    AZURE.check(
        "an allocation of an address", "PublicIPAddress", "publicIPAllocationMethod", "Fixed", "Static, Dynamic"
    ),
    AZURE.check(
        "a network plug-in", "ManagedCluster", "networkProfile.networkPlugin", "cilium", "azure, kubenet, none"
    ),
    AZURE.check("a channel of upgrades", "ManagedCluster", "autoUpgradeProfile.upgradeChannel", "regular", "stable"),
    AZURE.check(
        "a vault's reach",
        "ManagedCluster",
        "securityProfile.azureKeyVaultKms.keyVaultNetworkAccess",
        "VNet",
        "Public, Private",
    ),
    AZURE.check("a pool's mode", "AgentPool", "mode", "Gpu", "System, User"),
    AZURE.check("an image of a pool", "AgentPool", "osSKU", "Debian", "Ubuntu"),
    AZURE.check("a vault's tier", "Vault", "properties.sku.name", "hsm", "standard, premium"),
    AZURE.check("a key's type", "Key", "properties.kty", "RSA-4096", "RSA-HSM"),
    AZURE.check("a store's redundancy", "StorageAccount", "sku.name", "Standard_3AZ", "Standard_LRS"),
    AZURE.check("a TLS version with a dot", "StorageAccount", "minimumTlsVersion", "TLS1.2", "TLS1_2"),
    AZURE.check("a registry's tier", "Registry", "sku.name", "Enterprise", "Premium"),
    AZURE.check(
        "an encryption of disks",
        "DiskEncryptionSet",
        "encryptionType",
        "CustomerKey",
        "EncryptionAtRestWithCustomerKey",
    ),
]
RULES: list[Wrong] = [
    AZURE.check("a tag with a question", "Vault", "tags", {"owner?": "me"}, "InvalidTag", "tags.owner?"),
    AZURE.check(
        "a subnet outside its network",
        "VirtualNetwork",
        "subnets[1].addressPrefix",
        "10.34.1.0/24",
        "NetcfgInvalidSubnet",
    ),
    AZURE.check(
        "two subnets on each other",
        "VirtualNetwork",
        "subnets[1].addressPrefix",
        "10.33.0.128/25",
        "NetcfgSubnetRangesOverlap",
    ),
    AZURE.check("a prefix with bits behind it", "Subnet", "addressPrefix", "10.32.67.1/26", "write 10.32.67.0/26"),
    AZURE.check("an address that idles for an hour", "PublicIPAddress", "idleTimeoutInMinutes", 60, "4 to 30"),
    AZURE.check(
        "a standard address that moves", "PublicIPAddress", "publicIPAllocationMethod", "Dynamic", "must be static"
    ),
    AZURE.check(
        "a part that the gateway does not have",
        "ApplicationGateway",
        "requestRoutingRules[0].httpListener.id",
        f"{GATEWAY}/httpListeners/http",
        "write https",
    ),
    AZURE.check("a gateway of one size that scales", "ApplicationGateway", "sku.capacity", 2, "scales by itself"),
    AZURE.check(
        "a rate without a threshold",
        "WebApplicationFirewallPolicy",
        "customRules[0].rateLimitThreshold",
        None,
        "a rate rule has one",
    ),
    AZURE.check(
        "a body of ten megabytes",
        "WebApplicationFirewallPolicy",
        "policySettings.maxRequestBodySizeInKb",
        10240,
        "8 to 2000",
    ),
    AZURE.check("a pool's name with a hyphen", "AgentPool", "agentPoolName", "h100-spot", "up to 12"),
    AZURE.check("a system pool on spot", "AgentPool", "mode", "System", "cannot be spot", "scaleSetPriority"),
    AZURE.check(
        "a price without spot", "AgentPool", "scaleSetPriority", "Regular", "only spot pools", "spotMaxPrice", 1
    ),
    AZURE.check(
        "no system pool",
        "ManagedCluster",
        "agentPoolProfiles[0].mode",
        "User",
        "at least one system agent pool",
        "agentPoolProfiles",
    ),
    AZURE.check(
        "addresses of a private cluster",
        "ManagedCluster",
        "apiServerAccessProfile.authorizedIPRanges",
        ["192.0.2.0/24"],
        "not supported for private clusters",
    ),
    AZURE.check("a cluster that nobody enters", "ManagedCluster", "aadProfile", None, "somebody must come in"),
    AZURE.check(
        "a name server outside the services",
        "ManagedCluster",
        "networkProfile.dnsServiceIP",
        "10.1.0.10",
        "write 10.0.0.10",
    ),
    AZURE.check(
        "pods on top of services", "ManagedCluster", "networkProfile.podCidr", "10.0.0.0/14", "PodCIDRNotAllowed"
    ),
    AZURE.check(
        "a private vault without its id",
        "ManagedCluster",
        "securityProfile.azureKeyVaultKms.keyVaultResourceId",
        None,
        "by its id",
    ),
    AZURE.check("a vault's long name", "Vault", "vaultName", "meridian-prod-swedencentral", "3 to 24"),
    AZURE.check(
        "a vault that may be purged", "Vault", "properties.enablePurgeProtection", False, "cannot be set to false"
    ),
    AZURE.check("a vault that forgets in a day", "Vault", "properties.softDeleteRetentionInDays", 1, "7 to 90"),
    AZURE.check("a store's name with a hyphen", "StorageAccount", "accountName", "meridian-weights", "3 to 24"),
    AZURE.check(
        "a closed registry that is small", "Registry", "sku.name", "Standard", "InvalidSku", "publicNetworkAccess"
    ),
    AZURE.check("a registry's name with a hyphen", "Registry", "registryName", "meridian-prod", "5 to 50"),
    AZURE.check(
        "a role by its name", "RoleAssignment", "roleDefinitionId", "Key Vault Secrets User", "InvalidRoleDefinitionId"
    ),
    AZURE.check(
        "a category in a group",
        "DiagnosticSetting",
        "logs[0].category",
        "kube-audit",
        "just one of",
        "logs[0].categoryGroup",
    ),
]


def taken(title: str, name: str, thing: Thing, path: str, code: str) -> Wrong:
    """A right input whose name something else has."""
    token, right = AZURE.right(name)
    return Wrong(title, token, right, path, code, PROVIDER, "create", (*WORLD, thing))


def buried(title: str, name: str, path: str, words: str) -> Wrong:
    """A right input whose name a deleted one keeps."""
    token, right = AZURE.right(name)
    stone = tombstone("azure-native", token, right, PROVIDER)
    assert stone is not None
    return Wrong(title, token, right, path, words, PROVIDER, "create", WORLD, (stone,), {**right, path: "meridian-g3"})


def deleted(title: str, token: str, id: str, words: str, *world: Thing, **inputs: Any) -> Wrong:
    return Wrong(title, f"azure-native:{token}", inputs, "", words, PROVIDER, "delete", world, id=id)


FAR_NET = azure("network:VirtualNetwork", f"{VNET}-far", virtualNetworkName="meridian-far", location="westeurope")
FAR = azure(
    "network:Subnet",
    f"{VNET}-far/subnets/a",
    subnetName="a",
    virtualNetworkName="meridian-far",
    addressPrefix="10.9.0.0/24",
)
LOCK = azure(
    "authorization:ManagementLockByScope",
    f"{ROOT}/providers/Microsoft.Authorization/locks/l",
    scope=ROOT,
    level="CanNotDelete",
)
GATE = azure(
    "network:ApplicationGateway",
    GATEWAY,
    frontendIPConfigurations=[{"publicIPAddress": {"id": ADDRESS}}],
    gatewayIPConfigurations=[{"subnet": {"id": SUBNETS["entry"]}}],
)
WORLDS: list[Wrong] = [
    AZURE.create(
        "a group that is not there",
        "UserAssignedIdentity",
        "resourceGroupName",
        "meridian-dev",
        "ResourceGroupNotFound",
    ),
    AZURE.create("a subnet of no network", "Subnet", "virtualNetworkName", "meridian-2", "ParentResourceNotFound"),
    AZURE.create("a pool of no cluster", "AgentPool", "resourceName", "meridian-9", "ParentResourceNotFound"),
    AZURE.create(
        "an endpoint in no subnet", "PrivateEndpoint", "subnet.id", f"{VNET}/subnets/private", "404 ResourceNotFound"
    ),
    AZURE.create(
        "a cluster without its disks' keys",
        "ManagedCluster",
        "diskEncryptionSetID",
        f"{VAULT}-x",
        "404 ResourceNotFound",
    ),
    AZURE.create("logs to no workspace", "DiagnosticSetting", "workspaceId", f"{STORAGE}x", "404 ResourceNotFound"),
    AZURE.create("a subnet outside the space", "Subnet", "addressPrefix", "10.40.0.0/24", "NetcfgInvalidSubnet"),
    AZURE.create("a subnet on another", "Subnet", "addressPrefix", "10.32.64.128/25", "NetcfgSubnetRangesOverlap"),
    replace(
        AZURE.create(
            "a subnet of another region", "PrivateEndpoint", "subnet.id", FAR.id, "the subnet is in westeurope"
        ),
        world=(*WORLD, FAR_NET, FAR),
    ),
    taken(
        "a vault of somebody else",
        "Vault",
        azure("keyvault:Vault", "x", vaultName="Meridian-SDC-g2"),
        "vaultName",
        "VaultAlreadyExists",
    ),
    taken(
        "a store of somebody else",
        "StorageAccount",
        azure("storage:StorageAccount", "x", accountName="meridianweights"),
        "accountName",
        "StorageAccountAlreadyTaken",
    ),
    taken(
        "a registry of somebody else",
        "Registry",
        azure("containerregistry:Registry", "x", registryName="meridianprodsdc2"),
        "registryName",
        "AlreadyInUse",
    ),
    buried("a vault made again", "Vault", "vaultName", "it cannot be purged before that"),
    deleted("an address that a gateway has", "network:PublicIPAddress", ADDRESS, "CannotBeDeleted", GATE),
    deleted("a subnet with a gateway in it", "network:Subnet", SUBNETS["entry"], "InUseSubnetCannotBeDeleted", GATE),
    deleted(
        "a store in a locked group", "storage:StorageAccount", STORAGE, "409 ScopeLocked", LOCK, resourceGroupName=GROUP
    ),
    Wrong(
        "an AKS that goes down",
        "azure-native:containerservice:ManagedCluster",
        {"kubernetesVersion": "1.32"},
        "kubernetesVersion",
        "from 1.33 to 1.32",
        PROVIDER,
        "update",
        old={"kubernetesVersion": "1.33"},
        right={"kubernetesVersion": "1.34"},
    ),
]
WRONG = [*MODEL, *RULES, *WORLDS]
