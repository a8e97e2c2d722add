"""What an Azure resource refers to must exist: resource groups, ids of this subscription, parts of other resources."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.places import everything, subscription_of, texts
from rehearsal.standins.refusals.rules import Inputs, network_of, value_of
from rehearsal.standins.refusals.values import Problem, known, shown, text_at
from rehearsal.standins.refusals.world import Stored, World, from_outside

_ID = re.compile(r"/subscriptions/([^/]+)/resourcegroups/([^/]+)/providers/(.+)", re.IGNORECASE)
_GROUP = "azure-native:resources:ResourceGroup"
_NOT_OURS = re.compile(r"/(roledefinitions|policydefinitions|policysetdefinitions|locations)/", re.IGNORECASE)
_PARENTS: tuple[tuple[str, str, str], ...] = (
    ("network:Subnet", "virtualNetworkName", "network:VirtualNetwork"),
    ("containerservice:AgentPool", "resourceName", "containerservice:ManagedCluster"),
    ("keyvault:Key", "vaultName", "keyvault:Vault"),
    ("keyvault:Secret", "vaultName", "keyvault:Vault"),
    ("storage:BlobContainer", "accountName", "storage:StorageAccount"),
    ("privatedns:VirtualNetworkLink", "privateZoneName", "privatedns:PrivateZone"),
    ("managedidentity:FederatedIdentityCredential", "resourceName", "managedidentity:UserAssignedIdentity"),
)
"""(child, property that names its parent in both, parent)."""
_SUBNET = "azure-native:network:Subnet"


def missing(token: str, inputs: Inputs, provider: Inputs, world: World, *, own: str = "") -> Iterator[Problem]:
    """Yield every reference of a resource to something of its subscription that is not there."""
    yield from _group(token, inputs, world)
    yield from _parent(token, inputs, world)
    subscription = subscription_of(provider, world)
    mine = _own_name(inputs)
    for path, value in texts(inputs):
        found = _ID.fullmatch(value)
        if (
            not found
            or found[1].lower() != subscription
            or _NOT_OURS.search(value)
            or path == "id"
            or from_outside(world, value)
        ):
            continue
        if mine and mine in found[3].lower() and own.lower() in ("", value.lower()[: len(own)]):
            continue  # a part of the resource itself: it was checked within its inputs
        if not _there(value.lower(), world) and not _of_nodes(found[2], world):
            kind = "/".join(found[3].split("/")[:-1])
            yield Problem(path, f"404 ResourceNotFound: no {shown(found[3].split('/')[-1])} of {kind}: write one's id")
    yield from _same_place(token, inputs, world)
    if token == _SUBNET:
        yield from _inside(inputs, world, own)


def _group(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    name = inputs.get("resourceGroupName")
    if token == _GROUP or not isinstance(name, str) or not known(name):
        return
    groups = {
        str(everything(one).get("resourceGroupName") or everything(one).get("name")).lower() for one in _groups(world)
    }
    groups |= {one.id.rsplit("/", 1)[-1].lower() for one in _groups(world)}
    if name.lower() not in groups and not _of_nodes(name, world) and not from_outside(world, name):
        why = f"Resource group {shown(name)} could not be found"
        yield Problem("resourceGroupName", f"404 ResourceGroupNotFound: {why}: create it first or write another one")


def _groups(world: World) -> list[Stored]:
    return list(world.resources("azure-native", _GROUP))


def _of_nodes(name: str, world: World) -> bool:
    """Tell whether a resource group is one that AKS made for a cluster's nodes."""
    clusters = world.resources("azure-native", "azure-native:containerservice:ManagedCluster")
    named = {str(everything(one).get("nodeResourceGroup", "")).lower() for one in clusters}
    return name.lower() in named or (bool(clusters) and name.lower().startswith("mc_"))


def _parent(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    for child, path, parent in _PARENTS:
        value, target = inputs.get(path), f"azure-native:{parent}"
        if token != f"azure-native:{child}" or not isinstance(value, str) or not known(value):
            continue
        parents = world.resources("azure-native", target)
        there = {str(everything(one).get(path) or "").lower() for one in parents}
        there |= {one.id.rsplit("/", 1)[-1].lower() for one in parents}
        if value.lower() not in there and not from_outside(world, value):
            kind = target.rsplit(":", 1)[-1]
            yield Problem(path, f"404 ParentResourceNotFound: no {kind} {shown(value)}: write the name of one")


def _own_name(inputs: Inputs) -> str:
    """Return how an application gateway's own id ends before its parts."""
    name = inputs.get("applicationGatewayName")
    return f"/applicationgateways/{name}/".lower() if isinstance(name, str) and known(name) else ""


def _there(value: str, world: World) -> bool:
    """Tell whether an id is there, or is that of a part which its owner holds in its own properties."""
    ids = {one.id.lower(): one for one in world.resources("azure-native")}
    if value in ids:
        return True
    owner, collection, name = value.rsplit("/", 2)
    stored = ids.get(owner)
    if stored is None:
        return False
    return name in _names(stored, collection)


def _names(stored: Stored, collection: str) -> set[str]:
    folded = {key.lower(): value for key, value in everything(stored).items()}
    parts = folded.get(collection, [])
    return (
        {str(one.get("name")).lower() for one in parts if isinstance(one, Mapping)}
        if isinstance(parts, list)
        else set()
    )


def _same_place(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    """Refuse a subnet of another region than the resource in it, and an identity or key set from elsewhere."""
    place = inputs.get("location")
    if not isinstance(place, str) or not known(place) or token.startswith("azure-native:privatedns"):
        return
    for path, value in texts(inputs):
        owner = re.fullmatch(r"(/subscriptions/.+/virtualnetworks/[^/]+)/subnets/[^/]+", value, re.IGNORECASE)
        if not owner:
            continue
        networks = (one for one in world.resources("azure-native") if one.id.lower() == owner[1].lower())
        other = next((everything(one).get("location") for one in networks), None)
        if isinstance(other, str) and known(other) and _plain(other) != _plain(place):
            why = f"the subnet is in {other}, the resource in {place}"
            yield Problem(path, f"400 InvalidResourceReference: {why}: write a subnet of {place}")


def _plain(location: str) -> str:
    return location.replace(" ", "").lower()


def _inside(inputs: Inputs, world: World, own: str) -> Iterator[Problem]:
    name, network = inputs.get("virtualNetworkName"), network_of(inputs.get("addressPrefix"))
    networks = [one for one in world.resources("azure-native") if one.token.endswith(":VirtualNetwork")]
    owner = next((one for one in networks if one.id.rsplit("/", 1)[-1].lower() == str(name).lower()), None)
    if network is None or owner is None:
        return
    spaces = [network_of(value) for _, value in text_at(owner.inputs, "addressSpace.addressPrefixes")]
    fitting: list[Any] = [one for one in spaces if one is not None and one.version == network.version]
    if spaces and not any(network.subnet_of(space) for space in fitting):
        why = f"{network} is not within {', '.join(map(str, spaces))}"
        yield Problem("addressPrefix", f"400 NetcfgInvalidSubnet: {why}: write a range of the virtual network")
    for other in world.resources("azure-native", _SUBNET):
        taken: Any = network_of(other.inputs.get("addressPrefix"))
        siblings = str(value_of(other.inputs, "virtualNetworkName")).lower() == str(name).lower()
        if siblings and other.id != own and taken is not None and taken.overlaps(network):
            why = f"{network} overlaps {taken} of {other.id.rsplit('/', 1)[-1]}"
            yield Problem("addressPrefix", f"400 NetcfgSubnetRangesOverlap: {why}: write a range beside it")
