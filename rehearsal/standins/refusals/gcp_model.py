"""Reads Google's discovery documents beside a resource's inputs: enums, patterns and formats.

The documents are data of the installed `google-api-python-client`: nothing is imported from it and no network is used.
"""

import functools
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearsal.standins.refusals.gcp_types import TYPES, Discovered
from rehearsal.standins.refusals.rules import number_of
from rehearsal.standins.refusals.values import Problem, known, without_places

_SHOWN = 8
_WHOLE = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_DURATION = re.compile(r"\d+(\.\d{1,9})?s")
Schema = Mapping[str, Any]


def model_problems(token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what the discovery document forbids in the inputs of a type of the table; nothing for other types."""
    discovered = TYPES.get(token)
    if discovered is None:
        return
    found = list(_Walk(discovered, discovered.document).object(inputs, {"$ref": discovered.schema}, ""))
    if found and discovered.beta:
        # What the beta document takes is no fault: the provider speaks to the beta API where it must.
        beta = {problem.path for problem in _Walk(discovered, discovered.beta).object(inputs, _ref(discovered), "")}
        found = [problem for problem in found if problem.path in beta]
    yield from found


def answered(token: str, path: str) -> bool:
    """Tell whether the document has a property for one of Pulumi's, given by its dotted path without places."""
    walk, walked, schema = _Walk(TYPES[token], TYPES[token].document), "", _ref(TYPES[token])
    for name in path.split("."):
        walked = f"{walked}.{name}" if walked else name
        found = walk.member(walk.element(schema), name, walked)
        if found is None:
            return False
        schema = found
    return True


def _ref(discovered: Discovered) -> Schema:
    return {"$ref": discovered.schema}


class _Walk:
    """One walk through a resource's inputs, beside the schemas of one document."""

    def __init__(self, discovered: Discovered, document: str) -> None:
        self.renamed = discovered.renamed
        self.document = document
        self.schemas = _schemas(document)

    def object(self, inputs: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Problem]:
        for name, value in inputs.items():
            where = f"{path}.{name}" if path else name
            found = self.member(self.element(schema), name, without_places(where))
            if found is not None:
                yield from self._value(value, found, where)

    def _value(self, value: Any, schema: Schema, path: str) -> Iterator[Problem]:
        if not known(value) or value == "":
            return  # the provider does not send an empty text
        if isinstance(value, list):
            for place, item in enumerate(value):
                yield from self._value(item, self.element(schema), f"{path}[{place}]")
        elif isinstance(value, Mapping):
            yield from self.object(value, schema, path)
        else:
            why = _scalar(value, self.element(schema))
            if why:
                yield Problem(path, f"400 INVALID_ARGUMENT: {why}, as the API {self.document} says")

    def element(self, schema: Schema) -> Schema:
        """Return what a list holds, with references followed."""
        while True:
            if "$ref" in schema:
                schema = self.schemas[schema["$ref"]]
            elif schema.get("type") == "array":
                schema = schema["items"]
            else:
                return schema

    def member(self, schema: Schema, name: str, path: str) -> Schema | None:
        """Return the property that one of Pulumi's stands for."""
        wanted = self.renamed.get(path, name)
        for part in wanted.split(".") if wanted else ():
            inner = self.element(schema)
            found = {_folded(key): value for key, value in inner.get("properties", {}).items()}.get(_folded(part))
            if found is None:
                extra = inner.get("additionalProperties")
                return extra if isinstance(extra, Mapping) else None
            schema = found
        return schema if wanted and not schema.get("readOnly") else None


def _scalar(value: Any, schema: Schema) -> str | None:
    whole = _WHOLE.get(schema.get("format", ""))
    if whole:
        return _number(value, whole)
    if schema.get("type") != "string" or not isinstance(value, str):
        return None
    enum = schema.get("enum")
    if enum and value not in enum:
        near = [one for one in enum if one.lower() == value.lower()] or [
            one for one in enum if "UNSPECIFIED" not in one and "INVALID" not in one
        ][:_SHOWN]
        return f"there is no such value: write one of {', '.join(near)}{', …' if len(enum) > _SHOWN else ''}"
    if schema.get("format") == "google-duration" and not _DURATION.fullmatch(value):
        return "no duration: write seconds with 's' behind them, such as '7776000s'"
    pattern = schema.get("pattern")
    if pattern and not re.fullmatch(pattern, value) and "/" not in value:
        return f"characters or length are not allowed: write what matches {pattern}"
    return None


def _number(value: Any, bounds: tuple[int, int]) -> str | None:
    number = number_of(value)
    if number is None:
        return None  # the comparison with the SDK's types speaks of it
    if not number.is_integer():
        return "a whole number is asked: write one"
    if not bounds[0] <= number <= bounds[1]:
        return f"the number is out of range: write {bounds[0]} to {bounds[1]}"
    return None


def _folded(name: str) -> str:
    return name.lower().replace("_", "").removesuffix("s")


@functools.cache
def _schemas(document: str) -> Mapping[str, Schema]:
    spec = importlib.util.find_spec("googleapiclient")
    if spec is None or not spec.submodule_search_locations:
        message = "google-api-python-client is not installed: its discovery documents say what Google takes"
        raise LookupError(message)
    file = Path(spec.submodule_search_locations[0]) / "discovery_cache" / "documents" / f"{document}.json"
    schemas: Mapping[str, Schema] = json.loads(file.read_text())["schemas"]
    return schemas
