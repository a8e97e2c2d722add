"""Requests that come at random: lengths through two percentiles, arrivals in bursts or in the shape of a trace."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import ceil, exp, log
from pathlib import Path
from typing import Literal

FILE = Path(__file__).with_name("arrivals.json")
"""Summaries of public traces, each with its source; made by `bench/plan_traces.py`."""

MINUTE = 60
P95_SIGMAS = 1.6449

ENOUGH, MOST_REPEATS = 1500, 60
"""Requests that a shape is repeated for, and the most repeats."""


@dataclass(frozen=True)
class Arrival:
    """One request."""

    second: float
    prompt_tokens: int
    output_tokens: int
    lane: Literal["chat", "batch"] = "chat"


@dataclass(frozen=True)
class Lengths:
    """Tokens: the median, the 95th percentile and the most that can be asked for."""

    p50: float
    p95: float
    most: float

    def draw(self, chance: random.Random) -> int:
        """One length of the log-normal distribution through both percentiles."""
        sigma = log(self.p95 / self.p50) / P95_SIGMAS
        return max(1, round(min(self.most, self.p50 * exp(chance.gauss(0, sigma)))))


@dataclass(frozen=True)
class Shape:
    """Mean rates of equal spans of time, in requests per second."""

    name: str
    rates: tuple[float, ...]
    span_seconds: float
    warm_seconds: float
    """From the start; what arrives then fills the replicas and is not counted."""

    @property
    def seconds(self) -> float:
        """All spans together."""
        return len(self.rates) * self.span_seconds


def bursts(rps: float, burst: float) -> Shape:
    """A minute at the mean of the busiest hour to warm up, then minutes at `burst` times it and at the mean in turn."""
    times = _repeats(rps * (1 + burst) * MINUTE)
    return Shape("bursts", (rps, *(rps * burst, rps) * times), MINUTE, MINUTE)


def _repeats(requests: float) -> int:
    """How often a shape is repeated: a 95th percentile of a few requests says nothing."""
    return max(1, min(MOST_REPEATS, ceil(ENOUGH / requests)))


@cache
def _traces() -> dict[str, tuple[float, tuple[float, ...]]]:
    found = json.loads(FILE.read_text())
    return {name: (values["bin_seconds"], tuple(values["relative_rate"])) for name, values in sorted(found.items())}


def trace_names() -> tuple[str, ...]:
    """The traces whose shape is known."""
    return tuple(_traces())


def like_trace(name: str, rps: float, burst: float) -> Shape:
    """Four minutes of a trace around its busiest minute, which is brought to `rps` times `burst`; repeated when few."""
    span, rates = _traces()[name]
    minute = round(MINUTE / span)
    sums = [sum(rates[start : start + minute]) / minute for start in range(len(rates) - minute)]
    busiest = max(range(len(sums)), key=sums.__getitem__)
    start = min(max(0, busiest - 2 * minute), len(rates) - 4 * minute)
    part = rates[start : start + 4 * minute]
    rates_now = tuple(rate * rps * burst / sums[busiest] for rate in part)
    return Shape(name, rates_now * _repeats(sum(rates_now) * span), span, MINUTE)


def arrivals(shape: Shape, prompt: Lengths, output: Lengths, *, seed: int, batch_share: float = 0) -> Sequence[Arrival]:
    """Poisson arrivals at the rates of `shape`; a share of them is of the batch lane."""
    chance = random.Random(seed)  # noqa: S311 - a replay, no secret
    found = []
    for start, rate in zip(accumulate([0.0] + [shape.span_seconds] * (len(shape.rates) - 1)), shape.rates, strict=True):
        second = start + (chance.expovariate(rate) if rate > 0 else shape.span_seconds)
        while second < start + shape.span_seconds:
            lane: Literal["chat", "batch"] = "batch" if chance.random() < batch_share else "chat"
            found.append(Arrival(second, prompt.draw(chance), output.draw(chance), lane))
            second += chance.expovariate(rate)
    return found
