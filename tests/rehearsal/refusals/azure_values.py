"""Names of the production region on Azure that the tables of inputs share, and the world that they refer to."""

from tests.rehearsal.refusals.memory import Thing

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "99999999-8888-7777-6666-555555555555"
LOCATION = "swedencentral"
GROUP = "meridian-prod-swedencentral"
PROVIDER = {"subscriptionId": SUBSCRIPTION, "location": LOCATION}
ROOT = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"


def id_of(kind: str, name: str) -> str:
    return f"{ROOT}/providers/Microsoft.{kind}/{name}"


VNET = id_of("Network/virtualNetworks", "meridian")
SUBNETS = {name: f"{VNET}/subnets/{name}" for name in ("nodes", "entry", "endpoints", "apiserver")}
ADDRESS = id_of("Network/publicIPAddresses", "entry")
NAT = id_of("Network/natGateways", "egress")
FIREWALL = id_of("Network/applicationGatewayWebApplicationFirewallPolicies", "entry")
VAULT = id_of("KeyVault/vaults", "meridian-sdc-g1")
IDENTITY = id_of("ManagedIdentity/userAssignedIdentities", "cluster")
DISKS = id_of("Compute/diskEncryptionSets", "nodes")
WORKSPACE = id_of("OperationalInsights/workspaces", "audit")
REGISTRY = id_of("ContainerRegistry/registries", "meridianprodsdc")
STORAGE = id_of("Storage/storageAccounts", "meridianaudit")
CLUSTER = id_of("ContainerService/managedClusters", "meridian")
GATEWAY = id_of("Network/applicationGateways", "entry-new")
ZONE = id_of("Network/privateDnsZones", "privatelink.vaultcore.azure.net")


def azure(token: str, id: str, **inputs: object) -> Thing:
    return Thing(
        f"azure-native:{token}", id, {"resourceGroupName": GROUP, "location": LOCATION, **inputs}, {}, PROVIDER
    )


def subnet(name: str, prefix: str) -> Thing:
    return azure("network:Subnet", SUBNETS[name], subnetName=name, virtualNetworkName="meridian", addressPrefix=prefix)


WORLD = (
    Thing("azure-native:resources:ResourceGroup", ROOT, {"resourceGroupName": GROUP}, {}, PROVIDER),
    azure(
        "network:VirtualNetwork",
        VNET,
        virtualNetworkName="meridian",
        addressSpace={"addressPrefixes": ["10.32.0.0/16"]},
    ),
    subnet("nodes", "10.32.0.0/18"),
    subnet("entry", "10.32.64.0/24"),
    subnet("endpoints", "10.32.65.0/24"),
    subnet("apiserver", "10.32.66.0/28"),
    azure("network:PublicIPAddress", ADDRESS, publicIpAddressName="entry"),
    azure("network:NatGateway", NAT, natGatewayName="egress"),
    azure("network:WebApplicationFirewallPolicy", FIREWALL, policyName="entry"),
    azure("keyvault:Vault", VAULT, vaultName="meridian-sdc-g1"),
    azure("managedidentity:UserAssignedIdentity", IDENTITY, resourceName="cluster"),
    azure("compute:DiskEncryptionSet", DISKS, diskEncryptionSetName="nodes"),
    azure("operationalinsights:Workspace", WORKSPACE, workspaceName="audit"),
    azure("containerregistry:Registry", REGISTRY, registryName="meridianprodsdc"),
    azure("storage:StorageAccount", STORAGE, accountName="meridianaudit"),
    azure("containerservice:ManagedCluster", CLUSTER, resourceName="meridian"),
    azure("privatedns:PrivateZone", ZONE, privateZoneName="privatelink.vaultcore.azure.net"),
)
