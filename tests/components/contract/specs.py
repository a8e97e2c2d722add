"""Specs of a region's ground to build from: one small, one with everything, and any in between."""

import dataclasses
from typing import Literal

from hypothesis import strategies as st

from components.ground_specs import (
    AuditSpec,
    CapacityType,
    ClusterSpec,
    Door,
    EntrySpec,
    GroundSpec,
    IdentitySpec,
    NetworkSpec,
    PoolRole,
    PoolSpec,
)

ACCOUNT = "123456789012"
TAGS = (("data-class", "confidential"), ("environment", "prod"), ("managed-by", "meridian"), ("territory", "eu"))


def pool(name: str, role: PoolRole, zones: tuple[str, ...], **said: object) -> PoolSpec:
    plain = PoolSpec(
        name=name,
        role=role,
        model="llama-8b" if role == "gpu" else None,
        machines=("g6e.xlarge",) if role == "gpu" else ("m7i.large",),
        capacity="on-demand",
        reservation=None,
        zones=zones,
        nodes=2,
        min_nodes=2,
        max_nodes=4,
        gpus_per_node=1 if role == "gpu" else 0,
        rdma_cards=0,
        disk_gib=100,
    )
    return dataclasses.replace(plain, **said)  # type: ignore[arg-type]


def ground(
    location: str = "eu-north-1",
    letters: str = "abc",
    *,
    door: Door = "tunnel",
    visibility: Literal["public", "private", "both"] = "public",
    protect: bool = True,
    lock: str = "compliance",
    extra: tuple[PoolSpec, ...] = (),
    more_pools: bool = True,
) -> GroundSpec:
    zones = tuple(f"{location}{letter}" for letter in letters)
    pools = [pool("system", "system", zones), pool("gateway", "gateway", zones), pool("llama-8b-base", "gpu", zones)]
    if more_pools:
        spot: CapacityType = "spot"
        several = ("g6e.xlarge", "g6e.2xlarge")
        pools += [
            pool("llama-8b-spot", "gpu", zones, capacity=spot, machines=several, nodes=4, min_nodes=0, max_nodes=7),
            pool(
                "llama-405b-base",
                "gpu",
                zones[:1],
                machines=("p5.48xlarge",),
                capacity="reserved",
                reservation="cr-0123456789abcdef0",
                max_nodes=2,
                rdma_cards=32,
                gpus_per_node=8,
            ),
        ]
    return GroundSpec(
        name=f"aws-{location}",
        environment="prod",
        territory="eu",
        location=location,
        account=ACCOUNT,
        generation=1,
        protect=protect,
        tags=(*TAGS[:3], ("region", f"aws-{location}"), TAGS[3]),
        network=NetworkSpec(cidr="10.20.0.0/16", zones=zones, existing=None),
        cluster=ClusterSpec(
            version="1.35",
            door=door,
            door_port=16640,
            allowed_cidrs=("203.0.113.0/24",) if door == "allow-list" else (),
            administrators=(f"arn:aws:iam::{ACCOUNT}:role/platform",),
            existing=None,
        ),
        pools=(*pools, *extra),
        entry=EntrySpec(
            names=("eu.inference.example.com", f"aws-{location}.eu.inference.example.com"),
            zone="inference.example.com",
            visibility=visibility,
            gateway_port=30443,
            probe_path="/-/ready",
            probe_body="served:ok",
            inference_paths=("/v1/chat/completions", "/v1/completions"),
            idle_timeout_seconds=600,
            requests_per_five_minutes=3000,
        ),
        audit=AuditSpec(retention_days=400, lock=lock),  # type: ignore[arg-type]
        identities=(
            IdentitySpec("engine", "llama-8b", "engine", ("weights-read", "metrics-write")),
            IdentitySpec("loader", "weights", "loader", ("weights-write",)),
            IdentitySpec("secrets", "gateway", "external-secrets", ("secrets-read",)),
            IdentitySpec("autoscaler", "kube-system", "cluster-autoscaler", ("nodes-scale",)),
        ),
        secrets=("engine-key", "tenants/acme"),
    )


DOORS: tuple[Door, ...] = ("tunnel", "direct", "allow-list")

GROUNDS = st.builds(
    ground,
    location=st.sampled_from(["eu-north-1", "us-east-1", "ap-southeast-2"]),
    letters=st.sampled_from(["ab", "abc", "bcd", "ace"]),
    door=st.sampled_from(DOORS),
    visibility=st.sampled_from(["public", "private", "both"]),
    protect=st.booleans(),
    lock=st.sampled_from(["none", "governance", "compliance"]),
    more_pools=st.booleans(),
)
