"""The shapes that a resource's inputs may have, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, in the words of the messages."""

    ANY = "any value"
    TEXT = "a string"
    NUMBER = "a number"
    FLAG = "a boolean"
    LIST = "a list"
    MAP = "a map"
    OBJECT = "an object"


@dataclass(frozen=True)
class Shape:
    """One way in which a value may be written."""

    kind: Kind
    element: tuple["Shape", ...] = ()
    """The ways to write one element of a list or a map; empty means any."""
    name: str = ""
    """Of an object: its key in `ResourceShape.objects`, so that types may contain themselves."""
    allowed: tuple[str | int | float | bool, ...] = ()
    """The only values there are; empty means that the kind alone decides."""


@dataclass(frozen=True)
class ObjectShape:
    """The properties of one object, by the names on the wire."""

    properties: Mapping[str, tuple[Shape, ...]]
    required: frozenset[str]


@dataclass(frozen=True)
class ResourceShape:
    """What the SDK says of one resource type."""

    inputs: ObjectShape
    objects: Mapping[str, ObjectShape]
    outputs: ObjectShape
    """What its cloud says of it; those that it always says are `required`."""
    secret_outputs: frozenset[str]
    replace: frozenset[str]
    """Paths whose change replaces, as far as the SDK says: those of AWS and Azure hardly say anything of it."""
