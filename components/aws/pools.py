"""Node groups: their number belongs to the autoscaler as soon as they exist."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.cluster import ControlPlane
from components.aws.identities import Roles
from components.aws.keys import Keys
from components.aws.network import Network
from components.aws.templates import template
from components.ground_specs import GroundSpec, PoolSpec
from components.naming import named

LABEL = "meridian.io"
GPU_TAINT = "nvidia.com/gpu"
ARM = ("p6e-",)
"""Families of GPU machines with Arm processors."""


@dataclass(frozen=True)
class Pools:
    """What others need of a region's nodes."""

    gateway_group_names: list[pulumi.Output[str]]
    """Auto Scaling groups that the entry sends to."""
    system: list[pulumi.Resource]
    """Node groups that controllers run on."""


def pools(
    name: str,
    spec: GroundSpec,
    net: Network,
    keys: Keys,
    roles: Roles,
    plane: ControlPlane,
    opts: pulumi.ResourceOptions,
) -> Pools:
    """Make every pool. Spot has one group per zone, so that one zone's shortage holds up no other."""
    made: list[tuple[PoolSpec, aws.eks.NodeGroup]] = []
    subnets = dict(zip(spec.network.zones, net.node_subnets, strict=True))
    for pool in spec.pools:
        groups = [net.node_security_group_id, plane.security_group_id]
        base = named("kubernetes", name, pool.name)
        machine = template(base, pool, spec, keys, groups, opts)
        role = roles.gateway_nodes if pool.role == "gateway" else roles.nodes
        for zones in _zones(pool):
            group_name = base if zones == pool.zones else f"{base}-{zones[0]}"
            where = [subnets[zone] for zone in zones]
            size = _Size(*(_share(each, pool, zones) for each in (pool.nodes, pool.min_nodes, pool.max_nodes)))
            made.append((pool, _group(group_name, pool, spec, size, where, machine, role, plane, opts)))
    return Pools(
        gateway_group_names=[_autoscaling_group(group) for pool, group in made if pool.role == "gateway"],
        system=[group for pool, group in made if pool.role == "system"],
    )


@dataclass(frozen=True)
class _Size:
    nodes: int
    least: int
    most: int


def _zones(pool: PoolSpec) -> list[tuple[str, ...]]:
    return [(zone,) for zone in pool.zones] if pool.capacity == "spot" else [pool.zones]


def _share(number: int, pool: PoolSpec, zones: tuple[str, ...]) -> int:
    """A group's part of the pool's number: what does not divide goes to the first zones."""
    if zones == pool.zones:
        return number
    each, rest = divmod(number, len(pool.zones))
    return each + (pool.zones.index(zones[0]) < rest)


def _group(
    name: str,
    pool: PoolSpec,
    spec: GroundSpec,
    size: _Size,
    subnets: Sequence[pulumi.Output[str]],
    machine: aws.ec2.LaunchTemplate,
    role: pulumi.Output[str],
    plane: ControlPlane,
    opts: pulumi.ResourceOptions,
) -> aws.eks.NodeGroup:
    return aws.eks.NodeGroup(
        name,
        cluster_name=plane.name,
        node_role_arn=role,
        subnet_ids=list(subnets),
        instance_types=list(pool.machines),
        ami_type=_image(pool),
        capacity_type="SPOT" if pool.capacity == "spot" else "ON_DEMAND",
        launch_template={
            "id": machine.id,
            "version": machine.latest_version.apply(str),
        },
        # EKS wants room for one node in a group, even in one that starts empty.
        scaling_config={"desired_size": size.nodes, "min_size": size.least, "max_size": max(size.most, 1)},
        update_config={"max_unavailable": 1},
        node_repair_config={"enabled": True},
        labels=_labels(pool),
        taints=_taints(pool),
        version=spec.cluster.version,
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(depends_on=plane.ready_for_nodes, ignore_changes=_owned_by_autoscaler(size)),
        ),
    )


def _owned_by_autoscaler(size: _Size) -> list[str]:
    """The number of nodes, where an autoscaler has a choice. A fixed number is the plan's: left alone, it would lie
    outside the new bounds when the plan changes it, which EKS refuses."""
    return ["scalingConfig.desiredSize"] if size.least < size.most else []


def _image(pool: PoolSpec) -> str:
    """Amazon Linux 2023; for GPUs with NVIDIA's driver and container toolkit."""
    if pool.role != "gpu":
        return "AL2023_x86_64_STANDARD"
    return "AL2023_ARM_64_NVIDIA" if pool.machines[0].startswith(ARM) else "AL2023_x86_64_NVIDIA"


def _labels(pool: PoolSpec) -> dict[str, str]:
    found = {f"{LABEL}/role": pool.role, f"{LABEL}/pool": pool.name, f"{LABEL}/capacity": pool.capacity}
    return {**found, f"{LABEL}/model": pool.model} if pool.model else found


def _taints(pool: PoolSpec) -> list[aws.eks.NodeGroupTaintArgsDict]:
    """Only what asks for it runs on gateway and GPU nodes; a model's nodes are its own."""
    if pool.role == "system":
        return []
    if pool.role == "gateway":
        return [{"key": f"{LABEL}/role", "value": "gateway", "effect": "NO_SCHEDULE"}]
    taints: list[aws.eks.NodeGroupTaintArgsDict] = [{"key": GPU_TAINT, "value": "present", "effect": "NO_SCHEDULE"}]
    if pool.model:
        taints.append({"key": f"{LABEL}/model", "value": pool.model, "effect": "NO_SCHEDULE"})
    return taints


def _autoscaling_group(group: aws.eks.NodeGroup) -> pulumi.Output[str]:
    name: pulumi.Output[str] = group.resources.apply(lambda known: str((known[0].autoscaling_groups or [])[0].name))
    return name
