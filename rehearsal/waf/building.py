"""Builds the WAF: versions and checksums are those of the go.mod and go.sum beside this file."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rehearsal.engine import go_tool
from rehearsal.engine.model import Progress

MODULE_FOLDER = Path(__file__).parent
_SOURCES = ("go.mod", "go.sum", "main.go")


def ensure(root: Path, *, progress: Progress, env: Mapping[str, str]) -> Path:
    """Return the WAF's command for the checkout `root`, building it under `root/.meridian/waf` if need be.

    Took 54 s on two cores with empty caches, which then held 290 MB; 1.3 s with full ones. Raises EngineError when Go
    is missing or too old, or a module cannot be fetched.
    """
    text = b"".join((MODULE_FOLDER / name).read_bytes() for name in _SOURCES)
    command = root.absolute() / ".meridian" / "waf" / hashlib.sha256(text).hexdigest()[:16] / "waf"
    if command.is_file():
        return command
    tool = replace(go_tool.find(env, progress=progress), folder=MODULE_FOLDER)
    command.parent.mkdir(parents=True, exist_ok=True)
    progress("building the WAF from Go modules; the first time takes about a minute")
    with tempfile.TemporaryDirectory(dir=command.parent) as folder:
        made = Path(folder) / "waf"
        built = 0
        for line in tool.messages("build", "-v", "-buildvcs=false", "-ldflags=-s -w", "-o", str(made), "."):
            built += line is not None
            if line is None:
                progress(f"{built} packages fetched or compiled")
        # Renamed whole, so that a run that is cut off leaves none, and of two at once the last one stands.
        made.rename(command)
    return command
