"""Which paths of a resource's inputs differ, in the engine's own way of writing them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from rehearsal.standins.refusals.values import plain


class How(StrEnum):
    """What happened to a value."""

    ADDED = "added"
    DELETED = "deleted"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """One value that differs."""

    path: str
    how: How


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    """Return what differs between two inputs; secrets are compared by what they hold."""
    return list(_differ(plain(old), plain(new), ""))


def _differ(old: Any, new: Any, path: str) -> Iterator[Difference]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}):
            yield from _member(old, new, name, f"{path}.{_key(name)}" if path else _key(name))
    elif isinstance(old, list) and isinstance(new, list):
        before, after = dict(enumerate(old)), dict(enumerate(new))
        for place in sorted({*before, *after}):
            yield from _member(before, after, place, f"{path}[{place}]")
    elif old != new:
        yield Difference(path, How.CHANGED)


def _member(old: Mapping[Any, Any], new: Mapping[Any, Any], key: Any, path: str) -> Iterator[Difference]:
    # A value that is left out and one that is null are the same to every provider.
    before, after = old.get(key), new.get(key)
    if before is None and after is None:
        return
    if before is None:
        yield Difference(path, How.ADDED)
    elif after is None:
        yield Difference(path, How.DELETED)
    else:
        yield from _differ(before, after, path)


def _key(name: str) -> str:
    return f'["{name}"]' if any(sign in name for sign in '."[]') else name
