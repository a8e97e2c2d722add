"""Failures on demand: what a person asks the stand-in clouds to get wrong, and when.

A file holds a list of objects with the fields of `Failure`; it is read anew when it changes, and counting starts again.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError


class Kind(StrEnum):
    """What goes wrong."""

    FAIL = "fail"
    """The cloud refuses the call with an internal error; nothing was made."""
    LOST_ANSWER = "lost-answer"
    """The cloud did it, and its answer never arrived."""
    THROTTLE = "throttle"
    """The cloud refuses `times` calls as too many; a provider tries again by itself, up to `RETRIES` times."""
    TIME_OUT = "time-out"
    """The call takes `seconds` and is then given up; nothing was made."""
    UNREACHABLE = "unreachable"
    """Nothing in `place` answers, for as long as the failure stands."""


RETRIES = 25
"""How often a provider tries a throttled call again: the default of terraform-provider-aws (`max_retries`)."""
_PAUSE_SECONDS = 0.01


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong."""

    kind: Kind
    method: str = ""
    """`create`, `read`, `update` or `delete`; empty means each of them."""
    package: str = ""
    token: str = ""
    place: str = ""
    """A region, location, or a cluster's identifier; empty means each."""
    nth: int = 0
    """Which of the calls it is about, counted from 1; 0 means each."""
    times: int = 1
    """Throttled calls in a row."""
    seconds: float = 0.2


_FILE = TypeAdapter(list[Failure])


class Broken(Exception):
    """A call that failed on demand; the text is what the cloud says."""


class BadFailures(ValueError):
    """The file of failures cannot be read; the text says where and what to write."""


def read(file: Path) -> list[Failure]:
    """Return the failures of a file; raises BadFailures."""
    try:
        return _FILE.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        kinds = ", ".join(Kind)
        message = f"{file.name}: {where}: {first['msg']}; write a list of objects with a kind of {kinds}"
        raise BadFailures(message) from None


@dataclass
class Failures:
    """The failures in force. Safe to use from several threads."""

    file: Path | None = None
    _list: list[Failure] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)
    _changed: int = -1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, method: str, package: str, token: str, places: Iterable[str]) -> Failure | None:
        """Count a call; raise Broken if it fails, or return the failure that is to strike after it took effect."""
        due = self._due(method, package, token, set(places))
        if due is None:
            return None
        if due.kind is Kind.LOST_ANSWER:
            return due
        time.sleep(due.seconds if due.kind is Kind.TIME_OUT else 0)
        if due.kind is Kind.THROTTLE and due.times <= RETRIES:
            time.sleep(_PAUSE_SECONDS * due.times)
            return None
        raise Broken(_text(due, method, token, due.place or package))

    def _due(self, method: str, package: str, token: str, places: set[str]) -> Failure | None:
        with self._lock:
            self._reread()
            due = None
            for place, failure in enumerate(self._list):
                if not _is_about(failure, method, package, token, places):
                    continue
                self._seen[place] = self._seen.get(place, 0) + 1
                if failure.nth in (0, self._seen[place]):
                    due = due or failure
            return due

    def _reread(self) -> None:
        if self.file is None:
            return
        changed = self.file.stat().st_mtime_ns if self.file.exists() else 0
        if changed != self._changed:
            self._list = read(self.file) if changed else []
            self._seen, self._changed = {}, changed


def _text(due: Failure, method: str, token: str, where: str) -> str:
    match due.kind:
        case Kind.UNREACHABLE:
            return f"dial tcp: i/o timeout: {where} cannot be reached; what it holds is as it was"
        case Kind.TIME_OUT:
            return f"timeout while waiting for the {method} of {token} in {where}: run it again"
        case Kind.THROTTLE:
            return f"ThrottlingException: rate exceeded, {RETRIES} tries: run it again, or with less --parallel"
        case _:
            return f"InternalFailure: the {method} of {token} in {where} failed inside the cloud: run it again"


def _is_about(failure: Failure, method: str, package: str, token: str, places: set[str]) -> bool:
    return (
        failure.method in ("", method)
        and failure.package in ("", package)
        and failure.token in ("", token)
        and (not failure.place or failure.place in places)
    )
