"""Runs a load, makes a fault in the middle of it, and measures both."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from drills.load import Load, Shape, Target
from drills.outcomes import Ending, Outcome, Summary, summary
from drills.site import Site

REQUESTS, CLIENTS, OUTPUT_TOKENS = 240, 12, 48
LEAST_IN_FLIGHT = 8
"""A fault is made when at least so many requests are under way."""
OTHER_CLIENTS = 2
"""Load on each other territory, which must not notice."""
SETTLED = 40
"""Complete requests sent after the fault that a drill waits for."""
WAIT_SECONDS = 90

Say = Callable[[str], None]


@dataclass(frozen=True)
class Promise:
    """One sentence and whether it was kept."""

    text: str
    kept: bool
    is_timing: bool
    """Whether it is about time or speed, which a busy machine can break."""


@dataclass(frozen=True)
class Report:
    """What a drill found."""

    drill: str
    summary: Summary
    others: Mapping[str, Summary]
    """The other territories, by name."""
    promises: tuple[Promise, ...]
    figures: Mapping[str, float]
    """Further measures, by what they are; units in their names."""
    failures: tuple[str, ...]
    """What clients saw of requests that failed or broke off, each kind once."""

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        return all(promise.kept for promise in self.promises)


@dataclass(frozen=True)
class Measured:
    """A load with a fault in it."""

    outcomes: list[Outcome]
    fault: float
    summary: Summary
    others: dict[str, Summary]
    figures: dict[str, float]
    lasted: bool
    """Whether requests were still under way when the fault was made or over."""


Fault = Callable[[], dict[str, float] | None]
"""Makes the fault and returns when it is made, or over where it is one that passes; may return figures."""


def shape(*, requests: int = REQUESTS, clients: int = CLIENTS, output_tokens: int = OUTPUT_TOKENS) -> Shape:
    """A load of at least so many requests, and never more than twenty times as many."""
    return Shape(requests=requests, clients=clients, output_tokens=output_tokens, most_requests=20 * requests)


async def under_load(site: Site, fault: Fault, say: Say, *, wanted: Shape | None = None) -> Measured:
    """Run the load of the first territory and of the others, with the fault in the middle."""
    load = Load(site.first.target, wanted or shape())
    others = {one.target.territory: _beside(one.target) for one in site.others}
    running = [asyncio.create_task(one.run()) for one in (load, *others.values())]
    try:
        await _warm(load)
        at, in_flight = load.now, load.in_flight
        marks = {name: other.now for name, other in others.items()}
        say(f"{load.sent} requests sent, {in_flight} in flight: the fault is made")
        figures = await asyncio.to_thread(fault) or {}
        lasted = load.in_flight > 0
        await load.until(lambda: _completed_since(load, at) >= SETTLED, seconds=WAIT_SECONDS)
    finally:
        for one in (load, *others.values()):
            one.hold_open = False
        await asyncio.gather(*running)
    return Measured(
        outcomes=load.outcomes,
        fault=at,
        summary=summary(load.outcomes, fault=at, in_flight=in_flight),
        others={name: summary(one.outcomes, fault=marks[name], in_flight=0) for name, one in others.items()},
        figures=figures,
        lasted=lasted,
    )


def report(
    drill: str, found: Measured, promises: Mapping[str, bool], *, timings: Mapping[str, bool] = MappingProxyType({})
) -> Report:
    """A report with the promise that holds in every drill."""
    always = {"no stream ended silently": found.summary.silent == 0}
    kept = [Promise(text, kept, is_timing=False) for text, kept in {**promises, **always}.items()]
    in_time = [Promise(text, kept, is_timing=True) for text, kept in timings.items()]
    bad = (Ending.FAILED, Ending.TOLD, Ending.CUT, Ending.SILENT)
    seen = {f"{one.ending.value}: {one.status} {one.detail[:160]}" for one in found.outcomes if one.ending in bad}
    return Report(
        drill=drill,
        summary=found.summary,
        others=found.others,
        promises=(*in_time, *kept),
        figures=found.figures,
        failures=tuple(sorted(seen)),
    )


async def _warm(load: Load) -> None:
    """Wait until a quarter of the load is sent and enough of it is under way."""
    wanted = load.shape.requests // 4
    if not await load.until(lambda: len(load.outcomes) >= wanted, seconds=WAIT_SECONDS):
        message = f"only {len(load.outcomes)} of {wanted} requests ended in {WAIT_SECONDS} s: the stack is not well"
        raise RuntimeError(message)
    await load.until(lambda: load.in_flight >= min(LEAST_IN_FLIGHT, load.shape.clients), seconds=WAIT_SECONDS)


def _beside(target: Target) -> Load:
    return Load(target, shape(requests=20, clients=OTHER_CLIENTS, output_tokens=16))


def _completed_since(load: Load, moment: float) -> int:
    return sum(one.ending is Ending.COMPLETE and one.sent >= moment for one in load.outcomes)
