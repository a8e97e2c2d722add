"""Percentiles, and the difference of two with its spread; pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

Rounds = list[list[float]]
"""Samples by round."""

RESAMPLES = 500
SEED = 20261125


@dataclass(frozen=True)
class Added:
    """A difference in milliseconds and the 95 % interval of its bootstrap."""

    ms: float
    low: float
    high: float

    def text(self) -> str:
        """For people."""
        return f"{self.ms:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ordered values lie, interpolated between neighbours."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def added(own: Rounds, base: Rounds, share: float) -> Added:
    """What `own` has more than `base` at a percentile. Rounds are resampled whole and for both at once, so that what
    slowed a round counts on both sides and requests of one round are not taken for independent ones."""
    if len(own) != len(base):
        message = f"{len(own)} rounds cannot be compared with {len(base)}"
        raise ValueError(message)
    chance = random.Random(SEED)  # noqa: S311 - resampling, no secret
    found = []
    for _ in range(RESAMPLES):
        picked = chance.choices(range(len(own)), k=len(own))
        found.append(_at(own, picked, share) - _at(base, picked, share))
    found.sort()
    every = range(len(own))
    difference = _at(own, every, share) - _at(base, every, share)
    return Added(*(round(value, 2) for value in (difference, percentile(found, 0.025), percentile(found, 0.975))))


def _at(rounds: Rounds, picked: Sequence[int], share: float) -> float:
    return percentile(sorted(value for number in picked for value in rounds[number]), share)
