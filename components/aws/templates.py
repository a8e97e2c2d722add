"""What every machine of a pool is: its disk, its network cards, and how little its metadata tells."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from components.aws.keys import Keys
from components.ground_specs import GroundSpec, PoolSpec

ROOT_DEVICE = "/dev/xvda"
"""Of Amazon Linux 2023."""


def template(
    name: str,
    pool: PoolSpec,
    spec: GroundSpec,
    keys: Keys,
    groups: Sequence[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> aws.ec2.LaunchTemplate:
    """Make the launch template of one node group, and where a replica spans nodes the place that keeps them close."""
    tags = {**dict(spec.tags), "Name": f"{spec.name}-{pool.name}"}
    return aws.ec2.LaunchTemplate(
        name,
        update_default_version=True,
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,  # pods are a hop further and never see the node's role
            "instance_metadata_tags": "disabled",
        },
        block_device_mappings=[{"device_name": ROOT_DEVICE, "ebs": _disk(pool, keys)}],
        network_interfaces=_cards(pool, groups),
        capacity_reservation_specification=_reservation(pool),
        placement=_placement(name, pool, opts),
        monitoring={"enabled": True},
        tag_specifications=[
            {"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
        ],
        opts=opts,
    )


def _disk(pool: PoolSpec, keys: Keys) -> aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict:
    return {
        "volume_type": "gp3",
        "volume_size": pool.disk_gib,
        "encrypted": "true",
        "kms_key_id": keys["nodes"],
        "delete_on_termination": "true",
    }


def _cards(
    pool: PoolSpec, groups: Sequence[pulumi.Output[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """One ordinary card, or every card of the machine as EFA. The subnet is the node group's."""
    return [
        {
            "network_card_index": card,
            "device_index": min(card, 1),
            "interface_type": "efa" if pool.rdma_cards else "interface",
            "associate_public_ip_address": "false",
            "security_groups": list(groups),
            "delete_on_termination": "true",
        }
        for card in range(max(pool.rdma_cards, 1))
    ]


def _reservation(pool: PoolSpec) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict:
    """Name what was bought; other pools keep away from reservations that are open to all."""
    if pool.reservation is None:
        return {"capacity_reservation_preference": "none"}
    return {"capacity_reservation_target": {"capacity_reservation_id": pool.reservation}}


def _placement(
    name: str, pool: PoolSpec, opts: pulumi.ResourceOptions
) -> aws.ec2.LaunchTemplatePlacementArgsDict | None:
    if not pool.rdma_cards:
        return None
    return {"group_name": aws.ec2.PlacementGroup(name, strategy="cluster", opts=opts).name}
