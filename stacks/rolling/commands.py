"""What `up`, `preview`, `refresh` and `down` do with an environment on clouds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.problems import ConfigurationRefused, Problem
from stacks.rolling.fleet import Fleet, stacks_of
from stacks.rolling.order import Turn, left
from stacks.scope import Layer

Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """Which of an environment's stacks a command was asked for."""

    turns: tuple[Turn, ...]
    """In the order in which they are made."""
    partial: bool
    """Whether the environment has regions that this command leaves out on purpose."""


def up(fleet: Fleet, asked: Asked, say: Say) -> int:
    """Make or change stack by stack; the first that fails ends the run, and what was done before it stays."""
    there = fleet.existing()
    _refuse_left(fleet, asked, there)
    for number, turn in enumerate(asked.turns):
        say(f"{turn.title}: {turn.stack}")
        fleet.prepare(turn, exists=turn.stack in there)
        # What an autoscaler changed is asked first, or a change beside it would set it back to what was known.
        if code := fleet.run("up", turn, "--refresh"):
            _tell_rest(fleet, asked.turns[:number], turn, asked.turns[number + 1 :], say)
            return code
    return 0


def preview(fleet: Fleet, asked: Asked, say: Say) -> int:
    """Show what `up` would do, as far as it can be known: a stack that takes values of one that is not up waits."""
    there = dict(fleet.existing())
    _refuse_left(fleet, asked, there)
    worst = 0
    for turn in asked.turns:
        if missing := [name for name in turn.refers_to if not there.get(name)]:
            say(f"{turn.title}: {turn.stack} is previewed once {', '.join(missing)} is up")
            continue
        say(f"{turn.title}: {turn.stack}")
        fleet.prepare(turn, exists=turn.stack in there)
        worst = worst or fleet.run("preview", turn)
    return worst


def refresh(fleet: Fleet, asked: Asked, say: Say) -> int:
    """Note in every stack that is up what is really there; a region that cannot be reached holds up no other one."""
    there, worst = fleet.existing(), 0
    for turn in asked.turns:
        if not there.get(turn.stack):
            say(f"{turn.stack} is not up")
            continue
        say(f"{turn.title}: {turn.stack}")
        fleet.prepare(turn, exists=True)
        worst = worst or fleet.run("refresh", turn)
    return worst


def down(fleet: Fleet, asked: Asked, say: Say) -> int:
    """Remove stacks in reverse; what is protected is refused before anything is removed."""
    there = fleet.existing()
    turns = [turn for turn in reversed(asked.turns) if turn.stack in there]
    if not turns:
        say(f"{fleet.environment} is not up; nothing to remove")
        return 0
    _refuse_protected(fleet, turns)
    for number, turn in enumerate(turns):
        say(f"{turn.title}: {turn.stack}")
        fleet.prepare(turn, exists=True)
        if code := fleet.run("destroy", turn):
            _tell_rest(fleet, turns[:number], turn, turns[number + 1 :], say)
            return code
        fleet.forget(turn)
    return 0


def endpoints(fleet: Fleet, asked: Asked) -> dict[str, Any]:
    """What clients call, by territory: of those whose steering is up."""
    found: dict[str, Any] = {}
    there = fleet.existing()
    for turn in asked.turns:
        if turn.part.layer is Layer.STEERING and there.get(turn.stack):
            found |= fleet.exports(turn).get(Layer.STEERING, {})
    return found


def _tell_rest(fleet: Fleet, done: Sequence[Turn], failed: Turn, rest: Sequence[Turn], say: Say) -> None:
    say(f"{failed.stack} failed; done and left as it is: {stacks_of(done)}; not begun: {stacks_of(rest)}")
    say(
        "run the same command again when the cause is gone: what is done is found as it is. If the engine says that "
        f"a run which is gone holds the stack, `{fleet.cancel(failed)}` ends it"
    )


def _refuse_left(fleet: Fleet, asked: Asked, there: Mapping[str, int]) -> None:
    """Refuse what would leave stacks behind that nobody looks after, or drain regions by leaving them out."""
    problems = []
    for stack in left(there, fleet.environment, fleet.turns):
        place = stack.split(".")[1]
        if asked.partial:
            problems.append(_left_out(stack, place))
        elif there[stack]:
            problems.append(_removed(fleet, stack, place))
    if problems:
        raise ConfigurationRefused(problems)


def _left_out(stack: str, place: str) -> Problem:
    return Problem(
        where=f"stack {stack}",
        what=f"{place} is up, and this run would leave it out",
        why="the steering of its territory would hold the other regions alone, and drain it without a word",
        fix=f"leave --only out, or drain it on purpose: meridian:steering.drained: [{place}]",
    )


def _removed(fleet: Fleet, stack: str, place: str) -> Problem:
    name = fleet.environment
    return Problem(
        where=f"stack {stack}",
        what=f"{place} is up and in no territory of the configuration",
        why="it holds data, and a region that nobody looks after costs as much as one that serves",
        fix=f"put it back, write meridian:rollout.retiring: [{place}] and run `./meridian up {name}`, which drains it "
        f"and lifts its protection; then `./meridian down {name} --region {place}`; then take it out",
    )


def _refuse_protected(fleet: Fleet, turns: Sequence[Turn]) -> None:
    problems = []
    for turn in turns:
        held = fleet.protected(turn.stack, turn.territory)
        if held:
            problems.append(_protected(fleet, turn, held))
    if problems:
        raise ConfigurationRefused(problems)


def _protected(fleet: Fleet, turn: Turn, held: Sequence[str]) -> Problem:
    return Problem(
        where=f"stack {turn.stack}",
        what=f"{len(held)} resources are protected against deletion, among them {held[0]}",
        why="they hold data or the keys to it, and nothing brings them back",
        fix=f"copy what must be kept, write meridian:rollout.retiring: [{turn.part.place}], run `./meridian up "
        f"{fleet.environment}`, then this command again",
    )
