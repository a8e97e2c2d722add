"""Builds the WAF: versions and checksums are those of the go.mod and go.sum beside this file."""

from collections.abc import Mapping
from pathlib import Path

from rehearsal import go_programs
from rehearsal.engine.go_tool import Product
from rehearsal.engine.model import Progress
from rehearsal.go_programs import GoPrograms

WAF = GoPrograms(
    store="waf",
    module=Path(__file__).parent,
    packages={"waf": "."},
    product=Product("The WAF of the tests", "what it would block cannot be tested without it"),
    takes="about a minute",
)


def ensure(root: Path, *, progress: Progress, env: Mapping[str, str]) -> Path:
    """Return the WAF's command for the checkout `root`, building it under `root/.meridian/waf` if need be.

    Took 54 s on two cores with empty caches, which then held 290 MB; 1.3 s with full ones. Raises EngineError when Go
    is missing or too old, or a module cannot be fetched.
    """
    return go_programs.ensure(root, WAF, progress=progress, env=env) / "waf"
