"""What lies where on AWS: subnets inside their VPC and beside each other, zones in their region, groups of one VPC."""

from collections.abc import Iterator
from typing import Any

from rehearsal.standins.refusals.aws_references import subnets_of
from rehearsal.standins.refusals.places import everything, region_of
from rehearsal.standins.refusals.rules import Inputs, network_of, value_of
from rehearsal.standins.refusals.values import Problem, known
from rehearsal.standins.refusals.world import Stored, World

_SUBNET = "aws:ec2/subnet:Subnet"
_SUBNETS = ("subnetIds", "subnets", "vpcConfig.subnetIds", "subnetMappings.subnetId", "vpcZoneIdentifiers")
_GROUPS = ("securityGroupIds", "securityGroups", "vpcConfig.securityGroupIds", "vpcSecurityGroupIds")
_TWO_ZONES = {
    "aws:lb/loadBalancer:LoadBalancer": ("ValidationError", "At least two subnets in two different Availability Zones"),
    "aws:alb/loadBalancer:LoadBalancer": (
        "ValidationError",
        "At least two subnets in two different Availability Zones",
    ),
    "aws:eks/cluster:Cluster": ("InvalidParameterException", "Subnets specified must be in at least two different AZs"),
}


def misplaced(token: str, inputs: Inputs, provider: Inputs, world: World, *, own: str = "") -> Iterator[Problem]:
    """Yield what is not where it must be; `own` is the id of the resource itself when it is changed."""
    region = region_of(inputs, provider)
    zone = inputs.get("availabilityZone")
    if isinstance(zone, str) and known(zone) and region and not zone.startswith(region):
        yield Problem(
            "availabilityZone", f"InvalidParameterValue: {zone} is not in {region}: write {region}a or its like"
        )
    if token == _SUBNET:
        yield from _subnet(inputs, world, own)
    yield from _one_vpc(token, inputs, region, world)


def _subnet(inputs: Inputs, world: World, own: str) -> Iterator[Problem]:
    network, vpc = network_of(inputs.get("cidrBlock")), inputs.get("vpcId")
    stored = world.find(vpc) if isinstance(vpc, str) else None
    if network is None or stored is None:
        return
    ranges = [network_of(everything(stored).get("cidrBlock"))]
    ranges += [
        network_of(one.inputs.get("cidrBlock"))
        for one in world.resources("aws", "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
        if one.inputs.get("vpcId") == vpc
    ]
    spaces = [one for one in ranges if one is not None and one.version == network.version]
    if spaces and not any(network.subnet_of(space) for space in spaces):  # type: ignore[arg-type]
        why = f"The CIDR '{network}' is invalid: the VPC has {', '.join(map(str, spaces))}"
        yield Problem("cidrBlock", f"InvalidSubnet.Range: {why}: write a range inside it")
    for other in world.resources("aws", _SUBNET):
        taken = network_of(other.inputs.get("cidrBlock"))
        if other.id == own or other.inputs.get("vpcId") != vpc or taken is None or taken.version != network.version:
            continue
        if taken.overlaps(network):
            why = f"The CIDR '{network}' conflicts with subnet {other.id} ({taken})"
            yield Problem("cidrBlock", f"InvalidSubnet.Conflict: {why}: write a range beside it")


def _one_vpc(token: str, inputs: Inputs, region: str | None, world: World) -> Iterator[Problem]:
    subnets = subnets_of(inputs, _SUBNETS, world)
    vpcs: dict[Any, str] = {}
    for where, subnet in subnets:
        yield from _there(where, subnet, "subnet", region)
        vpcs.setdefault(str(everything(subnet).get("vpcId")), where)
    wanted = {inputs["vpcId"]: "vpcId"} if isinstance(inputs.get("vpcId"), str) else vpcs
    if len(vpcs) > 1:
        *_, where = vpcs.values()
        yield Problem(where, f"InvalidParameterValue: subnets of {len(vpcs)} VPCs: write subnets of one VPC")
    for where, group in subnets_of(inputs, _GROUPS, world):
        vpc = everything(group).get("vpcId")
        yield from _there(where, group, "security group", region)
        if known(vpc) and wanted and vpc not in wanted:
            owner = next(iter(wanted))
            yield Problem(where, f"InvalidGroup.NotFound: the group is of {vpc}, not {owner}: write one of {owner}")
    zones = {str(everything(subnet).get("availabilityZone")) for _, subnet in subnets}
    if token in _TWO_ZONES and len(subnets) > 1 and len(zones) == 1 and "None" not in zones:
        code, why = _TWO_ZONES[token]
        if value_of(inputs, "loadBalancerType") in (None, "application"):
            yield Problem(subnets[-1][0], f"{code}: {why}: these are all in {zones.pop()}: write one of another zone")


def _there(where: str, stored: Stored, what: str, region: str | None) -> Iterator[Problem]:
    other = region_of(everything(stored), stored.provider)
    if region and other and other != region:
        why = f"the {what} is in {other}, not {region}"
        yield Problem(where, f"InvalidParameterValue: {why}: write one of {region}")
