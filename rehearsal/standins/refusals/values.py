"""Reads inputs as they are on the wire: secrets unwrapped, unknown values kept apart, nested values found by path."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.checking import SIGNATURE, UNKNOWN
from rehearsal.standins.checking import Fault as Problem

__all__ = ["UNKNOWN", "Hidden", "Problem", "at", "known", "listed", "plain", "shown", "text_at"]

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of the protocol
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_INDEX = re.compile(r"\[\d+\]")


class Hidden(str):
    """Text that was secret: rules may judge it, messages must not show it."""

    __slots__ = ()


def plain(value: Any, *, secret: bool = False) -> Any:
    """Return a value without its wrappers; the engine's own keys (`__defaults`) are left out."""
    if isinstance(value, Mapping):
        kind = value.get(SIGNATURE)
        if kind in (_SECRET, _OUTPUT):
            return plain(value.get("value", UNKNOWN), secret=secret or kind == _SECRET or bool(value.get("secret")))
        if kind is not None:
            return UNKNOWN  # an asset, an archive or a reference: no rule reads them
        return {key: plain(item, secret=secret) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list | tuple):
        return [plain(item, secret=secret) for item in value]
    return Hidden(value) if secret and isinstance(value, str) and value != UNKNOWN else value


def known(value: Any) -> bool:
    """Tell whether there is a value, and a preview knows it."""
    return value is not None and value != UNKNOWN


def shown(value: Any) -> str:
    """Return a value as a message may show it."""
    return "[secret]" if isinstance(value, Hidden) else f"'{value}'" if isinstance(value, str) else str(value)


def at(inputs: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Yield every known value under a dotted path with its whole path; lists on the way are walked through."""
    yield from _at(inputs, path.split("."), "")


def text_at(inputs: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the known, non-empty texts under a dotted path."""
    yield from ((where, value) for where, value in at(inputs, path) if isinstance(value, str) and value)


def _at(value: Any, names: list[str], path: str) -> Iterator[tuple[str, Any]]:
    if not known(value):
        return
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from _at(item, names, f"{path}[{place}]")
    elif not names:
        yield path, value
    elif isinstance(value, Mapping) and names[0] == "*":
        for name, item in value.items():
            yield from _at(item, names[1:], f"{path}.{name}" if path else name)
    elif isinstance(value, Mapping) and names[0] in value:
        yield from _at(value[names[0]], names[1:], f"{path}.{names[0]}" if path else names[0])


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and nothing for what is none: other rules say that it is none."""
    return value if isinstance(value, list) else []


def without_places(path: str) -> str:
    """Return a path without the places of list elements: `rules[0].name` is `rules.name`."""
    return _INDEX.sub("", path)
