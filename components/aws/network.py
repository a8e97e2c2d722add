"""A region's network: nodes without a way to the internet, and a load balancer in subnets of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.addresses import ZoneSubnets, subnets
from components.aws.endpoints import endpoints, storage_endpoint
from components.aws.existing import existing_network
from components.aws.keys import Keys
from components.aws.logs import group
from components.aws.names import role_name
from components.aws.policy import allow, document, trust
from components.ground_specs import ExistingNetwork, GroundSpec

HTTPS = 443
EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Network:
    """Ids of what others need."""

    vpc_id: pulumi.Output[str]
    node_subnets: list[pulumi.Output[str]]
    """In the order of the zones in the spec."""
    entry_subnets: list[pulumi.Output[str]]
    node_security_group_id: pulumi.Output[str]
    entry_security_group_id: pulumi.Output[str]
    inner_security_group_id: pulumi.Output[str] | None
    """Of the private entry where there are two."""
    storage_endpoint_id: pulumi.Output[str]
    """The S3 endpoint, which alone may read the weights."""


def network(name: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions) -> Network:
    """Make the network, or join one of somebody else; raises `ExistingRefused` for one that will not do."""
    if spec.network.existing is not None:
        return _joined(name, spec, spec.network.existing, keys, opts)
    vpc = aws.ec2.Vpc(
        name,
        cidr_block=spec.network.cidr,
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags={"Name": name},
        opts=opts,
    )
    aws.ec2.DefaultSecurityGroup(f"{name}-unused", vpc_id=vpc.id, ingress=[], egress=[], opts=opts)
    _flow_logs(name, spec, keys, vpc.id, opts)
    cut = subnets(spec.network.cidr, spec.network.zones)
    nodes, node_routes = _node_subnets(name, cut, vpc.id, opts)
    entries = _entry_subnets(name, spec, cut, vpc.id, opts)
    groups = _security_groups(name, spec, vpc.id, opts)
    ends = aws.ec2.SecurityGroup(
        f"{name}-endpoints", vpc_id=vpc.id, description=f"{spec.name}: endpoints", opts=opts
    ).id
    _outward(f"{name}-nodes-endpoints", groups["nodes"], "tcp", HTTPS, opts, peer=ends)
    _inward(f"{name}-endpoints-nodes", ends, "tcp", HTTPS, opts, peer=groups["nodes"])
    endpoints(name, spec, vpc.id, nodes, ends, opts)
    storage = storage_endpoint(name, spec, vpc.id, [node_routes], opts)
    return Network(
        vpc_id=vpc.id,
        node_subnets=nodes,
        entry_subnets=entries,
        node_security_group_id=groups["nodes"],
        entry_security_group_id=groups["entry"],
        inner_security_group_id=groups.get("inner"),
        storage_endpoint_id=storage.id,
    )


def _joined(
    name: str, spec: GroundSpec, existing: ExistingNetwork, keys: Keys, opts: pulumi.ResourceOptions
) -> Network:
    """Join a network: its traffic is logged for this region too, and nodes and entry get guards of their own."""
    seen = existing_network(spec, existing, pulumi.InvokeOptions(provider=opts.provider))
    vpc = pulumi.Output.from_input(existing.network)
    _flow_logs(name, spec, keys, vpc, opts)
    groups = _security_groups(name, spec, vpc, opts)
    # The owner's endpoints have guards that are not ours to change: they must let the network's addresses in.
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-nodes-endpoints",
        security_group_id=groups["nodes"],
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        cidr_ipv4=spec.network.cidr,
        opts=opts,
    )

    def by_zone(ids: tuple[str, ...]) -> list[pulumi.Output[str]]:
        return [pulumi.Output.from_input(id) for id in sorted(ids, key=lambda id: seen.subnets[id].zone)]

    return Network(
        vpc_id=vpc,
        node_subnets=by_zone(existing.node_subnets),
        entry_subnets=by_zone(existing.entry_subnets),
        node_security_group_id=groups["nodes"],
        entry_security_group_id=groups["entry"],
        inner_security_group_id=groups.get("inner"),
        storage_endpoint_id=pulumi.Output.from_input(str(seen.storage_endpoint)),
    )


def _flow_logs(name: str, spec: GroundSpec, keys: Keys, vpc: pulumi.Output[str], opts: pulumi.ResourceOptions) -> None:
    logs = group(name, "flow", spec, keys, opts)
    mine = {"StringEquals": {"aws:SourceAccount": spec.account}}
    role = aws.iam.Role(
        f"{name}-flow",
        name=role_name(spec, "flow"),
        assume_role_policy=trust("vpc-flow-logs.amazonaws.com", when=mine),
        opts=opts,
    )
    actions = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    may = aws.iam.RolePolicy(
        f"{name}-flow",
        role=role.name,
        policy=document(allow(actions, [logs.arn, pulumi.Output.concat(logs.arn, ":*")])),
        opts=opts,
    )
    aws.ec2.FlowLog(
        name,
        vpc_id=vpc,
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=60,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[may])),
    )


def _node_subnets(
    name: str, cut: Mapping[str, ZoneSubnets], vpc: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> tuple[list[pulumi.Output[str]], pulumi.Output[str]]:
    """Subnets whose only routes are the network itself and S3."""
    routes = aws.ec2.RouteTable(f"{name}-nodes", vpc_id=vpc, routes=[], tags={"Name": f"{name}-nodes"}, opts=opts)
    return [_subnet(f"{name}-nodes", zone, each.nodes, vpc, routes, opts) for zone, each in cut.items()], routes.id


def _entry_subnets(
    name: str,
    spec: GroundSpec,
    cut: Mapping[str, ZoneSubnets],
    vpc: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Output[str]]:
    """Subnets of the load balancer alone; only these, and only where clients come from the internet, reach it."""
    gateway = None
    if spec.entry.visibility != "private":
        gateway = aws.ec2.InternetGateway(name, vpc_id=vpc, tags={"Name": name}, opts=opts)
    routes = aws.ec2.RouteTable(f"{name}-entry", vpc_id=vpc, tags={"Name": f"{name}-entry"}, opts=opts)
    if gateway is not None:
        aws.ec2.Route(
            f"{name}-entry",
            route_table_id=routes.id,
            destination_cidr_block=EVERYWHERE,
            gateway_id=gateway.id,
            opts=opts,
        )
    return [_subnet(f"{name}-entry", zone, each.entry, vpc, routes, opts) for zone, each in cut.items()]


def _subnet(
    name: str,
    zone: str,
    cidr: str,
    vpc: pulumi.Output[str],
    routes: aws.ec2.RouteTable,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    subnet = aws.ec2.Subnet(
        f"{name}-{zone}",
        vpc_id=vpc,
        availability_zone=zone,
        cidr_block=cidr,
        map_public_ip_on_launch=False,
        tags={"Name": f"{name}-{zone}"},
        opts=opts,
    )
    aws.ec2.RouteTableAssociation(f"{name}-{zone}", subnet_id=subnet.id, route_table_id=routes.id, opts=opts)
    found: pulumi.Output[str] = subnet.id
    return found


def _security_groups(
    name: str, spec: GroundSpec, vpc: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> Mapping[str, pulumi.Output[str]]:
    """`nodes`, `entry`, and `inner` for the private one of two entries.

    The entry adds who reaches it; EKS adds a group that joins nodes and control plane.
    """
    names = ("nodes", "entry", "inner") if spec.entry.visibility == "both" else ("nodes", "entry")
    found = {
        who: aws.ec2.SecurityGroup(f"{name}-{who}", vpc_id=vpc, description=f"{spec.name}: {who}", opts=opts).id
        for who in names
    }
    nodes = found["nodes"]
    _inward(f"{name}-nodes-peers", nodes, "-1", None, opts, peer=nodes)
    _outward(f"{name}-nodes-peers", nodes, "-1", None, opts, peer=nodes)  # both ways all of it: EFA asks for that
    return found


def _inward(
    name: str,
    group_id: pulumi.Output[str],
    protocol: str,
    port: int | None,
    opts: pulumi.ResourceOptions,
    *,
    peer: pulumi.Output[str],
) -> None:
    aws.vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group_id,
        ip_protocol=protocol,
        from_port=port,
        to_port=port,
        referenced_security_group_id=peer,
        opts=opts,
    )


def _outward(
    name: str,
    group_id: pulumi.Output[str],
    protocol: str,
    port: int | None,
    opts: pulumi.ResourceOptions,
    *,
    peer: pulumi.Output[str],
) -> None:
    aws.vpc.SecurityGroupEgressRule(
        name,
        security_group_id=group_id,
        ip_protocol=protocol,
        from_port=port,
        to_port=port,
        referenced_security_group_id=peer,
        opts=opts,
    )
