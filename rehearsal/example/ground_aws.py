"""The ground of a region on AWS."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from rehearsal.example.settings import Settings, located

ACCOUNT = "123456789012"
ENTRY_PORT, GATEWAY_PORT = 443, 30443


class _Ground:
    """What every resource of the region shares."""

    def __init__(self, region: str, settings: Settings) -> None:
        self.region, self.place = region, located(region)
        self.tags = settings.tags(region)
        self.opts = pulumi.ResourceOptions(provider=aws.Provider(f"{region}-ground", region=self.place))


def ground(region: str, settings: Settings, domain: Any) -> dict[str, Any]:
    """Make it; returns the values of the waist."""
    of = _Ground(region, settings)
    key = _key(of)
    log = aws.cloudwatch.LogGroup(
        f"{region}-log",
        name=f"/meridian/{region}/{settings.log_name}",
        retention_in_days=400,
        kms_key_id=key.arn,
        tags=of.tags,
        opts=of.opts,
    )
    network, private, public = _network(of)
    cluster = _cluster(of, key, private)
    registry = aws.ecr.Repository(
        f"{region}-registry",
        name=f"{region}-engine",
        image_tag_mutability="IMMUTABLE",
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": key.arn}],
        image_scanning_configuration={"scan_on_push": True},
        tags=of.tags,
        opts=of.opts,
    )
    entry = _entry(of, network, public, domain)
    return {
        "cluster": cluster.name,
        "endpoint": cluster.endpoint,
        "authority": cluster.certificate_authority.data,
        "registry": registry.repository_url,
        "log": log.id,
        "entry": entry.dns_name,
        "entry_zone": entry.zone_id,
    }


def _key(of: _Ground) -> Any:
    key = aws.kms.Key(
        f"{of.region}-key",
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=_key_policy(of),
        tags=of.tags,
        opts=of.opts,
    )
    aws.kms.Alias(f"{of.region}-key-alias", name=f"alias/{of.region}", target_key_id=key.key_id, opts=of.opts)
    return key


def _key_policy(of: _Ground) -> str:
    """The account manages the key, and the region's logs use it."""
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    logs = {
        "Effect": "Allow",
        "Principal": {"Service": f"logs.{of.place}.amazonaws.com"},
        "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        "Resource": "*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [own, logs]})


def _network(of: _Ground) -> tuple[Any, list[Any], list[Any]]:
    network = aws.ec2.Vpc(
        f"{of.region}-network",
        cidr_block="10.1.0.0/16",
        enable_dns_support=True,
        enable_dns_hostnames=True,
        tags=of.tags,
        opts=of.opts,
    )
    door = aws.ec2.InternetGateway(f"{of.region}-internet", vpc_id=network.id, tags=of.tags, opts=of.opts)
    private = _subnets(of, network, "private", 0, [])
    public = _subnets(of, network, "public", 100, [{"cidr_block": "0.0.0.0/0", "gateway_id": door.id}])
    bucket = aws.s3.Bucket(
        f"{of.region}-flows", bucket=f"meridian-example-{of.region}-flows", tags=of.tags, opts=of.opts
    )
    aws.ec2.FlowLog(
        f"{of.region}-flow-log",
        vpc_id=network.id,
        traffic_type="ALL",
        log_destination_type="s3",
        log_destination=bucket.arn,
        tags=of.tags,
        opts=of.opts,
    )
    return network, private, public


def _subnets(of: _Ground, network: Any, kind: str, first: int, routes: list[Any]) -> list[Any]:
    table = aws.ec2.RouteTable(
        f"{of.region}-{kind}-routes", vpc_id=network.id, routes=routes, tags=of.tags, opts=of.opts
    )
    subnets = []
    for number, zone in enumerate("ab"):
        subnet = aws.ec2.Subnet(
            f"{of.region}-{kind}-{zone}",
            vpc_id=network.id,
            cidr_block=f"10.1.{first + number}.0/24",
            availability_zone=f"{of.place}{zone}",
            tags=of.tags,
            opts=of.opts,
        )
        aws.ec2.RouteTableAssociation(
            f"{of.region}-{kind}-{zone}-routes", subnet_id=subnet.id, route_table_id=table.id, opts=of.opts
        )
        subnets.append(subnet)
    return subnets


