"""What a drill in the lab counts: the fewest ready over the moments at which all living regions told; and its name."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.catalogue import DrillRefused
from drills.lab.catalogue import named
from drills.lab.outcomes import Counted, Sample

counts = st.integers(min_value=0, max_value=50)
told = st.lists(st.tuples(counts | st.none(), counts | st.none()), max_size=20)


def counted(rows: list[tuple[int | None, int | None]], *lost: str) -> Counted:
    samples = tuple(Sample(float(at), {"north": one, "south": two}) for at, (one, two) in enumerate(rows))
    return Counted(samples, frozenset(lost))


def test_the_fewest_is_of_the_territory_and_not_of_each_region_for_itself() -> None:
    assert counted([(4, 3), (2, 5), (3, 3)]).minimum == 6


def test_a_lost_region_counts_as_nothing_whatever_it_says() -> None:
    found = counted([(4, 3), (None, 3)], "north")
    assert found.minimum == 3
    assert found.untold == 0


def test_a_living_region_that_does_not_answer_is_no_sample_and_is_counted_as_untold() -> None:
    found = counted([(4, 3), (None, 1), (4, 3)])
    assert found.minimum == 7
    assert found.untold == 1
    assert found.longest_gap == 2


def test_nothing_told_is_no_number_and_keeps_no_promise() -> None:
    nothing = counted([(None, 3)]).minimum
    assert math.isnan(nothing)
    assert not nothing >= 0


@given(told)
def test_the_fewest_is_one_of_the_sums_and_none_is_below(rows: list[tuple[int | None, int | None]]) -> None:
    sums = [one + two for one, two in rows if one is not None and two is not None]
    found = counted(rows)
    assert found.totals == sums
    assert found.untold == len(rows) - len(sums)
    if sums:
        assert found.minimum == min(sums)


def test_a_drill_that_is_not_there_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(DrillRefused, match="Did you mean region-loss"):
        named("region-lost")
