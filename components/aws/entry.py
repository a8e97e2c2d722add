"""The front door of a region on AWS: load balancer with TLS and WAF, and the gateway nodes behind it.

There is no port 80, not even to redirect: a client that speaks first without TLS has told its key already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pulumi
import pulumi_aws as aws
from pulumi_aws.lb import (
    ListenerDefaultActionArgs,
    LoadBalancerAccessLogsArgs,
    LoadBalancerConnectionLogsArgs,
    TargetGroupHealthCheckArgs,
    TargetGroupStickinessArgs,
)

from components.aws.certificate import certificate
from components.aws.refusing import refuse
from components.aws.waf import web_acl
from components.aws.waf_logs import waf_log
from components.ground_specs import GroundSpec
from components.region import Entry

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09"
"""TLS 1.3 alone, with hybrid post-quantum key exchange for clients that have it ("Security policies for your
Application Load Balancer", read 2026-11). Whether Route 53's health checkers speak 1.3 is documented both ways; if they
do not, `ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09` is the strictest that they can reach."""
HTTPS = 443
EVERYWHERE = "0.0.0.0/0"
STRICT_TRANSPORT = "max-age=31536000; includeSubDomains"
PROBE_SECONDS, PROBE_TIMEOUT_SECONDS, PROBE_THRESHOLD = 10, 5, 2
"""A dead gateway node gets no request after 20 s."""
LONGEST_DEREGISTRATION_SECONDS = 3600


class EntryNetwork(Protocol):
    """What an entry needs of a region's network; `components.aws.network.Network` has it."""

    @property
    def vpc_id(self) -> pulumi.Output[str]:
        """The network."""

    @property
    def entry_subnets(self) -> Sequence[pulumi.Output[str]]:
        """One subnet per zone for the load balancer."""

    @property
    def node_security_group_id(self) -> pulumi.Output[str]:
        """What guards the nodes."""

    @property
    def entry_security_group_id(self) -> pulumi.Output[str]:
        """What guards the load balancer; comes without a rule."""

    @property
    def node_subnets(self) -> Sequence[pulumi.Output[str]]:
        """Subnets without a way to the internet, one per zone: the private one of two load balancers stands there."""

    @property
    def inner_security_group_id(self) -> pulumi.Output[str] | None:
        """What guards the private one of two load balancers; comes without a rule."""


@dataclass(frozen=True)
class Entries:
    """What steering needs of a region's entries."""

    first: Entry
    """The public one where there are two."""
    inner: Entry | None
    """The private one where there are two."""


@dataclass(frozen=True)
class _Side:
    """One load balancer: who it is for and where it stands."""

    name: str
    """Beginning of its resources' names."""
    balancer: str
    gate: str
    internal: bool
    subnets: Sequence[pulumi.Output[str]]
    guard: pulumi.Output[str]
    clients: str
    """Addresses that reach it."""


def entry(
    name: str,
    spec: GroundSpec,
    network: EntryNetwork,
    gateway_groups: Sequence[pulumi.Output[str]],
    log_bucket: pulumi.Input[str],
    zone_id: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    *,
    log_key: pulumi.Input[str],
) -> Entries:
    """Make the entry of a region, or both of them, and return what steering needs.

    Two entries share names, certificate and rules, and nothing that guards or carries traffic. `gateway_groups` are
    the names of the autoscaling groups of gateway nodes, `log_bucket` takes the load balancers' logs (encrypted by S3:
    they cannot write under our keys), `log_key` is the ARN of the key that the WAF's log is encrypted by. An address
    is known once the WAF guards it. Raises `EntryRefused` for what AWS would refuse.
    """
    refuse(name, spec, len(gateway_groups))
    acl = web_acl(name, spec.entry, dict(spec.tags), opts)
    log = waf_log(name, spec, acl, log_key, opts)
    arn = certificate(name, spec.entry, _territory_name(spec), zone_id, dict(spec.tags), opts)

    def made(side: _Side) -> Entry:
        balancer = _balancer(side, spec, log_bucket, opts)
        rules = _traffic(side, spec, network, opts)
        guard = aws.wafv2.WebAclAssociation(
            f"{side.name}-waf", resource_arn=balancer.arn, web_acl_arn=acl.arn, opts=opts
        )
        group = _gateways(side, spec, network, gateway_groups, opts)
        # Nothing listens before the WAF guards and tells what it does.
        guarded = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[guard, log, *rules]))
        listener = _listener(side, spec, balancer, group, arn, guarded)
        address = pulumi.Output.all(balancer.dns_name, listener.arn).apply(lambda known: str(known[0]))
        return Entry(address=address, zone_id=balancer.zone_id)

    first, *inner = [made(side) for side in _sides(name, spec, network)]
    return Entries(first=first, inner=inner[0] if inner else None)


