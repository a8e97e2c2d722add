"""Derives the shape of a resource type from the Python SDK's own classes."""

import ast
import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from types import UnionType
from typing import Any

from pulumi import _types as sdk_types  # private, hence the pinned engine and the tests of this module

from rehearsal.standins.shapes import Kind, ObjectShape, ResourceShape, Shape

_SCALARS = {str: Kind.TEXT, int: Kind.NUMBER, float: Kind.NUMBER, bool: Kind.FLAG}


def resource_shape(resource: type) -> ResourceShape:
    """Return the shape of a resource class of a generated SDK; LookupError if it is no such class."""
    objects: dict[str, ObjectShape] = {}
    inputs = _object(_arguments_of(resource), objects)
    outputs = _outputs(resource, objects)
    source = ast.parse(textwrap.dedent(inspect.getsource(resource._internal_init)))  # type: ignore[attr-defined]
    return ResourceShape(
        inputs=inputs,
        objects=objects,
        outputs=outputs,
        secret_outputs=_listed(source, "additional_secret_outputs"),
        replace=_listed(source, "replace_on_changes") | _said_to_replace(_arguments_of(resource)),
    )


def _outputs(resource: type, objects: dict[str, ObjectShape]) -> ObjectShape:
    """Return the properties of a resource or of an output class; an annotation without Optional is always there."""
    properties, always = {}, set()
    for wire, python in _names(resource):
        hint = typing.get_type_hints(vars(resource)[python].fget).get("return", Any)
        hint = typing.get_args(hint)[0] if getattr(typing.get_origin(hint), "__name__", "") == "Output" else hint
        properties[wire] = _shapes(hint, objects)
        if type(None) not in typing.get_args(hint):
            always.add(wire)
    return ObjectShape(properties=properties, required=frozenset(always))


def _names(kind: type) -> list[tuple[str, str]]:
    found = [(wire, python) for python, wire, _ in sdk_types._py_properties(kind)]
    return sorted(found)


def _arguments_of(resource: type) -> type:
    module = vars(sys.modules[resource.__module__])
    for suffix in ("InitArgs", "Args"):  # the first exists where an input type has the name of the second
        found = module.get(resource.__name__ + suffix)
        if inspect.isclass(found) and sdk_types.is_input_type(found):
            return found
    message = f"{resource.__module__}.{resource.__name__} has no class of arguments: it is no generated resource"
    raise LookupError(message)


def _object(arguments: type, objects: dict[str, ObjectShape]) -> ObjectShape:
    names = sdk_types.input_type_py_to_pulumi_names(arguments)
    types = sdk_types.input_type_types(arguments)
    keywords = inspect.signature(arguments).parameters
    properties = {wire: _shapes(types.get(wire, types.get(name, Any)), objects) for name, wire in names.items()}
    required = {
        wire for name, wire in names.items() if name in keywords and keywords[name].default is inspect.Parameter.empty
    }
    return ObjectShape(properties=properties, required=frozenset(required))


def _shapes(annotation: Any, objects: dict[str, ObjectShape]) -> tuple[Shape, ...]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, UnionType):
        found = [shape for part in typing.get_args(annotation) for shape in _shapes(part, objects)]
        return tuple(dict.fromkeys(found))
    shape = _shape(annotation, origin, objects)
    return () if shape is None else (shape,)


def _shape(annotation: Any, origin: Any, objects: dict[str, ObjectShape]) -> Shape | None:
    """None for what never is on the wire: None itself, outputs, awaitables."""
    if annotation is type(None) or getattr(origin, "__name__", "") in ("Output", "Awaitable"):
        return None
    if origin is typing.Literal:
        return Shape(Kind.TEXT, allowed=typing.get_args(annotation))
    if origin in (list, Sequence):
        return Shape(Kind.LIST, element=_shapes(typing.get_args(annotation)[0], objects))
    if origin in (dict, Mapping):
        return Shape(Kind.MAP, element=_shapes(typing.get_args(annotation)[1], objects))
    if annotation in _SCALARS:
        return Shape(_SCALARS[annotation])
    if inspect.isclass(annotation) and (sdk_types.is_input_type(annotation) or sdk_types.is_output_type(annotation)):
        return _reference(annotation, objects)
    if inspect.isclass(annotation) and issubclass(annotation, Enum):
        return Shape(Kind.TEXT, allowed=tuple(member.value for member in annotation))
    return Shape(Kind.ANY)


def _reference(arguments: type, objects: dict[str, ObjectShape]) -> Shape:
    name = f"{arguments.__module__}.{arguments.__qualname__}"
    if name not in objects:
        objects[name] = ObjectShape(properties={}, required=frozenset())  # ends the recursion of types in themselves
        is_input = sdk_types.is_input_type(arguments)
        objects[name] = _object(arguments, objects) if is_input else _outputs(arguments, objects)
    return Shape(Kind.OBJECT, name=name)


_REPLACES = re.compile(
    r"(changing|modifying) (this|the)( \w+)? (will )?(forces?|creates?) (a )?(new|re)|forces? new resource|"
    r"(field|property|value|it) (cannot|can't) be changed after (creation|it)|the field is immutable",
    re.IGNORECASE,
)


def _said_to_replace(arguments: type) -> frozenset[str]:
    """Return the inputs whose documentation says that their change makes a new resource."""
    documented = ((wire, vars(arguments)[python].fget.__doc__ or "") for wire, python in _names(arguments))
    return frozenset(wire for wire, text in documented if any(map(_replaces, " ".join(text.split()).split(". "))))


def _replaces(sentence: str) -> bool:
    return _REPLACES.search(sentence) is not None and not re.search(r"\bif\b", sentence, re.IGNORECASE)


def _listed(source: ast.AST, keyword: str) -> frozenset[str]:
    lists = [node.value for node in ast.walk(source) if isinstance(node, ast.keyword) and node.arg == keyword]
    return frozenset(
        item.value
        for found in lists
        for item in ast.walk(found)
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    )
