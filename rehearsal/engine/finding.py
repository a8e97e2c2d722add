"""Finds an engine that is already installed."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from rehearsal.engine.model import COMMAND, LANGUAGE_HOST, Engine, Progress, Source, numbers, pinned_version

_DEADLINE_SECONDS = 10


def on_path(*, own_folder: Path, progress: Progress, env: Mapping[str, str]) -> Engine | None:
    """Return the engine on PATH, or None with one line of why it is passed over.

    `own_folder` is left out of the search: what this package made is no installation of the user's.
    """
    search = _without(own_folder, env.get("PATH", ""))
    command = shutil.which(COMMAND, path=search)
    if command is None:
        return None
    version = version_of(Path(command), env=env)
    reason = _unusable(Path(command), version, search)
    if reason:
        progress(f"passing over {command}: {reason}")
        return None
    return Engine(bin_folder=Path(command).parent, version=version, source=Source.PATH)


def version_of(command: Path, *, env: Mapping[str, str]) -> str:
    """Return the version that a `pulumi` command tells of itself, without `v`; empty if it tells none."""
    # Without this the command asks the network for a newer one.
    quiet = {**env, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            [command, "version"], env=quiet, capture_output=True, text=True, check=True, timeout=_DEADLINE_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    said = done.stdout.strip()
    return said.removeprefix("v") if numbers(said) else ""


def _without(folder: Path, search: str) -> str:
    return os.pathsep.join(
        entry for entry in search.split(os.pathsep) if entry and not Path(entry).absolute().is_relative_to(folder)
    )


def _unusable(command: Path, version: str, search: str) -> str:
    found, wanted = numbers(version), numbers(pinned_version())
    if found is None or wanted is None:
        return "it does not tell its version"
    if found < wanted:
        return f"it is {version}, and {pinned_version()} or newer is needed"
    beside = str(command.resolve().parent)
    if shutil.which(LANGUAGE_HOST, path=os.pathsep.join((beside, str(command.parent), search))) is None:
        return f"there is no {LANGUAGE_HOST} beside it or on PATH, so it runs no Python"
    return ""
