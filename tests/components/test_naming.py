"""Names fit the clouds' limits, stay as they are, and are never shared by two things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.naming import RULES, named

PART = st.text(alphabet="abcxyz019-_./ÅB", min_size=1, max_size=60)
FIRST = st.builds(lambda head, tail: head + tail, st.sampled_from("abcM"), PART)
PARTS = st.builds(lambda first, rest: (first, *rest), FIRST, st.lists(PART, max_size=4))
KINDS = st.sampled_from(sorted(RULES))


@given(KINDS, PARTS)
def test_every_name_is_legal_and_the_same_each_time(kind: str, parts: tuple[str, ...]) -> None:
    name = named(kind, *parts)
    assert RULES[kind].pattern.fullmatch(name)
    assert len(name) <= RULES[kind].longest
    assert named(kind, *parts) == name


@given(KINDS, PARTS, PARTS)
def test_two_names_that_were_cut_or_cleaned_are_told_apart(
    kind: str, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    joined = RULES[kind].separator.join
    if joined(one) != joined(other):
        assert named(kind, *one) != named(kind, *other)


def test_a_name_that_fits_stays_readable() -> None:
    assert named("aws-role", "meridian", "prod", "aws-eu-north-1", "node") == "meridian-prod-aws-eu-north-1-node"


def test_borders_between_parts_count_where_a_cloud_has_no_separator() -> None:
    assert named("azure-storage", "ab", "c") != named("azure-storage", "a", "bc")


@pytest.mark.parametrize("parts", [(), ("",), ("1a",), ("-a", "b")])
def test_a_name_that_starts_with_no_letter_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="must start with a letter"):
        named("aws-bucket", *parts)
