"""Where things are in a checkout; pure, standard library only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATE_VARIABLE = "MERIDIAN_STATE"
"""Names another folder for the state of all stacks, so that two can run from one checkout."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one checkout."""

    root: Path
    states: Path
    """Parent of the stacks' state folders."""

    @property
    def home(self) -> Path:
        """What is installed for this checkout: environments, engine, caches."""
        return self.root / ".meridian"

    @property
    def python(self) -> Path:
        """The interpreter of the environment that runs the program and the command line."""
        return self.home / "venv" / "bin" / "python"

    @property
    def serving_python(self) -> Path:
        """The interpreter of the environment that runs vLLM."""
        return self.home / "serving-cpu" / "bin" / "python"

    def state(self, stack: str) -> Path:
        """Everything that one stack keeps on this machine."""
        return self.states / stack


def workspace(environment: Mapping[str, str] = os.environ) -> Workspace:
    """The workspace of the checkout that this file is part of."""
    root = Path(__file__).resolve().parent.parent
    named = environment.get(STATE_VARIABLE)
    return Workspace(root=root, states=Path(named).resolve() if named else root / ".meridian")
