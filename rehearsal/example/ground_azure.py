"""The ground of a region on Azure."""

from typing import Any

import pulumi
import pulumi_azure_native as azure

from rehearsal.example.settings import Settings, located

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
ENTRY_SUBNET = "10.3.32.0/24"
ENTRY_ADDRESS = "10.3.16.10"
"""The gateway's planned internal address."""
CRYPTO_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User, a built-in role."""


class _Ground:
    """What every resource of the region shares."""

    def __init__(self, region: str, settings: Settings) -> None:
        self.region, self.place = region, located(region)
        self.generation = settings.generation
        self.tags = settings.tags(region)
        provider = azure.Provider(f"{region}-ground", subscription_id=SUBSCRIPTION, location=self.place)
        self.opts = pulumi.ResourceOptions(provider=provider)
        group = azure.resources.ResourceGroup(
            f"{region}-group", resource_group_name=region, location=self.place, tags=self.tags, opts=self.opts
        )
        self.common = {"resource_group_name": group.name, "location": self.place, "tags": self.tags, "opts": self.opts}
        self.group = group.name
        self.short = f"meridian{self.place}"
        """Where a name may hold letters and digits alone."""


def ground(region: str, settings: Settings, domain: Any) -> dict[str, Any]:
    """Make it; returns the values of the waist."""
    of = _Ground(region, settings)
    log = azure.operationalinsights.Workspace(
        f"{region}-log",
        workspace_name=f"{region}-{settings.log_name}",
        retention_in_days=400,
        sku={"name": "PerGB2018"},
        **of.common,
    )
    disks, vault = _keys(of)
    network, nodes = _network(of)
    cluster = _cluster(of, disks, nodes, log)
    registry = azure.containerregistry.Registry(
        f"{region}-registry",
        registry_name=of.short,
        sku={"name": "Premium"},
        admin_user_enabled=False,
        public_network_access="Disabled",
        **of.common,
    )
    storage = azure.storage.StorageAccount(
        f"{region}-weights",
        account_name=of.short,
        kind="StorageV2",
        sku={"name": "Standard_ZRS"},
        allow_blob_public_access=False,
        minimum_tls_version="TLS1_2",
        **of.common,
    )
    azure.storage.BlobContainer(
        f"{region}-models",
        account_name=storage.name,
        container_name="models",
        resource_group_name=of.group,
        opts=of.opts,
    )
    address = _entry(of, network, vault, domain)
    return {
        "cluster": cluster.name,
        "endpoint": cluster.private_fqdn.apply(lambda host: f"https://{host}"),
        "authority": "",
        "registry": registry.login_server,
        "log": log.id,
        "entry": address.ip_address,
        "entry_zone": "",
    }


def _keys(of: _Ground) -> tuple[Any, Any]:
    vault = azure.keyvault.Vault(
        f"{of.region}-vault",
        vault_name=f"{of.short}{of.generation}",
        properties={
            "tenant_id": TENANT,
            "sku": {"family": "A", "name": "premium"},
            "enable_rbac_authorization": True,
            "enable_purge_protection": True,
            "soft_delete_retention_in_days": 7,
            "network_acls": {"bypass": "AzureServices", "default_action": "Deny"},
        },
        **of.common,
    )
    key = azure.keyvault.Key(
        f"{of.region}-key",
        key_name="disks",
        vault_name=vault.name,
        resource_group_name=of.group,
        properties={"kty": "RSA-HSM", "key_size": 3072},
        tags=of.tags,
        opts=of.opts,
    )
    disks = azure.compute.DiskEncryptionSet(
        f"{of.region}-disks",
        disk_encryption_set_name=f"{of.region}-disks",
        active_key={"key_url": key.key_uri_with_version, "source_vault": {"id": vault.id}},
        identity={"type": "SystemAssigned"},
        rotation_to_latest_key_version_enabled=True,
        **of.common,
    )
    return disks, vault


def _network(of: _Ground) -> tuple[Any, Any]:
    network = azure.network.VirtualNetwork(
        f"{of.region}-network",
        virtual_network_name=of.region,
        address_space={"address_prefixes": ["10.3.0.0/16"]},
        **of.common,
    )
    rules = azure.network.NetworkSecurityGroup(
        f"{of.region}-rules", network_security_group_name=f"{of.region}-nodes", **of.common
    )
    way_out = azure.network.PublicIPAddress(
        f"{of.region}-out-address",
        public_ip_address_name=f"{of.region}-out",
        public_ip_allocation_method="Static",
        sku={"name": "Standard"},
        **of.common,
    )
    nat = azure.network.NatGateway(
        f"{of.region}-nat",
        nat_gateway_name=of.region,
        sku={"name": "Standard"},
        public_ip_addresses=[{"id": way_out.id}],
        **of.common,
    )
    nodes = azure.network.Subnet(
        f"{of.region}-nodes",
        subnet_name="nodes",
        virtual_network_name=network.name,
        resource_group_name=of.group,
        address_prefix="10.3.16.0/20",
        network_security_group={"id": rules.id},
        nat_gateway={"id": nat.id},
        opts=of.opts,
    )
    return network, nodes


def _cluster(of: _Ground, disks: Any, nodes: Any, log: Any) -> Any:
    identity = azure.managedidentity.UserAssignedIdentity(
        f"{of.region}-identity", resource_name_=f"{of.region}-cluster", **of.common
    )
    azure.authorization.RoleAssignment(
        f"{of.region}-disks-role",
        role_assignment_name="00000000-0000-0000-0000-00000000000a",
        principal_id=identity.principal_id,
        principal_type="ServicePrincipal",
        role_definition_id=f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{CRYPTO_USER}",
        scope=disks.id,
        opts=of.opts,
    )
    cluster = azure.containerservice.ManagedCluster(
        f"{of.region}-cluster",
        resource_name_=of.region,
        dns_prefix=of.region,
        identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
        api_server_access_profile={"enable_private_cluster": True, "disable_run_command": True},
        agent_pool_profiles=[
            {
                "name": "system",
                "mode": "System",
                "count": 3,
                "vm_size": "Standard_D4s_v5",
                "vnet_subnet_id": nodes.id,
                "os_type": "Linux",
            }
        ],
        disable_local_accounts=True,
        aad_profile={"managed": True, "enable_azure_rbac": True},
        disk_encryption_set_id=disks.id,
        oidc_issuer_profile={"enabled": True},
        **of.common,
    )
    azure.containerservice.AgentPool(
        f"{of.region}-pool",
        agent_pool_name="gpu",
        resource_name_=cluster.name,
        resource_group_name=of.group,
        mode="User",
        count=2,
        enable_auto_scaling=True,
        min_count=1,
        max_count=4,
        vm_size="Standard_NC40ads_H100_v5",
        os_type="Linux",
        vnet_subnet_id=nodes.id,
        tags=of.tags,
        opts=of.opts,
    )
    azure.monitor.DiagnosticSetting(
        f"{of.region}-audit",
        name="audit",
        resource_uri=cluster.id,
        workspace_id=log.id,
        logs=[{"category": "kube-audit-admin", "enabled": True}],
        opts=of.opts,
    )
    return cluster


def _entry(of: _Ground, network: Any, vault: Any, domain: Any) -> Any:
    subnet = azure.network.Subnet(
        f"{of.region}-entry-subnet",
        subnet_name="entry",
        virtual_network_name=network.name,
        resource_group_name=of.group,
        address_prefix=ENTRY_SUBNET,
        opts=of.opts,
    )
    address = azure.network.PublicIPAddress(
        f"{of.region}-entry-address",
        public_ip_address_name=f"{of.region}-entry",
        public_ip_allocation_method="Static",
        idle_timeout_in_minutes=30,
        sku={"name": "Standard"},
        **of.common,
    )
    guard = azure.network.WebApplicationFirewallPolicy(
        f"{of.region}-waf",
        policy_name=of.short,
        managed_rules={"managed_rule_sets": [{"rule_set_type": "OWASP", "rule_set_version": "3.2"}]},
        policy_settings={"mode": "Prevention", "state": "Enabled", "request_body_check": True},
        **of.common,
    )
    identity = azure.managedidentity.UserAssignedIdentity(
        f"{of.region}-entry-identity", resource_name_=f"{of.region}-entry", **of.common
    )
    _application_gateway(of, subnet, address, guard, identity, vault, domain)
    return address


def _application_gateway(
    of: _Ground, subnet: Any, address: Any, guard: Any, identity: Any, vault: Any, domain: Any
) -> None:
    """Its parts refer to one another by ids within itself, which are known from its name."""
    name = f"{of.region}-entry"
    own = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{of.region}"
        f"/providers/Microsoft.Network/applicationGateways/{name}"
    )
    azure.network.ApplicationGateway(
        f"{of.region}-entry",
        application_gateway_name=name,
        sku={"name": "WAF_v2", "tier": "WAF_v2", "capacity": 2},
        firewall_policy={"id": guard.id},
        identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]},
        gateway_ip_configurations=[{"name": "subnet", "subnet": {"id": subnet.id}}],
        frontend_ip_configurations=[{"name": "public", "public_ip_address": {"id": address.id}}],
        frontend_ports=[{"name": "tls", "port": 443}],
        ssl_certificates=[
            {
                "name": "entry",
                "key_vault_secret_id": vault.properties.vault_uri.apply(lambda uri: f"{uri}secrets/entry"),
            }
        ],
        backend_address_pools=[{"name": "gateway", "backend_addresses": [{"ip_address": ENTRY_ADDRESS}]}],
        backend_http_settings_collection=[
            {"name": "tls", "port": 443, "protocol": "Https", "request_timeout": 600, "host_name": domain}
        ],
        http_listeners=[
            {
                "name": "tls",
                "protocol": "Https",
                "frontend_ip_configuration": {"id": f"{own}/frontendIPConfigurations/public"},
                "frontend_port": {"id": f"{own}/frontendPorts/tls"},
                "ssl_certificate": {"id": f"{own}/sslCertificates/entry"},
            }
        ],
        request_routing_rules=[
            {
                "name": "all",
                "rule_type": "Basic",
                "priority": 1,
                "http_listener": {"id": f"{own}/httpListeners/tls"},
                "backend_address_pool": {"id": f"{own}/backendAddressPools/gateway"},
                "backend_http_settings": {"id": f"{own}/backendHttpSettingsCollection/tls"},
            }
        ],
        **of.common,
    )
