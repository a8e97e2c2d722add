"""What an engine is, where one may come from, and which version is wanted."""

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearsal.engine.errors import EngineError

MODULE_FOLDER = Path(__file__).parent
"""Holds the go.mod and go.sum that the engine is built from."""

COMMAND = "pulumi"
"""The engine's command."""

LANGUAGE_HOST = "pulumi-language-python"
"""The engine's helper for Python programs; an engine without it is of no use here."""

Progress = Callable[[str], None]
"""Takes one line for people."""


class Source(enum.StrEnum):
    """Where an engine comes from, in the order tried."""

    PATH = "path"
    INSTALLER = "installer"
    MODULES = "modules"


SOURCES_VARIABLE = "MERIDIAN_ENGINE_SOURCES"
"""Environment variable: comma-separated sources that may be used; all when unset."""


@dataclass(frozen=True)
class Engine:
    """An engine that can be used."""

    bin_folder: Path
    """Holds `pulumi` and its helpers for Python; goes first on PATH."""
    version: str
    """Without a leading `v`, e.g. `3.259.0`."""
    source: Source
    """Where it came from."""


@cache
def pinned_version() -> str:
    """Return the version of the engine that this project is tested with: the one in go.mod."""
    return _in_go_mod(r"pulumi/pkg/v3 v(\S+)")


@cache
def go_directive() -> str:
    """Return the oldest Go that builds the engine: the `go` line of go.mod."""
    return _in_go_mod(r"(?m)^go (\S+)$")


def numbers(version: str) -> tuple[int, int, int, bool] | None:
    """Return a version as something to compare, or None if it is none. A pre-release is older than its release."""
    match = re.fullmatch(r"(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?([-+a-z].*)?", version.strip())
    if match is None:
        return None
    major, minor, patch, suffix = match.groups()
    return int(major), int(minor), int(patch or 0), not (suffix or "").startswith("-")


def allowed_sources(env: Mapping[str, str]) -> tuple[Source, ...]:
    """Return the sources that may be tried, in order. Raises EngineError for a name that is not one."""
    given = env.get(SOURCES_VARIABLE, "")
    names = [name.strip() for name in given.split(",") if name.strip()]
    known = [source.value for source in Source]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise EngineError(
            what=f"{SOURCES_VARIABLE} names {', '.join(unknown)}.",
            why="That is no place an engine can come from.",
            fix=f"Write some of {','.join(known)}, or unset it to allow all.",
        )
    return tuple(source for source in Source if not names or source.value in names)


def _in_go_mod(pattern: str) -> str:
    text = (MODULE_FOLDER / "go.mod").read_text(encoding="utf-8")
    match = re.search(pattern, text)
    if match is None:
        raise EngineError(
            what=f"{MODULE_FOLDER / 'go.mod'} does not match {pattern!r}.",
            why="It is the one home of the engine's version.",
            fix="Restore it from version control.",
        )
    return match.group(1)
