"""Wrong programs under the real engine: each is refused with the property's path and a reason that helps."""

from collections.abc import Iterator

import pytest

from rehearsal.rehearsing import Run
from tests.rehearsal.played import PROVIDERS, Player, player
from tests.rehearsal.refusals import cases
from tests.rehearsal.refusals.wrong import WRONG
from tests.rehearsal.wrong_programs import SHAPES, Wrong

pytestmark = pytest.mark.real

BY_VALUE = [each for each in WRONG if each.moment == "check"]
SHARE = 4
"""One in four of the wrong values goes through the engine; all go through the rules in tests/rehearsal/refusals."""


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    with player(tmp_path_factory.mktemp("wrong")) as found:
        yield found


def previewed(playing: Player, wrong: Wrong) -> Run:
    package = wrong.type.partition(":")[0]
    provider = {**PROVIDERS[package], **wrong.provider}
    return playing.play("preview", lambda register: register(wrong.type, "wrong", wrong.inputs, provider))


def as_program(case: cases.Wrong) -> Wrong:
    return Wrong(case.token, dict(case.inputs), case.path, case.words, dict(case.provider))


@pytest.mark.sampled
@pytest.mark.parametrize("wrong", SHAPES, ids=lambda wrong: f"{wrong.type} {wrong.path}")
def test_a_program_of_a_wrong_shape_is_refused_where_it_is_wrong(playing: Player, wrong: Wrong) -> None:
    run = previewed(playing, wrong)

    assert run.code != 0
    (said,) = [error for error in run.errors if f"property {wrong.path} " in error]
    assert wrong.says in said


@pytest.mark.sampled
@pytest.mark.parametrize("case", BY_VALUE[::SHARE], ids=lambda case: f"{case.package} {case.title}")
def test_a_program_of_a_wrong_value_is_refused_where_it_is_wrong(playing: Player, case: cases.Wrong) -> None:
    run = previewed(playing, as_program(case))

    assert run.code != 0
    (said,) = [error for error in run.errors if f"property {case.path} " in error or not case.path]
    assert case.words in said


def test_there_are_sixty_wrong_programs_over_all_four_providers() -> None:
    programs = [*SHAPES, *map(as_program, BY_VALUE[::SHARE])]

    assert len(programs) >= 60
    assert {program.type.partition(":")[0] for program in programs} == set(PROVIDERS)


@pytest.mark.parametrize("package", PROVIDERS)
def test_a_right_program_of_each_provider_passes(playing: Player, package: str) -> None:
    case = next(each for each in BY_VALUE if each.package == package and each.right is not None)
    right = Wrong(case.token, dict(case.right or {}), "", "", dict(case.provider))

    assert previewed(playing, right).errors == ()
