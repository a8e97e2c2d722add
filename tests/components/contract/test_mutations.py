"""Each mistake of the table is caught by the rule that it names."""

import pytest

import components.aws
from tests.components.contract import page
from tests.components.contract.building import region
from tests.components.contract.mutations import MUTATIONS, Mutation
from tests.components.contract.rules import RULES, broken
from tests.components.contract.specs import ground
from tests.components.mutating import mutated

RUNS = "the program runs"


def caught(mutation: Mutation) -> set[str]:
    with mutated(components.aws, mutation.module, mutation.right, mutation.wrong):
        try:
            return set(broken(region(ground(visibility=mutation.visibility))))
        except Exception:
            return {RUNS}


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: f"{each.module}: {each.wrong[:40] or each.right[:40]}")
def test_a_mistake_is_caught_by_its_rule(mutation: Mutation) -> None:
    assert mutation.caught_by in caught(mutation)


def test_there_are_at_least_a_hundred_mistakes_and_none_twice() -> None:
    assert len({(each.module, each.right, each.wrong) for each in MUTATIONS}) == len(MUTATIONS) >= 100


def test_every_rule_is_proved_by_a_mistake() -> None:
    assert set(RULES) - {each.caught_by for each in MUTATIONS} == set()


def test_the_page_of_mistakes_is_true() -> None:
    assert page.TARGET.read_text() == page.page(), "run `make docs`"
