"""What a drill in the lab counted, and what was promised; pure."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """Ready replicas at one moment."""

    seconds: float
    """Since the counting began."""
    ready: Mapping[str, int | None]
    """By region; None where the region's API server did not answer."""

    def total(self, lost: frozenset[str]) -> int | None:
        """Ready replicas of the territory; a lost region has none, and None says that a living one did not tell."""
        told = {name: 0 if name in lost else count for name, count in self.ready.items()}
        counts = [count for count in told.values() if count is not None]
        return sum(counts) if len(counts) == len(told) else None


@dataclass(frozen=True)
class Counted:
    """All samples of one drill."""

    samples: tuple[Sample, ...]
    lost: frozenset[str] = frozenset()
    """Regions that the drill took away for good, whose replicas nobody can reach."""

    @property
    def totals(self) -> list[int]:
        """Ready replicas of the territory, at the moments when every living region told."""
        return [total for sample in self.samples if (total := sample.total(self.lost)) is not None]

    @property
    def minimum(self) -> float:
        """The fewest ready replicas seen; nan when there was no whole sample."""
        return min(self.totals, default=math.nan)

    @property
    def untold(self) -> int:
        """Samples in which a living region's API server did not answer."""
        return len(self.samples) - len(self.totals)

    @property
    def longest_gap(self) -> float:
        """Seconds between two samples that count, at most: what could have hidden in between."""
        moments = [sample.seconds for sample in self.samples if sample.total(self.lost) is not None]
        return max((later - sooner for sooner, later in itertools.pairwise(moments)), default=math.nan)


@dataclass(frozen=True)
class Kept:
    """One sentence and whether it was kept."""

    text: str
    kept: bool


@dataclass(frozen=True)
class LabReport:
    """What a drill in the lab found."""

    drill: str
    what: str
    counted_as: str
    """What was counted, e.g. `ready replicas`."""
    whole: int
    """How many there were before the fault."""
    minimum: float
    """The fewest ready at any sample."""
    promised: int
    """The fewest that may be ready."""
    promise: str
    """Where the promise comes from."""
    seconds: float
    """From the fault until what it set off had come to rest."""
    samples: int
    untold: int
    longest_gap_seconds: float
    promises: tuple[Kept, ...]
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        return all(promise.kept for promise in self.promises)
