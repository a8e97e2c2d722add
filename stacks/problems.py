"""How a user's mistake is told: where, what is wrong, why it matters, what to write instead."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in the configuration."""

    where: str
    """Path of the value, e.g. `meridian:tenants.acme.territory`."""
    what: str
    why: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    why: {self.why}\n    fix: {self.fix}"


class ConfigurationRefused(Exception):
    """The configuration cannot be deployed; carries every problem found, in a stable order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        count = len(self.problems)
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the configuration:\n{lines}")


def near(name: str, known: Sequence[str]) -> str:
    """What may have been meant by a name that nothing has; some of the known names where none is like it."""
    like = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(like)}?" if like else f"write one of: {', '.join(known[:12])}"
