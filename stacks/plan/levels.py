"""How many machines per region: the cheapest level of capacity that survives every event.

Every region of a territory is raised to one level (requests per second), each with its cheapest
candidate for that level. The level is the lowest at which every event leaves the demand. Since
feasible levels only shrink as demand grows, and the cost of a level only grows, more demand
never costs less.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from stacks.plan.fleet_model import Candidate

MOST_NODES = 4096
"""Machines of one pool beyond which a demand is called absurd."""

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Ask:
    """What a model needs in a territory."""

    demand_rps: float
    survive: frozenset[str]
    spot_share: float
    wave: int
    """Most regions of the territory that one wave changes together."""


@dataclass(frozen=True)
class Share:
    """Units of one region: machines, or groups of them that one replica spans."""

    candidate: Candidate
    base: int
    spot: int

    @property
    def nodes(self) -> int:
        """All its machines."""
        return (self.base + self.spot) * self.candidate.nodes_per_replica

    @property
    def usd_per_hour(self) -> float:
        """Of all its machines."""
        return self.base * self.candidate.unit_usd + self.spot * (self.candidate.unit_spot_usd or 0)


def cheapest(candidates: Sequence[Sequence[Candidate]], ask: Ask) -> tuple[Share, ...] | None:
    """Machines for each region, given its candidates; None when no number of machines is enough."""
    candidates = [_undominated(region, ask) for region in candidates]
    bounds = sorted({_away(candidate, ask) for region in candidates for candidate in region})
    found: tuple[float, tuple[Share, ...]] | None = None
    for bound in bounds:
        allowed = [[each for each in region if _away(each, ask) <= bound] for region in candidates]
        if not all(allowed):
            continue
        shares = _at_lowest_level(allowed, ask, bound)
        if shares is None:
            continue
        cost = sum(share.usd_per_hour for share in shares)
        if found is None or cost < found[0] - _ROUNDING:
            found = cost, shares
    return found[1] if found else None


def _undominated(region: Sequence[Candidate], ask: Ask) -> list[Candidate]:
    """Candidates that are the cheapest at some level; the others only cost time."""
    kept: list[Candidate] = []
    for each in sorted(region, key=lambda one: (one.unit_rps, one.unit_usd, one.machine, one.gpus_per_replica)):
        if not any(_beats(other, each, ask) for other in kept):
            kept = [other for other in kept if not _beats(each, other, ask)] + [each]
    return kept


def _beats(one: Candidate, other: Candidate, ask: Ask) -> bool:
    """Whether some whole number of `one` does all that `other` does, for no more money, whatever the level."""
    times = ceil(other.unit_rps / one.unit_rps - _ROUNDING)
    if times * one.unit_usd > other.unit_usd or _away(one, ask) > _away(other, ask):
        return False
    if not _may_spot(other, ask):
        return True
    return one.unit_spot_usd is not None and times * one.unit_spot_usd <= (other.unit_spot_usd or 0)


def _away(candidate: Candidate, ask: Ask) -> float:
    """Most that a rollout takes from a region: one replica of each of its Deployments."""
    return candidate.replica_rps * (2 if _may_spot(candidate, ask) else 1)


def _may_spot(candidate: Candidate, ask: Ask) -> bool:
    return candidate.spot_usd_per_hour is not None and ask.spot_share > 0


def _at_lowest_level(candidates: Sequence[Sequence[Candidate]], ask: Ask, bound: float) -> tuple[Share, ...] | None:
    count = len(candidates)
    left = count - 1 if "region" in ask.survive else count
    if left < 1:
        return None
    need = ask.demand_rps + ask.wave * bound
    base_level = need / count if "spot" in ask.survive else 0.0
    enough = max(need / left, base_level)
    for level in _steps(candidates, ask.demand_rps / count, enough):
        shares = tuple(_share(region, level, min(base_level, level), ask) for region in candidates)
        if level >= enough or _holds(shares, ask, bound):
            return shares if all(share.nodes <= MOST_NODES for share in shares) else None
    return None


def _counts() -> tuple[int, ...]:
    counts = list(range(1, 65))
    while counts[-1] < MOST_NODES:
        counts.append(ceil(counts[-1] * 1.03))
    return tuple(counts)


COUNTS = _counts()
"""Machines of a pool that are tried: each number up to 64, then steps of 3 %. The same for every demand."""


def _steps(candidates: Sequence[Sequence[Candidate]], lowest: float, enough: float) -> Iterator[float]:
    """Levels worth trying, ascending: a whole number of machines of some candidate, then `enough`."""
    sizes = {candidate.unit_rps for region in candidates for candidate in region}
    yield from sorted({size * count for size in sizes for count in COUNTS if lowest <= size * count < enough})
    yield enough


def _share(region: Sequence[Candidate], level: float, base_level: float, ask: Ask) -> Share:
    return min(
        (_machines(candidate, level, base_level, ask) for candidate in region),
        key=lambda share: (share.usd_per_hour, share.candidate.machine, share.candidate.gpus_per_replica),
    )


def _machines(candidate: Candidate, level: float, base_level: float, ask: Ask) -> Share:
    total = max(1, ceil(level / candidate.unit_rps - _ROUNDING))
    if not _may_spot(candidate, ask):
        return Share(candidate, total, 0)
    kept = total - floor(ask.spot_share * total + _ROUNDING)
    base = max(1, kept, ceil(base_level / candidate.unit_rps - _ROUNDING))
    return Share(candidate, min(base, total), total - min(base, total))


def _holds(shares: Sequence[Share], ask: Ask, bound: float) -> bool:
    whole = [(share.base + share.spot) * share.candidate.unit_rps for share in shares]
    need = ask.demand_rps + ask.wave * bound
    left = sum(whole) - (max(whole) if "region" in ask.survive else 0.0)
    base = sum(share.base * share.candidate.unit_rps for share in shares)
    return left >= need and ("spot" not in ask.survive or base >= need)
