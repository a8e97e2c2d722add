"""Keys, stores, grants and audit of a production region on Azure that must pass."""

from typing import Any

from tests.rehearsal.refusals.azure_values import (
    CLUSTER,
    GROUP,
    IDENTITY,
    LOCATION,
    REGISTRY,
    STORAGE,
    SUBSCRIPTION,
    TENANT,
    VAULT,
    WORKSPACE,
)

HERE = {"resourceGroupName": GROUP, "location": LOCATION}
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
STORES: list[tuple[str, dict[str, Any]]] = [
    (
        "azure-native:keyvault:Vault",
        {
            **HERE,
            "vaultName": "meridian-sdc-g2",
            "properties": {
                "tenantId": TENANT,
                "sku": {"family": "A", "name": "premium"},
                "enableRbacAuthorization": True,
                "enablePurgeProtection": True,
                "softDeleteRetentionInDays": 90,
                "publicNetworkAccess": "Disabled",
                "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
            },
        },
    ),
    (
        "azure-native:keyvault:Key",
        {
            "resourceGroupName": GROUP,
            "vaultName": "meridian-sdc-g1",
            "keyName": "etcd",
            "properties": {"kty": "RSA-HSM", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]},
        },
    ),
    ("azure-native:managedidentity:UserAssignedIdentity", {**HERE, "resourceName": "engine"}),
    (
        "azure-native:storage:StorageAccount",
        {
            **HERE,
            "accountName": "meridianweights",
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
            "accessTier": "Hot",
            "allowBlobPublicAccess": False,
            "allowSharedKeyAccess": False,
            "minimumTlsVersion": "TLS1_2",
            "publicNetworkAccess": "Disabled",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
            "encryption": {
                "keySource": "Microsoft.Keyvault",
                "requireInfrastructureEncryption": True,
                "keyVaultProperties": {"keyName": "blobs", "keyVaultUri": "https://meridian-sdc-g1.vault.azure.net"},
            },
        },
    ),
    (
        "azure-native:operationalinsights:Workspace",
        {**HERE, "workspaceName": "audit-2", "retentionInDays": 400, "sku": {"name": "PerGB2018"}},
    ),
    (
        "azure-native:containerregistry:Registry",
        {
            **HERE,
            "registryName": "meridianprodsdc2",
            "sku": {"name": "Premium"},
            "adminUserEnabled": False,
            "publicNetworkAccess": "Disabled",
            "zoneRedundancy": "Enabled",
            "networkRuleBypassOptions": "AzureServices",
        },
    ),
    (
        "azure-native:compute:DiskEncryptionSet",
        {
            **HERE,
            "diskEncryptionSetName": "nodes-2",
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "rotationToLatestKeyVersionEnabled": True,
            "identity": {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]},
            "activeKey": {
                "keyUrl": "https://meridian-sdc-g1.vault.azure.net/keys/disks/0123456789abcdef0123456789abcdef",
                "sourceVault": {"id": VAULT},
            },
        },
    ),
    (
        "azure-native:authorization:RoleAssignment",
        {
            "scope": REGISTRY,
            "principalId": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "principalType": "ServicePrincipal",
            "roleDefinitionId": f"{ROLES}/{SECRETS_USER}",
        },
    ),
    (
        "azure-native:monitor:DiagnosticSetting",
        {
            "name": "audit",
            "resourceUri": CLUSTER,
            "workspaceId": WORKSPACE,
            "storageAccountId": STORAGE,
            "logs": [{"categoryGroup": "audit", "enabled": True}],
        },
    ),
]
