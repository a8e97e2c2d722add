"""What the benches say of a difference."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.spread import added, percentile

MS = st.floats(min_value=0, max_value=1000)
ROUNDS = st.lists(st.lists(MS, min_size=1, max_size=3), min_size=1, max_size=8)


@given(st.lists(MS, min_size=1))
def test_percentiles_rise_from_the_least_to_the_greatest(values: list[float]) -> None:
    ordered = sorted(values)
    found = [percentile(ordered, share / 10) for share in range(11)]
    assert (found[0], found[-1]) == (ordered[0], ordered[-1])
    assert all(lower <= higher + 1e-9 for lower, higher in itertools.pairwise(found))


def test_a_variant_that_is_slower_by_as_much_in_every_round_adds_that_much_however_the_machine_drifts() -> None:
    base = [[float(drift)] for drift in range(0, 1000, 10)]
    one = added([[value + 3 for value in values] for values in base], base, 0.5)
    assert (one.ms, one.low, one.high) == (3, 3, 3)


def test_noise_alone_is_not_taken_for_a_difference() -> None:
    base = [[float(10 + number % 7)] for number in range(200)]
    one = added([*base[3:], *base[:3]], base, 0.5)
    assert one.low <= 0 <= one.high


@settings(max_examples=10)  # each resamples 500 times
@given(ROUNDS)
def test_nothing_is_added_to_itself(rounds: list[list[float]]) -> None:
    one = added(rounds, rounds, 0.5)
    assert (one.ms, one.low, one.high) == (0, 0, 0)


def test_different_numbers_of_rounds_are_not_compared() -> None:
    with pytest.raises(ValueError, match="2 rounds cannot be compared with 1"):
        added([[1.0], [2.0]], [[1.0]], 0.5)
