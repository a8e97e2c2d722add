"""Holds Azure inputs against the enums of the installed SDK: its types take any text, Azure does not."""

import functools
import importlib
import inspect
import re
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any

from pulumi import _types as sdk_types  # private, hence the pinned engine and the tests of this module

from rehearsal.standins.refusals.values import Problem, known

_VERSION = re.compile(r"/v\d{8}\w*")
_SHOWN = 8


def model_problems(token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every value that is none of the enum that the SDK has for its property."""
    arguments = _arguments(token)
    if arguments is not None:
        yield from _object(inputs, arguments, "")


def _object(said: Mapping[str, Any], arguments: type, path: str) -> Iterator[Problem]:
    types = _types(arguments)
    for name, value in said.items():
        if name in types:
            yield from _value(value, types[name], f"{path}.{name}" if path else name)


def _value(value: Any, annotation: Any, path: str) -> Iterator[Problem]:
    if not known(value) or value == "":
        return
    if isinstance(value, list):
        inner = [typing.get_args(one)[0] for one in _ways(annotation) if typing.get_origin(one) in (list, Sequence)]
        for place, item in enumerate(value):
            for one in inner[:1]:
                yield from _value(item, one, f"{path}[{place}]")
    elif isinstance(value, Mapping):
        yield from _mapping(value, annotation, path)
    else:
        yield from _scalar(value, annotation, path)


def _mapping(value: Mapping[str, Any], annotation: Any, path: str) -> Iterator[Problem]:
    for one in _ways(annotation):
        if inspect.isclass(one) and sdk_types.is_input_type(one):
            yield from _object(value, one, path)
            return
        if typing.get_origin(one) in (dict, Mapping):
            for key, item in value.items():
                yield from _value(item, typing.get_args(one)[1], f"{path}.{key}")
            return


def _scalar(value: Any, annotation: Any, path: str) -> Iterator[Problem]:
    enums = [one for one in _ways(annotation) if inspect.isclass(one) and issubclass(one, Enum)]
    allowed = [member.value for enum in enums for member in enum]
    if not allowed or str(value).lower() in {str(one).lower() for one in allowed}:
        return  # Azure Resource Manager compares without regard to case
    more = ", …" if len(allowed) > _SHOWN else ""
    shown = ", ".join(map(str, allowed[:_SHOWN]))
    yield Problem(path, f"400 InvalidParameter: there is no such value: write one of {shown}{more}")


def _ways(annotation: Any) -> Iterator[Any]:
    """Yield every way in which a value may be written, unions taken apart."""
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        for part in typing.get_args(annotation):
            yield from _ways(part)
    else:
        yield annotation


@functools.cache
def _types(arguments: type) -> Mapping[str, Any]:
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    types = sdk_types.input_type_types(arguments)
    return {wire: types.get(wire, types.get(name, Any)) for name, wire in names.items()}


@functools.cache
def _arguments(token: str) -> type | None:
    """Return the class of a resource's arguments; None for a type that the installed SDK does not have."""
    _, module, name = _VERSION.sub("", token).split(":")
    try:
        resource = getattr(importlib.import_module(f"pulumi_azure_native.{module}"), name)
    except (ImportError, AttributeError):
        return None
    there = vars(sys.modules[resource.__module__])
    # `Args` names a nested object wherever one has the resource's own name: the resource's is `InitArgs` then.
    found = (there.get(f"{name}{suffix}") for suffix in ("InitArgs", "Args"))
    return next((one for one in found if inspect.isclass(one) and sdk_types.is_input_type(one)), None)
