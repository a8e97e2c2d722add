"""What preflight asks for and what it finds: plain values, no cloud's SDK."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from components.ground_specs import GroundSpec
from stacks.catalog.model import CapacityType
from stacks.plan.fleet_model import FleetPlan

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


def needs(fleet: FleetPlan, cloud: str, zones: Mapping[str, tuple[str, ...]] | None = None) -> tuple[RegionNeed, ...]:
    """Return what a plan needs of each region of a cloud, with the zones that were chosen by region."""
    pools = [pool for model in fleet.models for pool in model.pools]
    return tuple(
        RegionNeed(
            name=region.name,
            location=region.name.partition("-")[2],
            zones=(zones or {}).get(region.name, ()),
            pools=tuple(
                PoolNeed(pool.name, pool.machine, pool.capacity, pool.nodes, None)
                for pool in pools
                if pool.region == region.name
            ),
            cluster=None,
        )
        for region in fleet.regions
        if region.cloud == cloud
    )


def needs_of_ground(ground: GroundSpec, cluster: str | None) -> RegionNeed:
    """Return what the whole ground of a region needs: system and gateway nodes and reservations too, at their most.

    Of a spot pool with several machine types the preferred one counts; the others stand in for it.
    """
    return RegionNeed(
        name=ground.name,
        location=ground.location,
        zones=ground.network.zones,
        pools=tuple(
            PoolNeed(pool.name, pool.machines[0], pool.capacity, pool.max_nodes, pool.reservation)
            for pool in ground.pools
        ),
        cluster=cluster,
    )


def passed(checks: Iterable[Check]) -> bool:
    """Whether nothing stands in the way."""
    return all(check.state == "ok" for check in checks)