def _sides(name: str, spec: GroundSpec, network: EntryNetwork) -> list[_Side]:
    shown = spec.entry.visibility
    first = _Side(
        name=name,
        balancer=f"{name}-entry",
        gate=f"{name}-gate",
        internal=shown == "private",
        subnets=network.entry_subnets,
        guard=network.entry_security_group_id,
        clients=spec.network.cidr if shown == "private" else EVERYWHERE,
    )
    if shown != "both" or network.inner_security_group_id is None:
        return [first]
    inner = _Side(
        name=f"{name}-inner",
        balancer=f"{name}-inner",
        gate=f"{name}-igate",
        internal=True,
        subnets=network.node_subnets,
        guard=network.inner_security_group_id,
        clients=spec.network.cidr,
    )
    return [first, inner]


def _listener(
    side: _Side,
    spec: GroundSpec,
    balancer: aws.lb.LoadBalancer,
    group: aws.lb.TargetGroup,
    certificate_arn: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> aws.lb.Listener:
    return aws.lb.Listener(
        f"{side.name}-https",
        load_balancer_arn=balancer.arn,
        port=HTTPS,
        protocol="HTTPS",
        ssl_policy=TLS_POLICY,
        certificate_arn=certificate_arn,
        default_actions=[ListenerDefaultActionArgs(type="forward", target_group_arn=group.arn)],
        routing_http_response_server_enabled=False,
        routing_http_response_strict_transport_security_header_value=STRICT_TRANSPORT,
        tags=dict(spec.tags),
        opts=opts,
    )


def _balancer(
    side: _Side, spec: GroundSpec, log_bucket: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> aws.lb.LoadBalancer:
    # The engine adds a suffix to the name, so that one can be replaced before the old one goes.
    return aws.lb.LoadBalancer(
        side.balancer,
        load_balancer_type="application",
        internal=side.internal,
        ip_address_type="ipv4",
        subnets=side.subnets,
        security_groups=[side.guard],
        enable_deletion_protection=spec.protect,
        drop_invalid_header_fields=True,
        desync_mitigation_mode="strictest",
        enable_http2=True,
        enable_waf_fail_open=False,
        xff_header_processing_mode="append",
        idle_timeout=spec.entry.idle_timeout_seconds,
        access_logs=LoadBalancerAccessLogsArgs(bucket=log_bucket, enabled=True),
        connection_logs=LoadBalancerConnectionLogsArgs(bucket=log_bucket, enabled=True),
        tags=dict(spec.tags),
        opts=opts,
    )


def _gateways(
    side: _Side,
    spec: GroundSpec,
    network: EntryNetwork,
    gateway_groups: Sequence[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> aws.lb.TargetGroup:
    """Make the target group and put the nodes into it; it is unhealthy until a gateway runs there and served a token.

    TLS goes on to the gateway, but a load balancer does not check its certificate. A node that leaves keeps its
    streams for as long as one may be silent.
    """
    group = aws.lb.TargetGroup(
        side.gate,
        vpc_id=network.vpc_id,
        target_type="instance",
        port=spec.entry.gateway_port,
        protocol="HTTPS",
        protocol_version="HTTP1",
        # Answers take from milliseconds to minutes, so turns say nothing about load.
        load_balancing_algorithm_type="least_outstanding_requests",
        deregistration_delay=min(spec.entry.idle_timeout_seconds, LONGEST_DEREGISTRATION_SECONDS),
        stickiness=TargetGroupStickinessArgs(type="lb_cookie", enabled=False),
        health_check=TargetGroupHealthCheckArgs(
            enabled=True,
            protocol="HTTPS",
            port="traffic-port",
            path=spec.entry.probe_path,
            matcher="200",
            interval=PROBE_SECONDS,
            timeout=PROBE_TIMEOUT_SECONDS,
            healthy_threshold=PROBE_THRESHOLD,
            unhealthy_threshold=PROBE_THRESHOLD,
        ),
        tags=dict(spec.tags),
        opts=opts,
    )
    for place, nodes in enumerate(gateway_groups):
        aws.autoscaling.Attachment(
            f"{side.gate}-{place}", autoscaling_group_name=nodes, lb_target_group_arn=group.arn, opts=opts
        )
    return group


def _traffic(
    side: _Side, spec: GroundSpec, network: EntryNetwork, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Open clients to the entry's port 443, and the entry to the gateway's port; nothing else."""
    entry_group, node_group = side.guard, network.node_security_group_id
    port = spec.entry.gateway_port
    tags = dict(spec.tags)
    return [
        aws.vpc.SecurityGroupIngressRule(
            f"{side.name}-clients",
            security_group_id=entry_group,
            description="clients to the entry",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            cidr_ipv4=side.clients,
            tags=tags,
            opts=opts,
        ),
        aws.vpc.SecurityGroupEgressRule(
            f"{side.name}-to-gateway",
            security_group_id=entry_group,
            description="entry to the gateway nodes",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=node_group,
            tags=tags,
            opts=opts,
        ),
        aws.vpc.SecurityGroupIngressRule(
            f"{side.name}-from-entry",
            security_group_id=node_group,
            description="entry to the gateway nodes",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            referenced_security_group_id=entry_group,
            tags=tags,
            opts=opts,
        ),
    ]


def _territory_name(spec: GroundSpec) -> str | None:
    """The name that all regions of the territory share comes first; an entry with one name has its own alone."""
    return spec.entry.names[0] if len(spec.entry.names) > 1 else None
