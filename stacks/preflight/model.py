"""What preflight asks for and what it finds: plain values, no cloud's SDK."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from components.aws.names import cluster_name, repository_prefix
from components.ground_specs import GroundSpec
from components.images import SERVING, mirrored
from stacks.catalog.model import CapacityType

State = Literal["ok", "failed", "unknown"]
"""`unknown` is what could not be asked; it blocks like `failed`, for a missing answer is no permission."""


@dataclass(frozen=True)
class Check:
    """One question and its answer."""

    where: str
    """The region, or the environment's domain or account."""
    what: str
    state: State
    detail: str
    """What was found."""
    fix: str
    """What to do; empty when all is well."""


@dataclass(frozen=True)
class PoolNeed:
    """What one pool needs of a region."""

    name: str
    machine: str
    capacity: CapacityType
    nodes: int
    """The most it may grow to."""
    reservation: str | None
    """The cloud's id; None where none was named."""


@dataclass(frozen=True)
class RegionNeed:
    """What a plan needs of one region."""

    name: str
    location: str
    """The cloud's own name."""
    zones: tuple[str, ...]
    """Zones that are used; empty where the plan names none, then any will do."""
    pools: tuple[PoolNeed, ...]
    cluster: str | None
    """Name of its cluster; None where the plan names none."""
    version: str
    """Kubernetes minor version."""
    existing: bool
    """The cluster is somebody else's."""
    repositories: tuple[str, ...]
    """Where the images of its nodes lie."""
    digests: Mapping[str, str]
    """What a repository must hold, by its name; of the others anything will do."""


def needs_of_ground(ground: GroundSpec, digest: str | None) -> RegionNeed:
    """Return what the ground of a region needs: system and gateway nodes and reservations too, at their most.

    `digest` is the serving image's. Of a spot pool with several machine types the preferred one counts; the others
    stand in for it.
    """
    prefix = repository_prefix(ground)
    return RegionNeed(
        name=ground.name,
        location=ground.location,
        zones=ground.network.zones,
        pools=tuple(
            PoolNeed(pool.name, pool.machines[0], pool.capacity, pool.max_nodes, pool.reservation)
            for pool in ground.pools
        ),
        cluster=cluster_name(ground),
        version=ground.cluster.version,
        existing=ground.cluster.existing is not None,
        repositories=tuple(f"{prefix}/{each.name}" for each in mirrored()),
        digests={f"{prefix}/{SERVING}": digest} if digest else {},
    )


def passed(checks: Iterable[Check]) -> bool:
    """Whether nothing stands in the way."""
    return all(check.state == "ok" for check in checks)
