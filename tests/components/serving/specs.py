"""What a region is to serve: one small, one with everything, and any in between."""

import dataclasses

from hypothesis import strategies as st

from components.serving_specs import (
    GatewayPodsSpec,
    GpuEngineSpec,
    GroupRole,
    ImageSpec,
    ReplicaGroupSpec,
    ServedModelSpec,
    ServingSpec,
)
from components.specs import LaneName, LaneSpec, TenantSpec

REVISION = "0123456789abcdef0123456789abcdef01234567"
LANES: tuple[LaneName, ...] = ("batch", "chat")


def group(role: GroupRole, model: str, **said: object) -> ReplicaGroupSpec:
    most = {"base": 8, "spot": 6, "next": 12}[role]
    plain = ReplicaGroupSpec(
        role=role,
        pool=f"{model}-{role}",
        slots=(),
        replicas=0 if role == "next" else most,
        min_replicas={"base": most, "spot": 2, "next": 0}[role],
        max_replicas=most,
        nodes_per_replica=1,
        gpus_per_node=2,
        replicas_per_node=4,
        concurrency=14 if role != "next" else 25,
        rdma_cards=0,
        lanes=LANES,
        drain_delay_seconds=15,
        drain_timeout_seconds=105 if role == "spot" else 120,
    )
    return dataclasses.replace(plain, **said)  # type: ignore[arg-type]


def model(
    name: str = "llama-70b", *, roles: tuple[GroupRole, ...] = ("base", "spot", "next"), **said: object
) -> ServedModelSpec:
    groups = tuple(group(role, name, **said) for role in roles)
    return ServedModelSpec(
        name=name,
        source="meta-llama/Llama-3.3-70B-Instruct",
        revision=REVISION,
        precision="fp8",
        ttft_p95_ms=800,
        tpot_p95_ms=50,
        availability=99.95,
        engine=GpuEngineSpec(
            max_model_len=13312,
            max_num_seqs=14,
            max_num_batched_tokens=8192,
            max_num_queued_reqs=28,
            quantization="fp8",
            extra_args=(),
        ),
        groups=groups,
    )


def spanning(name: str = "llama-405b", roles: tuple[GroupRole, ...] = ("base", "next")) -> ServedModelSpec:
    """A model whose replica spans nodes."""
    plain = model(name, roles=roles, nodes_per_replica=2, gpus_per_node=8, replicas_per_node=1, rdma_cards=32)
    slotted = [
        dataclasses.replace(each, slots=tuple(f"{each.pool}-{number}" for number in range(each.max_replicas)))
        for each in plain.groups
    ]
    return dataclasses.replace(plain, groups=tuple(slotted))


def tenant(name: str) -> TenantSpec:
    return TenantSpec(
        name=name,
        has_given_key=False,
        requests_per_minute=600,
        concurrent_requests=64,
        tokens_per_minute=None,
        suspended=False,
        lanes=("chat",),
    )


def serving(
    *models: ServedModelSpec, name: str = "aws-eu-north-1", tenants: tuple[str, ...] = ("acme", "globex")
) -> ServingSpec:
    return ServingSpec(
        name=name,
        environment="prod",
        territory="eu",
        labels=(
            ("app.kubernetes.io/managed-by", "meridian"),
            ("meridian.io/environment", "prod"),
            ("meridian.io/region", name),
            ("meridian.io/territory", "eu"),
        ),
        zones=("eu-north-1a", "eu-north-1b", "eu-north-1c"),
        image=ImageSpec("serving", f"sha256:{'0' * 64}"),
        models=tuple(sorted(models or (model(), spanning()), key=lambda each: each.name)),
        lanes=tuple(
            LaneSpec(name=lane, max_output_tokens=1024, priority=priority, max_choices=1, max_in_flight=share)
            for lane, priority, share in (("batch", 10, 14), ("chat", 0, None))
        ),
        tenants=tuple(tenant(each) for each in tenants),
        gateway=GatewayPodsSpec(
            image=ImageSpec("envoy", f"sha256:{'1' * 64}"),
            nodes=3,
            port=30443,
            buffer_bytes=65536,
            stream_idle_seconds=3600,
        ),
        probe_path="/-/ready",
        probe_body="served:ok",
        entry_names=("eu.inference.example.com", f"{name}.eu.inference.example.com"),
        stall_seconds=60,
        probe_interval_seconds=30,
    )


def _several(
    roles: tuple[GroupRole, ...], *, replicas: int, gpus: int, spans: bool, quantised: bool, drain: int, tenants: int
) -> ServingSpec:
    plain = model("llama-8b", roles=roles, gpus_per_node=gpus, drain_timeout_seconds=drain)
    groups = tuple(
        dataclasses.replace(each, replicas=replicas, min_replicas=replicas, max_replicas=replicas)
        if each.role == "base"
        else each
        for each in plain.groups
    )
    engine = plain.engine if quantised else dataclasses.replace(plain.engine, quantization=None)
    changed = dataclasses.replace(plain, groups=groups, engine=engine)
    names = tuple(f"tenant-{number}" for number in range(tenants))
    return serving(changed, *((spanning(),) if spans else ()), tenants=names)


ROLES: tuple[tuple[GroupRole, ...], ...] = (("base",), ("base", "spot"), ("base", "next"), ("base", "spot", "next"))

SERVINGS = st.builds(
    _several,
    st.sampled_from(ROLES),
    replicas=st.integers(2, 64),
    gpus=st.sampled_from([1, 2, 4, 8]),
    spans=st.booleans(),
    quantised=st.booleans(),
    drain=st.integers(10, 3600),
    tenants=st.integers(0, 5),
)
