"""Inputs of a production region on Azure that must pass: a false refusal is as bad as a missing one."""

from typing import Any

from tests.rehearsal.refusals.azure_values import (
    ADDRESS,
    DISKS,
    FIREWALL,
    GATEWAY,
    GROUP,
    IDENTITY,
    LOCATION,
    NAT,
    SUBNETS,
    TENANT,
    VAULT,
    VNET,
)

HERE = {"resourceGroupName": GROUP, "location": LOCATION}
ENTRY: dict[str, Any] = {
    **HERE,
    "applicationGatewayName": "entry-new",
    "sku": {"name": "WAF_v2", "tier": "WAF_v2"},
    "autoscaleConfiguration": {"minCapacity": 2, "maxCapacity": 10},
    "enableHttp2": True,
    "zones": ["1", "2", "3"],
    "firewallPolicy": {"id": FIREWALL},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
    "sslPolicy": {"policyType": "Predefined", "policyName": "AppGwSslPolicy20220101S"},
    "globalConfiguration": {"enableRequestBuffering": True, "enableResponseBuffering": False},
    "gatewayIPConfigurations": [{"name": "in", "subnet": {"id": SUBNETS["entry"]}}],
    "frontendIPConfigurations": [{"name": "public", "publicIPAddress": {"id": ADDRESS}}],
    "frontendPorts": [{"name": "https", "port": 443}],
    "sslCertificates": [{"name": "eu", "keyVaultSecretId": "https://meridian-sdc-g1.vault.azure.net/secrets/eu"}],
    "backendAddressPools": [{"name": "gateway", "backendAddresses": [{"ipAddress": "10.32.0.250"}]}],
    "backendHttpSettingsCollection": [
        {
            "name": "gateway",
            "port": 443,
            "protocol": "Https",
            "requestTimeout": 900,
            "cookieBasedAffinity": "Disabled",
            "probe": {"id": f"{GATEWAY}/probes/ready"},
        }
    ],
    "probes": [
        {
            "name": "ready",
            "protocol": "Https",
            "host": "gateway.meridian",
            "path": "/-/ready",
            "interval": 10,
            "timeout": 5,
            "unhealthyThreshold": 2,
        }
    ],
    "httpListeners": [
        {
            "name": "https",
            "protocol": "Https",
            "frontendIPConfiguration": {"id": f"{GATEWAY}/frontendIPConfigurations/public"},
            "frontendPort": {"id": f"{GATEWAY}/frontendPorts/https"},
            "sslCertificate": {"id": f"{GATEWAY}/sslCertificates/eu"},
        }
    ],
    "requestRoutingRules": [
        {
            "name": "all",
            "ruleType": "Basic",
            "priority": 100,
            "httpListener": {"id": f"{GATEWAY}/httpListeners/https"},
            "backendAddressPool": {"id": f"{GATEWAY}/backendAddressPools/gateway"},
            "backendHttpSettings": {"id": f"{GATEWAY}/backendHttpSettingsCollection/gateway"},
        }
    ],
}
AKS: dict[str, Any] = {
    **HERE,
    "resourceName": "meridian-2",
    "dnsPrefix": "meridian",
    "kubernetesVersion": "1.33",
    "sku": {"name": "Base", "tier": "Standard"},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
    "disableLocalAccounts": True,
    "enableRBAC": True,
    "aadProfile": {"managed": True, "enableAzureRBAC": True, "tenantID": TENANT},
    "apiServerAccessProfile": {
        "enablePrivateCluster": True,
        "enablePrivateClusterPublicFQDN": False,
        "enableVnetIntegration": True,
        "subnetId": SUBNETS["apiserver"],
        "disableRunCommand": True,
        "privateDNSZone": "system",
    },
    "networkProfile": {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
        "outboundType": "userAssignedNATGateway",
        "podCidr": "10.244.0.0/16",
        "serviceCidr": "10.0.0.0/16",
        "dnsServiceIP": "10.0.0.10",
        "loadBalancerSku": "standard",
    },
    "oidcIssuerProfile": {"enabled": True},
    "securityProfile": {
        "workloadIdentity": {"enabled": True},
        "imageCleaner": {"enabled": True, "intervalHours": 48},
        "azureKeyVaultKms": {
            "enabled": True,
            "keyId": "https://meridian-sdc-g1.vault.azure.net/keys/etcd/0123456789abcdef0123456789abcdef",
            "keyVaultNetworkAccess": "Private",
            "keyVaultResourceId": VAULT,
        },
    },
    "diskEncryptionSetID": DISKS,
    "autoUpgradeProfile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
    "agentPoolProfiles": [
        {
            "name": "system",
            "mode": "System",
            "vmSize": "Standard_D4ds_v5",
            "count": 3,
            "osType": "Linux",
            "osSKU": "AzureLinux",
            "type": "VirtualMachineScaleSets",
            "vnetSubnetID": SUBNETS["nodes"],
            "availabilityZones": ["1", "2", "3"],
            "enableEncryptionAtHost": True,
            "enableAutoScaling": True,
            "minCount": 3,
            "maxCount": 6,
        }
    ],
}
SPOT: dict[str, Any] = {
    "resourceGroupName": GROUP,
    "resourceName": "meridian",
    "agentPoolName": "h100spot",
    "mode": "User",
    "vmSize": "Standard_ND96isr_H100_v5",
    "osType": "Linux",
    "osSKU": "Ubuntu",
    "enableAutoScaling": True,
    "minCount": 0,
    "maxCount": 6,
    "scaleSetPriority": "Spot",
    "scaleSetEvictionPolicy": "Delete",
    "spotMaxPrice": -1,
    "nodeTaints": ["nvidia.com/gpu=present:NoSchedule"],
    "nodeLabels": {"meridian.dev/pool": "h100-spot"},
    "vnetSubnetID": SUBNETS["nodes"],
    "availabilityZones": ["1"],
    "enableEncryptionAtHost": True,
    "upgradeSettings": {"maxSurge": "10%"},
}
INPUTS: list[tuple[str, dict[str, Any]]] = [
    (
        "azure-native:resources:ResourceGroup",
        {"resourceGroupName": "meridian-prod-we", "location": "westeurope"},
    ),
    (
        "azure-native:network:VirtualNetwork",
        {
            **HERE,
            "virtualNetworkName": "other",
            "addressSpace": {"addressPrefixes": ["10.33.0.0/16"]},
            "subnets": [{"name": "a", "addressPrefix": "10.33.0.0/24"}, {"name": "b", "addressPrefix": "10.33.1.0/24"}],
        },
    ),
    (
        "azure-native:network:Subnet",
        {
            "resourceGroupName": GROUP,
            "virtualNetworkName": "meridian",
            "subnetName": "bastion",
            "addressPrefix": "10.32.67.0/26",
            "natGateway": {"id": NAT},
            "privateEndpointNetworkPolicies": "Enabled",
        },
    ),
    (
        "azure-native:network:NatGateway",
        {
            **HERE,
            "natGatewayName": "egress-2",
            "sku": {"name": "Standard"},
            "idleTimeoutInMinutes": 10,
            "publicIpAddresses": [{"id": ADDRESS}],
        },
    ),
    (
        "azure-native:network:PublicIPAddress",
        {
            **HERE,
            "publicIpAddressName": "entry-2",
            "sku": {"name": "Standard", "tier": "Regional"},
            "publicIPAllocationMethod": "Static",
            "publicIPAddressVersion": "IPv4",
            "idleTimeoutInMinutes": 30,
            "zones": ["1", "2", "3"],
        },
    ),
    ("azure-native:network:ApplicationGateway", ENTRY),
    (
        "azure-native:network:WebApplicationFirewallPolicy",
        {
            **HERE,
            "policyName": "entry-2",
            "policySettings": {
                "mode": "Prevention",
                "state": "Enabled",
                "requestBodyCheck": True,
                "requestBodyInspectLimitInKB": 128,
                "maxRequestBodySizeInKb": 2000,
                "requestBodyEnforcement": True,
            },
            "managedRules": {"managedRuleSets": [{"ruleSetType": "OWASP", "ruleSetVersion": "3.2"}]},
            "customRules": [
                {
                    "name": "rate",
                    "priority": 10,
                    "ruleType": "RateLimitRule",
                    "action": "Block",
                    "rateLimitDuration": "OneMin",
                    "rateLimitThreshold": 600,
                    "groupByUserSession": [{"groupByVariables": [{"variableName": "ClientAddr"}]}],
                    "matchConditions": [
                        {
                            "matchVariables": [{"variableName": "RequestUri"}],
                            "operator": "BeginsWith",
                            "matchValues": ["/v1/"],
                        }
                    ],
                }
            ],
        },
    ),
    (
        "azure-native:network:PrivateEndpoint",
        {
            **HERE,
            "privateEndpointName": "vault",
            "subnet": {"id": SUBNETS["endpoints"]},
            "privateLinkServiceConnections": [
                {"name": "vault", "privateLinkServiceId": VAULT, "groupIds": ["vault"]},
            ],
        },
    ),
    (
        "azure-native:privatedns:PrivateZone",
        {"resourceGroupName": GROUP, "privateZoneName": "privatelink.azurecr.io", "location": "Global"},
    ),
    (
        "azure-native:privatedns:VirtualNetworkLink",
        {
            "resourceGroupName": GROUP,
            "privateZoneName": "privatelink.vaultcore.azure.net",
            "virtualNetworkLinkName": "meridian",
            "location": "Global",
            "registrationEnabled": False,
            "virtualNetwork": {"id": VNET},
        },
    ),
    ("azure-native:containerservice:ManagedCluster", AKS),
    ("azure-native:containerservice:AgentPool", SPOT),
    (
        "azure-native:containerservice:AgentPool",
        {"resourceGroupName": GROUP, "resourceName": "meridian", "agentPoolName": "h100", "scaleSetPriority": "Spot"}
        | {"spotMaxPrice": 40, "vmSize": "Standard_ND96isr_H100_v5", "count": 0},
    ),
]
