"""How a wrong input is written down: a right one with one thing changed, the world it meets, what is said of it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from rehearsal.standins.refusals import Tombstone
from tests.rehearsal.refusals.memory import MemoryWorld, Thing

Inputs = Mapping[str, Any]
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Wrong:
    """One wrong input. To make a program of it: make the world's things first, and where the inputs hold the id or ARN
    of one, write its output instead."""

    title: str
    token: str
    inputs: Inputs
    path: str
    """Of the one property that must be refused; empty if it is the whole resource."""
    words: str
    """What the refusal must say."""
    provider: Inputs = field(default_factory=dict)
    moment: Literal["check", "create", "update", "delete"] = "check"
    world: tuple[Thing, ...] = ()
    stones: tuple[Tombstone, ...] = ()
    right: Inputs | None = None
    """Inputs that pass in the same world."""
    old: Inputs = field(default_factory=dict)
    """Of an update: the inputs before it."""
    id: str = "it"

    @property
    def package(self) -> str:
        return self.token.split(":")[0]

    def memory(self) -> MemoryWorld:
        return MemoryWorld(self.world, self.stones)


@dataclass(frozen=True)
class Cloud:
    """Where a cloud's cases take their right inputs from."""

    package: str
    valid: Sequence[tuple[str, Inputs]]
    provider: Inputs
    world: tuple[Thing, ...]

    def right(self, name: str, place: int = 0) -> tuple[str, Inputs]:
        """Return the token of a type, by its name alone, and one of its valid inputs."""
        return [one for one in self.valid if one[0].endswith(f":{name}")][place]

    def check(self, title: str, name: str, path: str, value: Any, words: str, at: str = "", place: int = 0) -> Wrong:
        """A valid input with one value changed, or left out if the value is None."""
        token, right = self.right(name, place)
        return Wrong(
            title=title,
            token=token,
            inputs=changed(right, path, value),
            path=at or path,
            words=words,
            provider=self.provider,
            right=right,
        )

    def create(self, title: str, name: str, path: str, value: Any, words: str, at: str = "", place: int = 0) -> Wrong:
        """The same, refused by what else there is in the world."""
        one = self.check(title, name, path, value, words, at, place)
        return replace(one, moment="create", world=self.world_of(*self.right(name, place)))

    def world_of(self, token: str, right: Inputs) -> tuple[Thing, ...]:
        """Return the world without what has the name of the right input."""
        name = right.get("name", "?")
        return tuple(one for one in self.world if one.token != token or one.inputs.get("name") != name)


def changed(inputs: Inputs, path: str, value: Any) -> dict[str, Any]:
    """Return inputs with the value at a path changed; None leaves it out."""
    result: Any = json.loads(json.dumps(dict(inputs)))  # not deepcopy: parts that are shared would stay shared
    steps: list[Any] = [name or int(number) for name, number in _STEP.findall(path)]
    inner = result
    for step in steps[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(step, str) else inner[step]
    if value is None:
        del inner[steps[-1]]
    else:
        inner[steps[-1]] = value
    return result  # type: ignore[no-any-return]
