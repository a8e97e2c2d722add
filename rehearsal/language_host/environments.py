"""Asks a Python environment what is installed in it."""

import json
import subprocess
from pathlib import Path
from typing import cast

from rehearsal.language_host.installed import Report
from rehearsal.language_host.interpreter import Interpreter, InterpreterError

_SCRIPT = Path(__file__).with_name("installed.py")
_DEADLINE_SECONDS = 60


def inspect(python: Interpreter) -> Report:
    """Return what the interpreter's environment holds. Raises InterpreterError when that Python does not start."""
    # -I: neither this host's PYTHONPATH nor the current folder belongs to what the program has installed.
    command = [str(python.executable), "-I", str(_SCRIPT)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_DEADLINE_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1:]
        what = f"The Python at {python.executable} does not run: {''.join(said)}. Make that environment anew."
        raise InterpreterError(what) from error
    return cast(Report, json.loads(done.stdout))
