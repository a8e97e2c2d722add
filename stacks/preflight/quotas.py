"""AWS's quotas of running machines: counted in virtual CPUs, one for each group of families and way of buying. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stacks.preflight.model import Check, PoolNeed, RegionNeed

_ON_DEMAND = re.compile(r"Running On-Demand (?P<families>.+) instances")
_SPOT = re.compile(r"All (?P<families>.+) Spot Instance Requests")
_WORDS = re.compile(r"\b[A-Z]+\d*\b")
"""`P5`, `G`, `VT`; not `Standard` or `High Memory`."""


@dataclass(frozen=True)
class Asked:
    """Virtual CPUs that a region's pools need of one quota, and the pools."""

    vcpus: int
    pools: tuple[str, ...]


def quota_of(machine: str, capacity: str, names: Iterable[str]) -> str | None:
    """Return the name of the quota that a machine counts against, e.g. `Running On-Demand P instances`.

    A series (`P5`) goes before its family (`P`). None when no quota is about it.
    """
    family = re.match(r"[a-z]+\d*", machine)
    if family is None:
        return None
    series = family.group().upper()
    letter = re.sub(r"[R\d]+$", "", series) or series[0]  # `gr6` is of family G
    pattern = _SPOT if capacity == "spot" else _ON_DEMAND
    groups = {name: set(_WORDS.findall(found["families"])) for name in names if (found := pattern.fullmatch(name))}
    for wanted in (series, letter):
        for name, families in sorted(groups.items()):
            if wanted in families:
                return name
    return None


def quota_checks(region: RegionNeed, limits: Mapping[str, float], vcpus: Mapping[tuple[str, str], int]) -> list[Check]:
    """Compare what the pools need with the region's quotas. What was reserved was counted when it was bought."""
    asked: dict[str, Asked] = {}
    checks: list[Check] = []
    for pool in region.pools:
        if pool.capacity == "reserved":
            continue
        name = quota_of(pool.machine, pool.capacity, limits)
        size = vcpus.get(("aws", pool.machine))
        if name is None or size is None:
            checks.append(_unknown(region, pool, knows_size=size is not None))
            continue
        before = asked.get(name, Asked(0, ()))
        asked[name] = Asked(before.vcpus + size * pool.nodes, (*before.pools, pool.name))
    return [*checks, *(_compared(region, name, need, limits[name]) for name, need in sorted(asked.items()))]


def _compared(region: RegionNeed, name: str, need: Asked, limit: float) -> Check:
    found = f"{limit:.0f} vCPUs allowed, {need.vcpus} needed by {', '.join(need.pools)}"
    if need.vcpus <= limit:
        return Check(region.name, f"quota {name!r}", "ok", found, "")
    fix = (
        f"Ask for {need.vcpus} or more in Service Quotas, EC2, {region.location}: it may take days. What already runs "
        "in the account counts too."
    )
    return Check(region.name, f"quota {name!r}", "failed", found, fix)


def _unknown(region: RegionNeed, pool: PoolNeed, *, knows_size: bool) -> Check:
    what = f"quota for {pool.machine} as {pool.capacity}"
    if not knows_size:
        fix = "Add the machine to stacks/catalog/data/vcpus.csv with its source."
        return Check(region.name, what, "unknown", "its virtual CPUs are not in the catalogue", fix)
    fix = "Look for its family in Service Quotas, EC2; without a quota it cannot be started."
    return Check(region.name, what, "unknown", "AWS lists no quota for its family", fix)
