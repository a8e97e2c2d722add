"""Runs a rehearsal's steps, one after the other."""

from collections.abc import Callable

from rehearsal.rehearsing.engine_run import Say
from rehearsal.rehearsing.model import COMMANDS, Report, Result, StackOf, Step
from rehearsal.rehearsing.place import Place
from rehearsal.rehearsing.steps import left_out, problems, steps


def rehearse(place: Place, *, say: Say, shown: Callable[[Result], None] = lambda _: None) -> Report:
    """Take every stack through its life; `say` gets progress, `shown` each result as it comes.

    A step that fails ends its stack and those that refer to it; the others go on.
    """
    place.make()
    results: list[Result] = []
    failed: set[str] = set()
    first: list[tuple[str, str]] = []
    for step, stack in steps(place.subject.stacks):
        if step is Step.UPDATE:
            place.configure({**place.subject.config, **place.subject.change})
        if step is Step.AGAIN:
            place.configure({**place.subject.config, **place.subject.again})
        result = _step(place, step, stack, frozenset(failed), say)
        if step is Step.UP and result.kept:
            first += place.resources(stack.name)
        if not result.kept:
            failed.add(stack.name)
        results.append(result)
        shown(result)
    again = [each for stack in place.subject.stacks for each in place.resources(stack.name)]
    return Report(
        tuple(results), tuple(sorted(first)), tuple(sorted(again)), policies=place.subject.policies is not None
    )


def _step(place: Place, step: Step, stack: StackOf, failed: frozenset[str], say: Say) -> Result:
    if reason := left_out(step, stack, failed):
        return Result(step, stack.name, None, (reason,))
    say(f"{step} of {stack.name}")
    run = place.command(COMMANDS[step], stack.name, say=lambda line: say(f"{step} of {stack.name}: {line}"))
    found = problems(step, run)
    if step is Step.DESTROY and not found and (left := place.resources(stack.name)):
        found = (f"resources are left: {', '.join(name for _, name in left)}",)
    return Result(step, stack.name, run, found)
