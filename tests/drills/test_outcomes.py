"""The figures of a drill are what its requests say."""

import math

from hypothesis import given
from hypothesis import strategies as st

from drills.outcomes import Ending, Outcome, goodput, percentile, summary


def outcome(sent: float, ending: Ending, *, wait: float | None = 0.5, tokens: int = 10, region: str = "a") -> Outcome:
    first = None if wait is None else sent + wait
    return Outcome(sent, first, sent + 1, 200, ending, tokens, region)


def test_every_ending_is_counted_as_itself() -> None:
    endings = [ending for number, ending in enumerate(Ending) for _ in range(number + 1)]
    found = summary([outcome(1, ending) for ending in endings], fault=5, in_flight=3)
    assert (found.sent, found.in_flight_at_fault) == (len(endings), 3)
    counted = (
        found.complete,
        found.refused,
        found.failed_before_first_token,
        found.told_mid_stream,
        found.cut_mid_stream,
        found.silent,
    )
    assert counted == (1, 2, 3, 4, 5, 6)


def test_only_requests_sent_after_the_fault_tell_when_service_came_back_and_where() -> None:
    found = summary(
        [
            outcome(1.0, Ending.COMPLETE, wait=5.0, region="before"),
            outcome(4.0, Ending.FAILED, wait=None, region=""),
            outcome(6.0, Ending.COMPLETE, wait=0.5, region="after"),
        ],
        fault=3.0,
        in_flight=1,
    )
    assert found.served_again_seconds == 3.5
    assert found.regions_after == {"after": 1}
    assert (found.before.p50, found.after.p50) == (5000, 500)


def test_with_nothing_after_the_fault_service_never_came_back() -> None:
    assert math.isnan(summary([outcome(1, Ending.COMPLETE)], fault=3, in_flight=0).served_again_seconds)


def test_goodput_counts_complete_answers_inside_the_window_alone() -> None:
    outcomes = [
        outcome(1, Ending.COMPLETE),
        outcome(2, Ending.CUT),
        outcome(3, Ending.COMPLETE),
        outcome(9, Ending.COMPLETE),
    ]
    assert goodput(outcomes, start=2, end=7) == 20 / 5


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1))
def test_a_percentile_has_at_least_its_share_at_or_below_it(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9
