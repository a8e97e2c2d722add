"""Compares what a program says of a resource with its shape: every fault at once, each with its whole path."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.standins.shapes import Kind, ObjectShape, ResourceShape, Shape

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in place of a value that a preview cannot know."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks a special value of the protocol; this one's payload is under `value`."""

_SHOWN = 6
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Fault:
    """One thing that the provider would refuse. Never holds the value itself: it may be a secret."""

    path: str
    reason: str


def faults(values: Mapping[str, Any], shape: ResourceShape) -> tuple[Fault, ...]:
    """Return what is wrong with a resource's inputs; keys that begin with `__` are the engine's own."""
    said = {name: value for name, value in values.items() if not name.startswith("__")}
    return tuple(_object(said, shape.inputs, "", shape.objects))


def _object(
    said: Mapping[str, Any], shape: ObjectShape, path: str, objects: Mapping[str, ObjectShape]
) -> Iterator[Fault]:
    for name in sorted(name for name in shape.required if _absent(said.get(name))):
        yield Fault(_join(path, name), f"missing required property: write {_asked(shape.properties[name])}")
    for name, value in said.items():
        if name in shape.properties:
            yield from _value(value, shape.properties[name], _join(path, name), objects)
            continue
        near = difflib.get_close_matches(name, shape.properties, n=1)
        advice = f"write {near[0]}" if near else f"there are {', '.join(sorted(shape.properties)[:_SHOWN])}"
        yield Fault(_join(path, name), f"unknown property: {advice}")


def _value(value: Any, shapes: tuple[Shape, ...], path: str, objects: Mapping[str, ObjectShape]) -> Iterator[Fault]:
    value = _unwrapped(value)
    if value is None or value == UNKNOWN or not shapes:
        return
    tried = [list(_one(value, shape, path, objects)) for shape in shapes]
    if all(tried):
        # The way of writing that was most nearly met is the one that was meant.
        yield from min(tried, key=len)


def _one(value: Any, shape: Shape, path: str, objects: Mapping[str, ObjectShape]) -> Iterator[Fault]:
    if isinstance(value, Mapping) and SIGNATURE in value:
        return  # an asset, an archive or a reference to a resource
    if not _is(value, shape.kind):
        yield Fault(path, f"{_name_of(value)} is written: write {_asked((shape,))}")
    elif shape.allowed and value not in shape.allowed:
        yield Fault(path, f"no such value: write {_asked((shape,))}")
    elif shape.kind is Kind.LIST:
        for place, item in enumerate(value):
            yield from _value(item, shape.element, f"{path}[{place}]", objects)
    elif shape.kind is Kind.MAP:
        for name, item in value.items():
            yield from _value(item, shape.element, _join(path, name), objects)
    elif shape.kind is Kind.OBJECT:
        yield from _object(value, objects[shape.name], path, objects)


def _is(value: Any, kind: Kind) -> bool:
    """Tell whether a value is of a kind; text that reads as a number or a boolean is one, as the engine holds."""
    match kind:
        case Kind.ANY:
            return True
        case Kind.LIST:
            return isinstance(value, list)
        case Kind.MAP | Kind.OBJECT:
            return isinstance(value, Mapping)
        case Kind.FLAG:
            return isinstance(value, bool) or value in ("true", "false")
        case Kind.NUMBER if isinstance(value, str):
            return _NUMBER.fullmatch(value) is not None
        case Kind.NUMBER:
            return isinstance(value, int | float) and not isinstance(value, bool)
        case Kind.TEXT:
            return isinstance(value, str | int | float | bool)


def _unwrapped(value: Any) -> Any:
    """Return what a secret or an output holds; an output without a value is unknown."""
    while isinstance(value, Mapping) and value.get(SIGNATURE) in _WRAPPERS:
        value = value.get("value", UNKNOWN)
    return value


_WRAPPERS = ("1b47061264138c4ac30d75fd1eb44270", "d0e6a833031e9bbcd3f4e8bde6ca49a4")


def _absent(value: Any) -> bool:
    return _unwrapped(value) is None


def _asked(shapes: tuple[Shape, ...]) -> str:
    return " or ".join(dict.fromkeys(map(_asked_one, shapes))) or str(Kind.ANY)


def _asked_one(shape: Shape) -> str:
    if not shape.allowed:
        return str(shape.kind)
    more = ", …" if len(shape.allowed) > _SHOWN else ""
    return f"one of {', '.join(map(str, shape.allowed[:_SHOWN]))}{more}"


def _name_of(value: Any) -> str:
    kinds = (Kind.FLAG, bool), (Kind.NUMBER, int | float), (Kind.TEXT, str), (Kind.LIST, list)
    return next((str(kind) for kind, python in kinds if isinstance(value, python)), str(Kind.OBJECT))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
