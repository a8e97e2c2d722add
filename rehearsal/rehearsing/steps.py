"""The order of a rehearsal's steps, and what each must show; pure."""

from collections.abc import Iterator

from rehearsal.rehearsing.model import NO_CHANGE, QUIET, Run, StackOf, Step


def steps(stacks: tuple[StackOf, ...]) -> Iterator[tuple[Step, StackOf]]:
    """Every step of every stack, in order.

    A stack is previewed when those that it refers to are up: before that its references lead nowhere.
    """
    for stack in stacks:
        yield from ((step, stack) for step in (Step.PREVIEW, Step.UP, Step.NOTHING))
    for step in (Step.REFRESH, Step.UPDATE):
        yield from ((step, stack) for stack in stacks)
    yield from ((Step.DESTROY, stack) for stack in reversed(stacks))
    yield from ((Step.AGAIN, stack) for stack in stacks)


def left_out(step: Step, stack: StackOf, failed: frozenset[str]) -> str | None:
    """Why a step is not run after others failed; None when it is. A stack that refers to no failed one goes on."""
    if stack.name in failed and step is not Step.DESTROY:
        return "left out, because an earlier step of this stack failed"
    missing = sorted(failed.intersection(stack.refers_to)) if step is not Step.DESTROY else []
    return f"left out, because it refers to {', '.join(missing)}, which failed" if missing else None


def problems(step: Step, run: Run) -> tuple[str, ...]:
    """What is wrong with how a step ended."""
    if run.code != 0:
        return run.errors or (f"the engine ended with exit code {run.code} and no error",)
    changed = {operation: count for operation, count in run.counts.items() if operation not in NO_CHANGE}
    if step in QUIET and changed:
        return tuple(f"it must find nothing to do, and would {change}" for change in run.changes)
    if step is Step.UPDATE and not changed:
        return ("the declared change changed nothing",)
    return ()
