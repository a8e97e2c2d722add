"""Each mistake of the table is caught by the rule that it names."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.components.contract import page
from tests.components.contract.building import region
from tests.components.contract.mutations import MUTATIONS, Mutation
from tests.components.contract.rules import RULES, broken
from tests.components.contract.specs import ground

ROOT = Path(__file__).parents[3]
PACKAGE = "components.aws"
RUNS = "the program runs"


@contextmanager
def mutated(mutation: Mutation) -> Iterator[None]:
    """Load the components anew, one of them with the mistake; afterwards the right ones are there again."""
    file = ROOT / "components" / "aws" / f"{mutation.module}.py"
    text = file.read_text()
    assert text.count(mutation.right) == 1, (
        f"{mutation.right!r} stands {text.count(mutation.right)} times in {file.name}"
    )

    class Loader(importlib.abc.InspectLoader):
        def get_source(self, fullname: str) -> str:
            return text.replace(mutation.right, mutation.wrong)

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, *rest: object) -> importlib.machinery.ModuleSpec | None:
            if fullname != f"{PACKAGE}.{mutation.module}":
                return None
            return importlib.util.spec_from_loader(fullname, Loader(), origin=str(file))

    finder, kept = Finder(), _forget()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _forget()
        sys.modules.update(kept)


def _forget() -> dict[str, object]:
    found = {name: module for name, module in sys.modules.items() if name.startswith(f"{PACKAGE}.")}
    for name in found:
        del sys.modules[name]
    return found  # type: ignore[return-value]


def caught(mutation: Mutation) -> set[str]:
    with mutated(mutation):
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
