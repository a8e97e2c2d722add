"""Each mistake of the table is caught by the rule that it names."""

import pytest

import components.serving
from tests.components.mutating import mutated
from tests.components.serving.building import served
from tests.components.serving.judging_all import RULES, broken
from tests.components.serving.mutations import MUTATIONS, RUNS, Mutation
from tests.components.serving.specs import serving

pytestmark = pytest.mark.slow


def caught(mutation: Mutation) -> set[str]:
    with mutated(components.serving, mutation.module, mutation.right, mutation.wrong):
        try:
            made = served(serving())
        except Exception:
            return {RUNS}
    return set(broken(made))


@pytest.mark.sampled
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.module}: {each.wrong[:40] or each.right[:40]}")
def test_a_mistake_is_caught_by_its_rule(mutation: Mutation) -> None:
    assert mutation.caught_by in caught(mutation)


def test_there_are_at_least_eighty_mistakes_and_none_twice() -> None:
    assert len({(each.module, each.right, each.wrong) for each in MUTATIONS}) == len(MUTATIONS) >= 80


def test_every_rule_has_caught_something() -> None:
    proved = {each.caught_by for each in MUTATIONS}
    assert proved <= {*RULES, RUNS}
    assert set(RULES) - proved <= UNPROVED


UNPROVED = {"no two objects are one", "everything stands in a namespace of its model"}
