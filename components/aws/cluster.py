"""The control plane: private, with encrypted secrets, every log, and rights by access entries alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.existing import existing_cluster
from components.aws.identities import Roles
from components.aws.keys import Keys
from components.aws.logs import group
from components.aws.names import cluster_name, partition
from components.aws.network import Network
from components.aws.versions import ADDONS
from components.ground_specs import GroundSpec

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All that EKS has."""

SERVICE_CIDR = "172.20.0.0/16"
"""Addresses of services: outside 10.0.0.0/8, from which every network is cut."""


@dataclass(frozen=True)
class ControlPlane:
    """The control plane, once the add-ons that nodes need to join are there."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    authority: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    """EKS's own group, which joins nodes and control plane."""
    ready_for_nodes: list[pulumi.Resource]


def cluster(
    name: str, spec: GroundSpec, net: Network, keys: Keys, roles: Roles, opts: pulumi.ResourceOptions
) -> ControlPlane:
    """Make the control plane, its administrators and the add-ons that come before nodes; or use somebody else's.

    Raises `ExistingRefused` for one that will not do.
    """
    if spec.cluster.existing is not None:
        return _joined(spec, spec.cluster.existing, opts)
    logs = group(name, "cluster", spec, keys, opts)
    listed = spec.cluster.door == "allow-list"
    plane = aws.eks.Cluster(
        name,
        name=cluster_name(spec),
        version=spec.cluster.version,
        role_arn=roles.cluster,
        vpc_config={
            "subnet_ids": net.node_subnets,
            "endpoint_private_access": True,
            "endpoint_public_access": listed,
            "public_access_cidrs": list(spec.cluster.allowed_cidrs) if listed else None,
        },
        kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": SERVICE_CIDR},
        encryption_config={"provider": {"key_arn": keys["cluster"]}, "resources": ["secrets"]},
        enabled_cluster_log_types=list(LOGS),
        access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
        bootstrap_self_managed_addons=False,
        deletion_protection=spec.protect,
        upgrade_policy={"support_type": "STANDARD"},
        zonal_shift_config={"enabled": True},
        opts=pulumi.ResourceOptions.merge(
            opts,
            # EKS makes the log group itself, without key or retention, when it comes first.
            pulumi.ResourceOptions(depends_on=[logs], protect=spec.protect),
        ),
    )
    _administrators(name, spec, plane, opts)
    return ControlPlane(
        name=plane.name,
        endpoint=plane.endpoint,
        authority=plane.certificate_authority.apply(lambda known: str(known.data)),
        security_group_id=plane.vpc_config.apply(lambda known: str(known.cluster_security_group_id)),
        ready_for_nodes=_addons_before_nodes(name, spec, roles, plane, opts),
    )


def _joined(spec: GroundSpec, existing: str, opts: pulumi.ResourceOptions) -> ControlPlane:
    """Use a control plane that has its add-ons and administrators already."""
    found = existing_cluster(spec, existing, pulumi.InvokeOptions(provider=opts.provider))
    out = pulumi.Output.from_input
    return ControlPlane(
        name=out(existing),
        endpoint=out(found["endpoint"]),
        authority=out(found["authority"]),
        security_group_id=out(found["security_group"]),
        ready_for_nodes=[],
    )


def _administrators(name: str, spec: GroundSpec, plane: aws.eks.Cluster, opts: pulumi.ResourceOptions) -> None:
    policy = f"arn:{partition(spec.location)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    for principal in spec.cluster.administrators:
        who = principal.rpartition(":")[2].replace("/", "-")
        entry = aws.eks.AccessEntry(
            f"{name}-{who}", cluster_name=plane.name, principal_arn=principal, type="STANDARD", opts=opts
        )
        aws.eks.AccessPolicyAssociation(
            f"{name}-{who}",
            cluster_name=plane.name,
            principal_arn=entry.principal_arn,
            policy_arn=policy,
            access_scope={"type": "cluster"},
            opts=opts,
        )


def _addons_before_nodes(
    name: str, spec: GroundSpec, roles: Roles, plane: aws.eks.Cluster, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Without these no node becomes ready. The network's agent enforces the policies that the workloads come with."""
    pinned = ADDONS[spec.cluster.version]
    identity = _addon(name, "eks-pod-identity-agent", pinned.identity, plane.name, opts)
    return [
        identity,
        _addon(name, "kube-proxy", pinned.proxy, plane.name, opts),
        _addon(
            name,
            "vpc-cni",
            pinned.network,
            plane.name,
            pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[identity])),
            settings={"enableNetworkPolicy": "true"},
            role=("aws-node", roles.network),
        ),
    ]


def addons_on_nodes(
    name: str,
    spec: GroundSpec,
    plane: ControlPlane,
    system_pools: list[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> None:
    """Make the add-ons that run on nodes of the system pool and wait for them: names inside the cluster.

    A cluster of somebody else has them.
    """
    if spec.cluster.existing is not None:
        return
    after = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=system_pools))
    _addon(name, "coredns", ADDONS[spec.cluster.version].names, plane.name, after)


def _addon(
    name: str,
    addon: str,
    version: str,
    plane: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
    *,
    settings: Mapping[str, Any] | None = None,
    role: tuple[str, pulumi.Output[str]] | None = None,
) -> aws.eks.Addon:
    return aws.eks.Addon(
        f"{name}-{addon}",
        cluster_name=plane,
        addon_name=addon,
        addon_version=version,
        configuration_values=json.dumps(settings) if settings else None,
        pod_identity_associations=[{"service_account": role[0], "role_arn": role[1]}] if role else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=opts,
    )
