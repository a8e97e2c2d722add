"""The nodes that a lab plays for a region: those of the plan's pools, as many as are made at first. Pure."""

from components.ground_specs import GroundSpec, PoolSpec
from rehearsal.lab.nodes import NodeSpec, pool_nodes
from stacks.catalog.vcpus import vcpus

SMALLEST_VCPUS = 4
"""Of a machine that the catalogue does not list: those of system and gateway pools are small."""
GIB_PER_VCPU = {"gpu": 8, "system": 4, "gateway": 4}
"""Memory is no part of the catalogue. Machines with GPUs have 8 GiB a virtual processor or more, general ones 4."""

RDMA = {"aws": "vpc.amazonaws.com/efa"}
"""The resource of a network card for parts of one replica, by cloud, as its device plugin offers it."""


def region_nodes(spec: GroundSpec) -> list[NodeSpec]:
    """The nodes of a region."""
    cloud = spec.name.partition("-")[0]
    return [node for pool in spec.pools for node in _pool(cloud, pool)]


def _pool(cloud: str, pool: PoolSpec) -> list[NodeSpec]:
    cpu = vcpus().get((cloud, pool.machines[0]), SMALLEST_VCPUS)
    cards = {RDMA[cloud]: str(pool.rdma_cards)} if pool.rdma_cards and cloud in RDMA else {}
    return pool_nodes(
        pool.name,
        role=pool.role,
        zones=pool.zones,
        count=max(pool.nodes, pool.min_nodes),
        capacity=pool.capacity,
        machine=pool.machines[0],
        gpus=pool.gpus_per_node,
        cpu=cpu,
        memory_gib=cpu * GIB_PER_VCPU[pool.role],
        model=pool.model,
        resources=cards,
    )
