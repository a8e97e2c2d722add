"""The order of a rehearsal, and what makes a step fail: pure."""

import json

from hypothesis import given
from hypothesis import strategies as st

from rehearsal.rehearsing.events import Events
from rehearsal.rehearsing.model import Change, Report, Result, Run, StackOf, Step
from rehearsal.rehearsing.steps import left_out, problems, steps

GROUND, SERVING, OTHER = StackOf("ground"), StackOf("serving", ("ground",)), StackOf("other")
URN = "urn:pulumi:dev::example::a:b:Parent$aws:ec2/vpc:Vpc::network"


def run(code: int = 0, *, errors: tuple[str, ...] = (), changes: tuple[Change, ...] = (), **counts: int) -> Run:
    return Run(code, 1.0, counts, changes, errors, 0)


def test_a_stack_is_previewed_when_what_it_refers_to_is_up_and_destroyed_before_it() -> None:
    order = [(step, stack.name) for step, stack in steps((GROUND, SERVING))]

    assert order.index((Step.UP, "ground")) < order.index((Step.PREVIEW, "serving"))
    assert order.index((Step.DESTROY, "serving")) < order.index((Step.DESTROY, "ground"))
    assert order.index((Step.DESTROY, "ground")) < order.index((Step.AGAIN, "ground"))


@given(st.lists(st.text("abc", min_size=1), min_size=1, max_size=5, unique=True))
def test_every_stack_takes_every_step_once(names: list[str]) -> None:
    order = list(steps(tuple(map(StackOf, names))))

    assert len(order) == len(set(order)) == len(Step) * len(names)


def test_what_refers_to_a_failed_stack_is_left_out_and_the_others_go_on() -> None:
    failed = frozenset({"ground"})

    assert "earlier step of this stack" in str(left_out(Step.UPDATE, GROUND, failed))
    assert "refers to ground" in str(left_out(Step.UP, SERVING, failed))
    assert left_out(Step.UP, OTHER, failed) is None
    assert left_out(Step.DESTROY, SERVING, failed) is None, "what was made is removed all the same"
    assert left_out(Step.UP, SERVING, frozenset()) is None


def test_a_quiet_step_that_finds_something_names_the_resource_and_the_property() -> None:
    change = Change(URN, "update", ("tags.owner",))

    assert problems(Step.NOTHING, run(same=3)) == ()
    assert problems(Step.UP, run(update=1, changes=(change,))) == ()
    for step in (Step.NOTHING, Step.REFRESH):
        (said,) = problems(step, run(same=2, update=1, changes=(change,)))
        assert "update aws:ec2/vpc:Vpc network: tags.owner" in said


def test_an_update_that_changes_nothing_is_no_update() -> None:
    assert problems(Step.UPDATE, run(same=3)) == ("the declared change changed nothing",)
    assert problems(Step.UPDATE, run(same=3, update=1)) == ()


def test_a_failed_command_is_told_with_its_errors_or_at_least_its_code() -> None:
    assert problems(Step.UP, run(255, errors=("no such zone",))) == ("no such zone",)
    assert "exit code 255" in problems(Step.UP, run(255))[0]


def test_a_report_tells_every_problem_and_that_the_second_time_made_something_else() -> None:
    good = Result(Step.UP, "dev", run(), ())
    bad = Result(Step.REFRESH, "dev", run(), ("it drifted",))

    assert Report((good,), (("a", "b"),), (("a", "b"),), policies=False).problems == ()
    assert Report((good, bad), (), (), policies=False).problems == ("refresh of dev: it drifted",)
    (said,) = Report((good,), (("a", "b"),), (("a", "c"),), policies=False).problems
    assert "('a', 'b')" in said
    assert "('a', 'c')" in said


def test_events_tell_counts_changes_and_errors_once() -> None:
    events = Events()
    meta = {"op": "update", "urn": URN, "detailedDiff": {"tags.owner": {"diffKind": "update"}}}
    events.read(
        json.dumps(event)
        for event in (
            {"resourcePreEvent": {"metadata": {"op": "same", "urn": URN}}},
            {"resourcePreEvent": {"metadata": meta}},
            {"resOutputsEvent": {"metadata": meta}},
            {"diagnosticEvent": {"severity": "warning", "message": "mind"}},
            {"diagnosticEvent": {"severity": "error", "urn": URN, "message": "<{%reset%}>no such zone<{%reset%}>\n"}},
            {"diagnosticEvent": {"severity": "error", "message": "update failed"}},
            {"summaryEvent": {"resourceChanges": {"update": 1, "same": 1}}},
        )
    )

    assert events.started == 2
    assert events.done == {"update": 1}
    assert [str(change) for change in events.changes] == ["update aws:ec2/vpc:Vpc network: tags.owner"]
    assert events.errors == ["aws:ec2/vpc:Vpc network: no such zone"]
    assert events.counts == {"update": 1, "same": 1}
