"""What became of the requests of a drill, and the figures made of it; pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

TOO_MANY, OK = 429, 200


class Ending(StrEnum):
    """How one request ended, as its client saw it."""

    COMPLETE = "complete"
    """A whole stream, ended by `[DONE]`."""
    REFUSED = "refused"
    """429: told to come back later."""
    FAILED = "failed before the first token"
    TOLD = "error event mid-stream"
    """The stream broke off and an error event said so."""
    CUT = "cut mid-stream"
    """The stream broke off and the client's transport said so."""
    SILENT = "silent end mid-stream"
    """The stream ended as if it were whole, and was not: must never happen."""


@dataclass(frozen=True)
class Outcome:
    """One request. Times are seconds since the load began."""

    sent: float
    first: float | None
    """When the first token came."""
    ended: float
    status: int
    """0 when there was no answer at all."""
    ending: Ending
    tokens: int
    region: str
    """Which region answered, by the gateway's own header; empty without an answer."""
    detail: str = ""
    """What the client saw of a failure; never content."""

    @property
    def wait(self) -> float | None:
        """Seconds to the first token."""
        return None if self.first is None else self.first - self.sent


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; nan of nothing."""
    if not values:
        return math.nan
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


@dataclass(frozen=True)
class Latency:
    """Milliseconds to the first token."""

    p50: float
    p99: float


@dataclass(frozen=True)
class Summary:
    """The figures of one drill's load."""

    sent: int
    in_flight_at_fault: int
    complete: int
    refused: int
    failed_before_first_token: int
    told_mid_stream: int
    cut_mid_stream: int
    silent: int
    served_again_seconds: float
    """From the fault to the first token of a request sent after it; nan when none came."""
    before: Latency
    after: Latency
    """Of requests sent after the fault."""
    regions_after: dict[str, int]
    """Complete requests sent after the fault, by region."""

    @property
    def added_p50_ms(self) -> float:
        """What the fault added to the median time to the first token."""
        return self.after.p50 - self.before.p50


def latency(outcomes: Iterable[Outcome]) -> Latency:
    """Time to the first token of those that got one."""
    waits = [1000 * outcome.wait for outcome in outcomes if outcome.wait is not None]
    return Latency(p50=percentile(waits, 0.5), p99=percentile(waits, 0.99))


def summary(outcomes: Sequence[Outcome], *, fault: float, in_flight: int) -> Summary:
    """The figures of a load with a fault at `fault` seconds."""
    endings = Counter(outcome.ending for outcome in outcomes)
    after = [outcome for outcome in outcomes if outcome.sent >= fault]
    firsts = [outcome.first for outcome in after if outcome.first is not None]
    regions = Counter(outcome.region for outcome in after if outcome.ending is Ending.COMPLETE)
    return Summary(
        sent=len(outcomes),
        in_flight_at_fault=in_flight,
        complete=endings[Ending.COMPLETE],
        refused=endings[Ending.REFUSED],
        failed_before_first_token=endings[Ending.FAILED],
        told_mid_stream=endings[Ending.TOLD],
        cut_mid_stream=endings[Ending.CUT],
        silent=endings[Ending.SILENT],
        served_again_seconds=min(firsts, default=math.nan) - fault,
        before=latency(outcome for outcome in outcomes if outcome.sent < fault),
        after=latency(after),
        regions_after=dict(sorted(regions.items())),
    )


def goodput(outcomes: Iterable[Outcome], *, start: float, end: float) -> float:
    """Tokens per second of complete answers that ended between two moments."""
    tokens = sum(one.tokens for one in outcomes if one.ending is Ending.COMPLETE and start <= one.ended < end)
    return tokens / (end - start)
