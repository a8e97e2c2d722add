"""Lookups of AWS that are answered from the world: what a program made, or what was put there before any program."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from rehearsal.standins.identity import place
from rehearsal.standins.refusals.places import everything
from rehearsal.world import Resource, World

Values = Mapping[str, Any]
RESERVED_ADDRESSES = 5
"""Of each subnet, by AWS."""


class NothingFound(LookupError):
    """A lookup of what is not there; the text begins as the provider's does."""


def find(world: World, provider: Values, token: str, **wanted: Any) -> Resource:
    """Return the one resource of the provider's account and region with these properties; raises NothingFound."""
    for held in _here(world, provider, token):
        if all(_property(held, name) == value for name, value in wanted.items()):
            return held
    words = ", ".join(f"{name} {value}" for name, value in wanted.items())
    message = f"no matching {token.rpartition(':')[2]} found: {words}"
    raise NothingFound(message)


def _here(world: World, provider: Values, token: str) -> Iterator[Resource]:
    here = place("aws", {}, provider)
    yield from (held for held in world.resources("aws", token) if held.place == here)


def _property(held: Resource, name: str) -> Any:
    return held.id if name == "id" else everything(held).get(name)


def _vpc(said: Values, provider: Values, world: World) -> dict[str, Any]:
    held = find(world, provider, "aws:ec2/vpc:Vpc", id=said["id"])
    defaults = {"enableDnsSupport": True, "enableDnsHostnames": False, "default": False, "state": "available"}
    return {**defaults, **everything(held), "id": held.id}


def _subnet(said: Values, provider: Values, world: World) -> dict[str, Any]:
    held = find(world, provider, "aws:ec2/subnet:Subnet", id=said["id"])
    free = IPv4Network(everything(held)["cidrBlock"]).num_addresses - RESERVED_ADDRESSES
    defaults = {"mapPublicIpOnLaunch": False, "availableIpAddressCount": free, "state": "available"}
    return {**defaults, **everything(held), "id": held.id}


def _route_table(said: Values, provider: Values, world: World) -> dict[str, Any]:
    """Of a subnet; its routes stand in the table or beside it."""
    kind = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    joined = find(world, provider, kind, subnetId=said["subnetId"])
    table = find(world, provider, "aws:ec2/routeTable:RouteTable", id=everything(joined)["routeTableId"])
    beside = [
        everything(each)
        for each in _here(world, provider, "aws:ec2/route:Route")
        if everything(each)["routeTableId"] == table.id
    ]
    routes = [*(everything(table).get("routes") or []), *beside]
    return {"id": table.id, "routeTableId": table.id, "vpcId": everything(table)["vpcId"], "routes": routes}


def _endpoint(said: Values, provider: Values, world: World) -> dict[str, Any]:
    wanted = {"vpcId": said["vpcId"], "serviceName": said["serviceName"]}
    held = find(world, provider, "aws:ec2/vpcEndpoint:VpcEndpoint", **wanted)
    defaults = {"privateDnsEnabled": False, "routeTableIds": [], "state": "available"}
    return {**defaults, **everything(held), "id": held.id}


def _cluster(said: Values, provider: Values, world: World) -> dict[str, Any]:
    held = find(world, provider, "aws:eks/cluster:Cluster", name=said["name"])
    found = everything(held)
    network = {"publicAccessCidrs": [], "endpointPublicAccess": True, "endpointPrivateAccess": False}
    return {
        **{name: found.get(name) for name in ("name", "arn", "endpoint", "version", "roleArn")},
        "id": held.id,
        "status": "ACTIVE",
        "enabledClusterLogTypes": found.get("enabledClusterLogTypes") or [],
        "accessConfigs": [found["accessConfig"]] if found.get("accessConfig") else [],
        "certificateAuthorities": [found.get("certificateAuthority") or {"data": ""}],
        "vpcConfig": {**network, **found["vpcConfig"]},
    }


def _addon(said: Values, provider: Values, world: World) -> dict[str, Any]:
    wanted = {"clusterName": said["clusterName"], "addonName": said["addonName"]}
    held = find(world, provider, "aws:eks/addon:Addon", **wanted)
    return {"configurationValues": "", **everything(held), "id": held.id}


def _access_entry(said: Values, provider: Values, world: World) -> dict[str, Any]:
    wanted = {"clusterName": said["clusterName"], "principalArn": said["principalArn"]}
    held = find(world, provider, "aws:eks/accessEntry:AccessEntry", **wanted)
    return {**everything(held), "id": held.id}


def _log_group(said: Values, provider: Values, world: World) -> dict[str, Any]:
    held = find(world, provider, "aws:cloudwatch/logGroup:LogGroup", name=said["name"])
    return {"retentionInDays": 0, "kmsKeyId": "", **everything(held), "id": held.id}


ANSWERS: Mapping[str, Callable[[Values, Values, World], dict[str, Any]]] = {
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getRouteTable:getRouteTable": _route_table,
    "aws:ec2/getVpcEndpoint:getVpcEndpoint": _endpoint,
    "aws:eks/getCluster:getCluster": _cluster,
    "aws:eks/getAddon:getAddon": _addon,
    "aws:eks/getAccessEntry:getAccessEntry": _access_entry,
    "aws:cloudwatch/getLogGroup:getLogGroup": _log_group,
}
