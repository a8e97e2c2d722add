"""Every wrong input is refused where it is wrong, for what is wrong, and for nothing else; the right one passes."""

import pytest

from rehearsal.standins.refusals import on_check, on_create, on_delete, on_update
from rehearsal.standins.refusals.values import Problem
from tests.rehearsal.refusals.cases import Inputs, Wrong
from tests.rehearsal.refusals.wrong import WRONG


def refused(case: Wrong, inputs: Inputs) -> list[Problem]:
    world = case.memory()
    match case.moment:
        case "check":
            return on_check(case.package, case.token, "it", inputs, case.provider)
        case "create":
            assert on_check(case.package, case.token, "it", inputs, case.provider) == [], "wrong only in this world"
            return on_create(case.package, case.token, inputs, case.provider, world)
        case "update":
            return on_update(case.package, case.token, case.id, case.old, inputs, case.provider, world)
        case "delete":
            return on_delete(case.package, case.token, case.id, inputs, world)


def marks(case: Wrong) -> list[pytest.MarkDecorator]:
    """The SDK's modules of Azure take seconds to import."""
    return [pytest.mark.slow] if case.package == "azure-native" else []


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case.package}: {case.title}", marks=marks(case)) for case in WRONG]
)
def test_it_is_refused(case: Wrong) -> None:
    found = refused(case, case.inputs)
    assert [problem.path for problem in found] == [case.path], found
    assert case.words in found[0].reason
    assert case.right is None or refused(case, case.right) == []


def test_every_case_has_a_title_of_its_own() -> None:
    assert len({(case.package, case.title) for case in WRONG}) == len(WRONG)
    assert len(WRONG) >= 60
