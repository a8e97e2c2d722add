"""What is rehearsed, in which steps, and what came of it: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StackOf:
    """One stack of a program."""

    name: str
    refers_to: tuple[str, ...] = ()
    """Stacks whose outputs it reads; they come before it."""


@dataclass(frozen=True)
class Subject:
    """A program, its stacks in the order in which they are made, and the one configuration they share."""

    project: str
    """The name in its Pulumi.yaml."""
    program: Path
    """The folder of that file."""
    stacks: tuple[StackOf, ...]
    config: Mapping[str, Any]
    """The `config` of its stack file: no secrets, since every stack gets a copy."""
    change: Mapping[str, Any]
    """What the update step changes in it."""
    again: Mapping[str, Any]
    """What the last `up` changes in it: the names that the clouds have not given free again."""
    packages: tuple[str, ...]
    """Providers that are stood in for, e.g. `aws`."""
    search_path: Path
    """Where the program imports from beside its own folder."""
    policies: Path | None = None
    """The policy pack that judges it."""
    before: tuple[str, ...] = ()
    """What the clusters have before any object is sent to them: namespaces, and API groups of their controllers."""


class Step(StrEnum):
    """The life of a stack, in order."""

    PREVIEW = "preview"
    UP = "up"
    NOTHING = "nothing to do"
    REFRESH = "refresh"
    UPDATE = "update"
    DESTROY = "destroy"
    AGAIN = "up again"


COMMANDS: Mapping[Step, str] = {
    Step.PREVIEW: "preview",
    Step.UP: "up",
    Step.NOTHING: "preview",
    Step.REFRESH: "refresh",
    Step.UPDATE: "up",
    Step.DESTROY: "destroy",
    Step.AGAIN: "up",
}

QUIET = frozenset({Step.NOTHING, Step.REFRESH})
"""Steps that must find nothing to change."""

NO_CHANGE = frozenset({"same", "read", "refresh"})
"""Operations of the engine that change nothing."""


@dataclass(frozen=True)
class Change:
    """What the engine would do, or did, with one resource."""

    urn: str
    operation: str
    properties: tuple[str, ...]
    """Paths that differ, as far as the provider tells."""

    def __str__(self) -> str:
        kind, _, name = self.urn.rpartition("::")
        what = f": {', '.join(self.properties)}" if self.properties else ""
        return f"{self.operation} {kind.rpartition('::')[2].rpartition('$')[2]} {name}{what}"


@dataclass(frozen=True)
class Run:
    """One command of the engine on one stack."""

    code: int
    seconds: float
    counts: Mapping[str, int]
    """Resources by operation, the stack and its providers included."""
    changes: tuple[Change, ...]
    errors: tuple[str, ...]
    peak_mib: int
    """Most memory (PSS) of the engine and all that it started, in MiB, sampled twice a second."""


@dataclass(frozen=True)
class Result:
    """One step of one stack."""

    step: Step
    stack: str
    run: Run | None
    """None when it was left out."""
    problems: tuple[str, ...]
    """Why the step failed or was left out; empty when it did what it should."""

    @property
    def kept(self) -> bool:
        """Whether the step did what it should."""
        return not self.problems


@dataclass(frozen=True)
class Report:
    """A whole rehearsal."""

    results: tuple[Result, ...]
    first: tuple[tuple[str, str], ...]
    """Type and name of every resource in the state after the first `up`."""
    again: tuple[tuple[str, str], ...]
    """The same after the last one."""
    policies: bool
    """Whether a policy pack judged it."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is not as it should be; empty for a good rehearsal. What was left out is not told again."""
        found = [
            f"{each.step} of {each.stack}: {problem}" for each in self.results if each.run for problem in each.problems
        ]
        if not found and self.first != self.again:
            missing = sorted(set(self.first) - set(self.again))
            more = sorted(set(self.again) - set(self.first))
            found.append(f"the last `up` made other resources than the first: without {missing}, with {more}")
        return tuple(found)
