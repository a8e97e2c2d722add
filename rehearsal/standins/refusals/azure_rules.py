"""What Azure refuses in one resource that its SDK does not say; sources: the REST API references and their limits."""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from itertools import combinations
from typing import Any

from rehearsal.standins.refusals.azure_names import NAMES
from rehearsal.standins.refusals.rules import (
    Inputs,
    Rule,
    at_least,
    between,
    cidr,
    distinct,
    excludes,
    just_one,
    matching,
    needs,
    network_of,
    ordered,
    present,
    value_of,
)
from rehearsal.standins.refusals.values import UNKNOWN, Problem, at, known, listed, shown, text_at

_BAD = "400 BadRequest"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ROLE = r"(?i)(/subscriptions/[^/]+|/providers/microsoft\.management/managementgroups/[^/]+)?(/.*)?" + (
    r"/providers/microsoft\.authorization/roledefinitions/" + _UUID
)
_OWN = re.compile(r".*/applicationGateways/([^/]+)/([^/]+)/([^/]+)", re.IGNORECASE)
_POLICY = "immutableStorageWithVersioning.immutabilityPolicy"
_DESTINATIONS = ("workspaceId", "storageAccountId", "eventHubAuthorizationRuleId", "marketplacePartnerId")


def _inside_space(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse inline subnets outside the network's address space or on top of each other."""
    said = listed(value_of(inputs, "addressSpace.addressPrefixes"))
    spaces = [one for one in map(network_of, said) if one is not None] if UNKNOWN not in said else []
    subnets = [
        (where, network)
        for name in ("addressPrefix", "addressPrefixes")
        for where, value in text_at(inputs, f"subnets.{name}")
        if (network := network_of(value)) is not None
    ]
    for where, network in subnets:
        same = [space for space in spaces if space.version == network.version]
        if spaces and not any(network.subnet_of(space) for space in same):  # type: ignore[arg-type]
            why = f"{network} is not within {', '.join(map(str, spaces))}"
            yield Problem(where, f"400 NetcfgInvalidSubnet: {why}: write a range of the virtual network")
    for (first, one), (second, other) in combinations(subnets, 2):
        if one.version == other.version and one.overlaps(other):
            yield Problem(
                second, f"400 NetcfgSubnetRangesOverlap: {other} overlaps {one} of {first}: write a range beside it"
            )


def _gateway_parts(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse references of an application gateway to parts that it does not have."""
    own = inputs.get("applicationGatewayName")
    for where, value in _texts(inputs, ""):
        found = _OWN.fullmatch(value)
        if not found or not known(own) or found[1].lower() != str(own).lower():
            continue
        collection = _collection(inputs, found[2])
        there = [str(item.get("name")) for item in listed(collection) if isinstance(item, Mapping)]
        if isinstance(collection, list) and found[3] not in there and UNKNOWN not in there:
            names = ", ".join(there) or "one first"
            yield Problem(where, f"400 InvalidResourceReference: no '{found[3]}' in {found[2]}: write {names}")


def _collection(inputs: Inputs, name: str) -> Any:
    folded = {key.lower(): value for key, value in inputs.items()}
    return folded.get(name.lower(), [])


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{path}[{place}]")


def _cluster(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    access, network = inputs.get("apiServerAccessProfile"), inputs.get("networkProfile")
    if isinstance(access, Mapping) and access.get("enablePrivateCluster") is True and access.get("authorizedIPRanges"):
        why = "IP authorized ranges are not supported for private clusters"
        yield Problem("apiServerAccessProfile.authorizedIPRanges", f"{_BAD}: {why}: leave them out")
    if inputs.get("disableLocalAccounts") is True and not present(inputs, "aadProfile"):
        why = "without local accounts somebody must come in by Entra"
        yield Problem("aadProfile", f"{_BAD}: missing: {why}: write aadProfile with managed True")
    pools = [mode for _, mode in at(inputs, "agentPoolProfiles.mode")]
    if UNKNOWN not in str(inputs.get("agentPoolProfiles")) and pools and "System" not in pools:
        why = "There has to be at least one system agent pool"
        yield Problem("agentPoolProfiles", f"400 MustDefineAtLeastOneSystemPool: {why}: write mode 'System' for one")
    if isinstance(network, Mapping):
        yield from _service_range(network)


def _service_range(network: Mapping[str, Any]) -> Iterator[Problem]:
    services, pods = network_of(network.get("serviceCidr")), network_of(network.get("podCidr"))
    address = network.get("dnsServiceIP")
    if services is not None and isinstance(address, str) and known(address):
        try:
            inside = ip_address(address) in services
        except ValueError:
            inside = False
        if not inside:
            why = f"{shown(address)} is not within serviceCidr {services}"
            yield Problem("networkProfile.dnsServiceIP", f"{_BAD}: {why}: write {services[10]}")
    if services is not None and pods is not None and services.overlaps(pods):
        why = "The specified podCidr overlaps serviceCidr"
        yield Problem("networkProfile.podCidr", f"400 PodCIDRNotAllowed: {why}: write a range beside it")


def _pool(path: str) -> Rule:
    """Refuse pools that cannot be: spot pools of the system, scaling without bounds."""

    def rule(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
        for where, pool in at(inputs, path) if path else [("", inputs)]:
            prefix = f"{where}." if where else ""
            if not isinstance(pool, Mapping):
                continue
            for problem in _pool_problems(pool):
                yield Problem(f"{prefix}{problem.path}", problem.reason)

    return rule


def _pool_problems(pool: Inputs) -> Iterator[Problem]:
    rules: tuple[Rule, ...] = (
        matching("name", NAMES["azure-native:containerservice:AgentPool"].pattern, _BAD,
                 NAMES["azure-native:containerservice:AgentPool"].advice),
        ordered("minCount", "maxCount", _BAD),
        between("count", 0, 1000, _BAD),
        between("maxCount", 1, 1000, _BAD),
        between("maxPods", 10, 250, _BAD),
        excludes("scaleSetPriority", ("Regular", None), "spotMaxPrice", _BAD, "only spot pools have a price"),
        excludes("scaleSetPriority", ("Regular", None), "scaleSetEvictionPolicy", _BAD, "only spot pools are evicted"),
        needs("enableAutoScaling", (True,), "minCount", _BAD, "scaling has bounds"),
        needs("enableAutoScaling", (True,), "maxCount", _BAD, "scaling has bounds"),
        excludes("enableAutoScaling", (False, None), "maxCount", _BAD, "bounds belong to scaling"),
    )  # fmt: skip
    for rule in rules:
        yield from rule(pool, {})
    if pool.get("mode") == "System" and pool.get("scaleSetPriority") == "Spot":
        yield Problem("scaleSetPriority", f"{_BAD}: a system pool cannot be spot: write 'Regular' or mode 'User'")


def _waf_rules(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    for where, rule in at(inputs, "customRules"):
        if isinstance(rule, Mapping) and rule.get("ruleType") == "RateLimitRule" and not rule.get("rateLimitThreshold"):
            yield Problem(f"{where}.rateLimitThreshold", f"{_BAD}: missing: a rate rule has one: write it")


def _premium(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    name = value_of(inputs, "sku.name")
    if name not in ("Basic", "Standard", "Classic"):
        return
    closed = inputs.get("publicNetworkAccess") == "Disabled"
    for path, asked in (("publicNetworkAccess", closed), ("encryption", present(inputs, "encryption"))):
        if asked:
            yield Problem(path, f"400 InvalidSku: {name} does not offer it: write sku.name 'Premium'")


def _somewhere(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    if not any(present(inputs, name) for name in _DESTINATIONS):
        yield Problem("workspaceId", f"{_BAD}: At least one data sink needs to be specified: write workspaceId")
    for where, log in at(inputs, "logs"):
        if isinstance(log, Mapping) and log.get("category") is not None and log.get("categoryGroup") is not None:
            yield Problem(f"{where}.categoryGroup", f"{_BAD}: stands beside category: write just one of them")


def _kept(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    if value_of(inputs, "properties.enablePurgeProtection") is False:
        why = "The property enablePurgeProtection cannot be set to false"
        yield Problem("properties.enablePurgeProtection", f"{_BAD}: {why}: write True or leave it out")


def _static(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    standard = value_of(inputs, "sku.name") in ("Standard", "StandardV2")
    if standard and inputs.get("publicIPAllocationMethod") == "Dynamic":
        why = "Standard sku public IPs must be static"
        yield Problem(
            "publicIPAllocationMethod", f"400 StandardSkuPublicIPAddressesMustBeStatic: {why}: write 'Static'"
        )


_GATEWAY_RULES = (
    _gateway_parts,
    distinct("requestRoutingRules.priority", f"{_BAD}: ApplicationGatewayRequestRoutingRule", "priority"),
    between("requestRoutingRules.priority", 1, 20000, _BAD),
    between("backendHttpSettingsCollection.requestTimeout", 1, 86400, _BAD),
    between("backendHttpSettingsCollection.port", 1, 65535, _BAD),
    between("frontendPorts.port", 1, 65535, _BAD),
    excludes("autoscaleConfiguration", None, "sku.capacity", _BAD, "the gateway scales by itself"),
    ordered("autoscaleConfiguration.minCapacity", "autoscaleConfiguration.maxCapacity", _BAD),
    between("autoscaleConfiguration.minCapacity", 0, 125, _BAD),
    between("autoscaleConfiguration.maxCapacity", 2, 125, _BAD),
    at_least("gatewayIPConfigurations", 1, "400 ApplicationGatewayIpConfigurationsEmpty", "it lies in a subnet"),
)  # fmt: skip

RULES: Mapping[str, tuple[Rule, ...]] = {
    "azure-native:network:VirtualNetwork": (
        cidr("addressSpace.addressPrefixes", "400 InvalidAddressPrefixFormat", 2, 64),
        cidr("subnets.addressPrefix", "400 InvalidAddressPrefixFormat", 2, 64),
        _inside_space,
        distinct("subnets.name", "400 DuplicateResourceName", "name"),
        between("flowTimeoutInMinutes", 4, 30, _BAD),
    ),
    "azure-native:network:Subnet": (
        cidr("addressPrefix", "400 InvalidAddressPrefixFormat", 2, 64),
        cidr("addressPrefixes", "400 InvalidAddressPrefixFormat", 2, 64),
        just_one("400 SubnetAddressPrefix", "addressPrefix", "addressPrefixes", "ipamPoolPrefixAllocations"),
    ),
    "azure-native:network:NatGateway": (between("idleTimeoutInMinutes", 4, 120, _BAD),),
    "azure-native:network:PublicIPAddress": (
        between("idleTimeoutInMinutes", 4, 30, "400 PublicIPAddressIdleTimeoutIsOutOfRange"),
        _static,
    ),
    "azure-native:network:ApplicationGateway": _GATEWAY_RULES,
    "azure-native:network:WebApplicationFirewallPolicy": (
        _waf_rules,
        distinct("customRules.priority", _BAD, "priority"),
        between("customRules.priority", 1, 100, _BAD),
        between("policySettings.requestBodyInspectLimitInKB", 1, 2000, _BAD),
        between("policySettings.maxRequestBodySizeInKb", 8, 2000, _BAD),
        at_least("managedRules.managedRuleSets", 1, _BAD, "a policy has a rule set"),
    ),
    "azure-native:network:PrivateEndpoint": (
        just_one(_BAD, "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"),
    ),
    "azure-native:containerservice:ManagedCluster": (
        _cluster,
        _pool("agentPoolProfiles"),
        just_one(_BAD, "dnsPrefix", "fqdnSubdomain"),
        matching("dnsPrefix", r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,52}[a-zA-Z0-9])?", "400 InvalidDnsPrefix",
                 "up to 54 letters, digits, '-'"),
        matching("nodeResourceGroup", r"[\w().-]{0,79}[\w()-]", _BAD, "up to 80 characters"),
        matching("kubernetesVersion", r"1\.\d{2}(\.\d+)?", "400 InvalidParameter", "a version such as '1.33'"),
        needs("securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", ("Private",),
              "securityProfile.azureKeyVaultKms.keyVaultResourceId", _BAD, "a private vault is reached by its id"),
        cidr("networkProfile.podCidr", "400 InvalidPodCidr"),
        cidr("networkProfile.serviceCidr", "400 InvalidServiceCidr", 12),
    ),
    "azure-native:containerservice:AgentPool": (_pool(""),),
    "azure-native:keyvault:Vault": (
        _kept,
        between("properties.softDeleteRetentionInDays", 7, 90, _BAD),
        matching("properties.tenantId", _UUID, _BAD, "a tenant's id"),
        matching("properties.sku.family", "A", _BAD, "'A'"),
    ),
    "azure-native:storage:StorageAccount": (
        needs("encryption.keySource", ("Microsoft.Keyvault",), "encryption.keyVaultProperties", _BAD,
              "the key is named"),
        between(f"{_POLICY}.immutabilityPeriodSinceCreationInDays", 1, 146000, _BAD),
    ),
    "azure-native:operationalinsights:Workspace": (between("retentionInDays", 7, 730, "400 InvalidParameter"),),
    "azure-native:containerregistry:Registry": (_premium,),
    "azure-native:compute:DiskEncryptionSet": (
        matching("activeKey.keyUrl", r"https://[^/]+/keys/[^/]+(/[0-9a-f]{32})?/?", "400 InvalidParameter",
                 "the key's URL in its vault"),
        needs("activeKey", None, "identity", "400 BadRequest", "the set reads the key by an identity"),
    ),
    "azure-native:authorization:RoleAssignment": (
        matching("roleDefinitionId", _ROLE, "400 InvalidRoleDefinitionId", "'/subscriptions/…/roleDefinitions/UUID'"),
        matching("roleAssignmentName", _UUID, "400 InvalidRoleAssignmentId", "a UUID"),
        matching("principalId", _UUID, "400 InvalidPrincipalId", "the object id of a principal"),
    ),
    "azure-native:monitor:DiagnosticSetting": (_somewhere,),
}  # fmt: skip
"""Rules of one resource by its type."""


def rules_of(token: str) -> tuple[Rule, ...]:
    """Return the rules of a type, its name's first; API versions in the token are passed over."""
    plain = re.sub(r"/v\d{8}\w*", "", token)
    name = NAMES.get(plain)
    named = (matching(name.property, name.pattern, "400 InvalidResourceName", name.advice),) if name else ()
    return named + RULES.get(plain, ())
