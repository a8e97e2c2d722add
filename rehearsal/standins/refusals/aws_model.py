"""Reads AWS's own API models beside a resource's inputs: enums, patterns, lengths and bounds, as botocore ships them.

The models are data of the installed `botocore`: no client is made and no network is used. A property that no member of
the model answers to is left alone: the table of types says which ones have other names.
"""

import difflib
import functools
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from rehearsal.standins.refusals.aws_types import TYPES, Modelled
from rehearsal.standins.refusals.values import Problem, known, text_at, without_places

_CODES = {
    "acm": "ValidationException",
    "autoscaling": "ValidationError",
    "cloudtrail": "InvalidParameterCombinationException",
    "cloudwatch": "ValidationError",
    "dynamodb": "ValidationException",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "eks": "InvalidParameterException",
    "elbv2": "ValidationError",
    "iam": "ValidationError",
    "kms": "ValidationException",
    "logs": "InvalidParameterException",
    "route53": "InvalidInput",
    "s3": "MalformedXML",
    "secretsmanager": "ValidationException",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
    "wafv2": "WAFInvalidParameterException",
}
_SHOWN = 8


def model_problems(token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what AWS's model of the call forbids in the inputs of a type of the table; nothing for other types."""
    modelled = TYPES.get(token)
    if modelled is None:
        return
    for name, value in inputs.items():
        found = _first_member(modelled, name)
        if found is not None:
            yield from _Walk(modelled, _CODES.get(modelled.service, "ValidationException")).value(value, found, name)


_MACHINES = {
    "aws:eks/nodeGroup:NodeGroup": "instanceTypes",
    "aws:ec2/capacityReservation:CapacityReservation": "instanceType",
}
"""Properties that hold EC2's instance types while their own model takes any text."""


def machine_problems(token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield instance types that EC2's model does not have."""
    for where, value in text_at(inputs, _MACHINES[token]) if token in _MACHINES else ():
        machines = _service("ec2").shape_for("InstanceType").metadata["enum"]
        if value not in machines:
            near = difflib.get_close_matches(value, machines, n=3)
            advice = f"one such as {', '.join(near)}" if near else "an EC2 instance type"
            yield Problem(where, f"InvalidInstanceType: there is no such machine: write {advice}")


def answered(token: str, path: str) -> bool:
    """Tell whether the model has a member for a property, given by its dotted path without places."""
    modelled = TYPES[token]
    first, *rest = path.split(".")
    shape = _first_member(modelled, first)
    walked = first
    for name in rest:
        walked = f"{walked}.{name}"
        shape = None if shape is None else _member(_inner(shape), name, walked, modelled)
    return shape is not None


class _Walk:
    """One walk through a resource's inputs, beside the shapes of one call."""

    def __init__(self, modelled: Modelled, code: str) -> None:
        self.modelled = modelled
        self.code = code

    def value(self, value: Any, shape: Shape, path: str) -> Iterator[Problem]:
        if not known(value) or value == "":
            return  # the provider does not send an empty text
        if isinstance(value, Mapping):
            yield from self._mapping(value, shape, path)
        elif isinstance(value, list):
            yield from self._list(value, shape, path)
        else:
            why = _scalar(value, _inner(shape))
            if why:
                yield Problem(path, f"{self.code}: {why}, as AWS's model of {self.modelled.service} says")

    def _mapping(self, value: Mapping[str, Any], shape: Shape, path: str) -> Iterator[Problem]:
        if shape.type_name == "map":
            yield from self._size(len(value), shape, path, "entries")
            for key, item in value.items():
                why = _scalar(key, shape.key)
                if why:
                    yield Problem(f"{path}.{key}", f"{self.code}: the key is refused: {why}")
                yield from self.value(item, shape.value, f"{path}.{key}")
            return
        inner = _inner(shape)
        for name, item in value.items():
            found = _member(inner, name, f"{without_places(path)}.{name}", self.modelled)
            if found is not None:
                yield from self.value(item, found, f"{path}.{name}")

    def _list(self, value: list[Any], shape: Shape, path: str) -> Iterator[Problem]:
        if shape.type_name == "list":
            yield from self._size(len(value), shape, path, "items")
        element = shape.member if shape.type_name == "list" else shape
        for place, item in enumerate(value):
            yield from self.value(item, element, f"{path}[{place}]")

    def _size(self, size: int, shape: Shape, path: str, what: str) -> Iterator[Problem]:
        most = shape.metadata.get("max")
        if most is not None and size > most:
            yield Problem(path, f"{self.code}: {size} {what} are too many: write at most {most}")


def _scalar(value: Any, shape: Shape) -> str | None:
    limits = shape.metadata
    if shape.type_name in ("integer", "long", "float", "double"):
        return _bounds(value, limits)
    if shape.type_name != "string" or not isinstance(value, str):
        return None
    enum = limits.get("enum")
    if enum and value not in enum:
        more = ", …" if len(enum) > _SHOWN else ""
        near = [one for one in enum if one.lower() == value.lower()] or enum[:_SHOWN]
        return f"there is no such value: write one of {', '.join(near)}{more}"
    if not limits.get("min", 0) <= len(value) <= limits.get("max", len(value)):
        return f"{len(value)} characters: write {_range(limits)} characters"
    pattern = None if enum else _compiled(limits.get("pattern"))
    if pattern is not None and not pattern.fullmatch(value):
        return f"characters or form are not allowed: write what matches {limits['pattern']}"
    return None


def _bounds(value: Any, limits: Mapping[str, Any]) -> str | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None  # the comparison with the SDK's types speaks of it
    if isinstance(value, bool) or (number == 0 and limits.get("min", 0) > 0):
        return None  # the provider does not send a zero that means "not set"
    if not limits.get("min", number) <= number <= limits.get("max", number):
        return f"the number is out of range: write {_range(limits)}"
    return None


def _range(limits: Mapping[str, Any]) -> str:
    least, most = limits.get("min"), limits.get("max")
    return f"at least {least}" if most is None else f"at most {most}" if least is None else f"{least} to {most}"


@functools.cache
def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    """Return a pattern of the model; None for those that only Java reads."""
    if not pattern or "&&" in pattern or "[[" in pattern:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, re.ASCII)
    except (re.error, FutureWarning, DeprecationWarning):
        return None


@functools.cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(_loader().load_service_model(name, "service-2"), name)


@functools.cache
def _loader() -> Loader:
    return Loader()


@functools.cache
def _roots(modelled: Modelled) -> tuple[Shape, ...]:
    return tuple(map(functools.partial(_root, modelled.service), modelled.calls))


def _root(service: str, call: str) -> Shape:
    operation, *members = call.split(".")
    shape = _service(service).operation_model(operation).input_shape
    for member in members:
        shape = _inner(shape).members[member]
    return _inner(shape)


def _first_member(modelled: Modelled, name: str) -> Shape | None:
    found = (_member(root, name, name, modelled) for root in _roots(modelled))
    return next((shape for shape in found if shape is not None), None)


def _member(shape: Shape, name: str, path: str, modelled: Modelled) -> Shape | None:
    """Return the member that a property stands for; `.` in the table means the shape itself, empty text none."""
    if shape.type_name == "map" and path not in modelled.renamed:
        return shape.value
    if shape.type_name != "structure":
        return None
    wanted = modelled.renamed.get(path, name)
    if wanted in ("", "."):
        return shape if wanted else None
    first, *rest = wanted.split(".")
    found = _by_folded_name(shape).get(_folded(first))
    for member in rest:
        found = None if found is None else _inner(found).members.get(member)
    return found


def _inner(shape: Shape) -> Shape:
    """Return what a list is made of: the provider writes a list of one as the one."""
    while shape.type_name == "list":
        shape = shape.member
    if shape.type_name == "structure" and set(shape.members) == {"Quantity", "Items"}:
        return _inner(shape.members["Items"])
    return shape


_FOLDED: dict[int, dict[str, Shape]] = {}
_KEPT: list[Shape] = []


def _by_folded_name(shape: Shape) -> dict[str, Shape]:
    if id(shape) not in _FOLDED:
        _FOLDED[id(shape)] = {_folded(name): member for name, member in shape.members.items()}
        _KEPT.append(shape)  # so that no other shape gets its id
    return _FOLDED[id(shape)]


def _folded(name: str) -> str:
    """Return a name so that singular and plural, upper and lower case are one."""
    return name.lower().replace("_", "").removesuffix("s")