def _role(of: _Ground, name: str, service: str, policies: list[str]) -> Any:
    trust = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws.iam.Role(
        f"{of.region}-{name}-role", name=f"{of.region}-{name}", assume_role_policy=document, tags=of.tags, opts=of.opts
    )
    for policy in policies:
        aws.iam.RolePolicyAttachment(
            f"{of.region}-{name}-{policy}",
            role=role.name,
            policy_arn=f"arn:aws:iam::aws:policy/{policy}",
            opts=of.opts,
        )
    return role


def _cluster(of: _Ground, key: Any, subnets: list[Any]) -> Any:
    owner = _role(of, "cluster", "eks", ["AmazonEKSClusterPolicy"])
    cluster = aws.eks.Cluster(
        f"{of.region}-cluster",
        name=of.region,
        role_arn=owner.arn,
        vpc_config={
            "subnet_ids": [subnet.id for subnet in subnets],
            "endpoint_private_access": True,
            "endpoint_public_access": False,
        },
        encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
        enabled_cluster_log_types=["api", "audit", "authenticator"],
        access_config={"authentication_mode": "API"},
        tags=of.tags,
        opts=of.opts,
    )
    autoscaled = pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"])
    nodes = _role(of, "nodes", "ec2", ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"])
    aws.eks.NodeGroup(
        f"{of.region}-nodes",
        cluster_name=cluster.name,
        node_group_name="gpu",
        node_role_arn=nodes.arn,
        subnet_ids=[subnet.id for subnet in subnets],
        instance_types=["g6e.xlarge"],
        capacity_type="ON_DEMAND",
        scaling_config={"min_size": 1, "max_size": 4, "desired_size": 2},
        tags=of.tags,
        opts=pulumi.ResourceOptions.merge(of.opts, autoscaled),
    )
    return cluster


def _entry(of: _Ground, network: Any, subnets: list[Any], domain: Any) -> Any:
    group = aws.ec2.SecurityGroup(
        f"{of.region}-entry-group",
        name=f"{of.region}-entry",
        description="TLS from anywhere",
        vpc_id=network.id,
        tags=of.tags,
        opts=of.opts,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{of.region}-entry-tls",
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=ENTRY_PORT,
        to_port=ENTRY_PORT,
        cidr_ipv4="0.0.0.0/0",
        opts=of.opts,
    )
    balancer = aws.lb.LoadBalancer(
        f"{of.region}-entry",
        name=f"{of.region}-entry",
        load_balancer_type="application",
        internal=False,
        security_groups=[group.id],
        subnets=[subnet.id for subnet in subnets],
        idle_timeout=600,
        drop_invalid_header_fields=True,
        tags=of.tags,
        opts=of.opts,
    )
    target = aws.lb.TargetGroup(
        f"{of.region}-gateway",
        name=f"{of.region}-gateway",
        target_type="instance",
        port=GATEWAY_PORT,
        protocol="HTTPS",
        vpc_id=network.id,
        health_check={"path": "/-/ready", "protocol": "HTTPS", "matcher": "200"},
        tags=of.tags,
        opts=of.opts,
    )
    certificate = aws.acm.Certificate(
        f"{of.region}-certificate", domain_name=domain, validation_method="DNS", tags=of.tags, opts=of.opts
    )
    aws.lb.Listener(
        f"{of.region}-listener",
        load_balancer_arn=balancer.arn,
        port=ENTRY_PORT,
        protocol="HTTPS",
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        certificate_arn=certificate.arn,
        default_actions=[{"type": "forward", "target_group_arn": target.arn}],
        tags=of.tags,
        opts=of.opts,
    )
    return balancer
