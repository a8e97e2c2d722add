"""Pydantic's findings, told so that they teach."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from stacks.problems import Problem, like

_WHY = {
    "extra_forbidden": "the configuration is closed, so that a misspelt key cannot be ignored silently",
    "missing": "there is no safe default for it",
    "too_short": "with none of them there is nothing to serve",
    "string_pattern_mismatch": "it becomes part of resource names, which every cloud restricts",
}
_WHY_BOUND = "values outside the bounds are known not to work"
_WHY_OTHER = "every value has one type, so that the plan can be checked before anything is created"


def problems_of(error: ValidationError, root: type[BaseModel]) -> list[Problem]:
    """Every problem of `error`, each with the path as it is written in the stack file."""
    return [_problem(detail, root) for detail in error.errors(include_url=False, include_input=False)]


def _problem(detail: Any, root: type[BaseModel]) -> Problem:
    location = [part for part in detail["loc"] if part != "[key]"]
    where = "meridian:" + ".".join(str(part) for part in location)
    kind = str(detail["type"])
    if kind == "extra_forbidden":
        return _unknown_key(where, location, root)
    field = _field_at(location, root)
    about = f" ({field.description})" if field and field.description else ""
    return Problem(
        where=where,
        what=_what(kind, str(detail["msg"]), detail.get("ctx", {})),
        why=_why(kind, detail.get("ctx", {})),
        fix=_fix(kind, detail.get("ctx", {}), where) + about,
    )


def _unknown_key(where: str, location: Sequence[Any], root: type[BaseModel]) -> Problem:
    section = _section_at(location[:-1], root)
    known = sorted(field.alias or name for name, field in section.model_fields.items()) if section else []
    found = like(str(location[-1]), known, most=1, cutoff=0.6)
    hint = f"did you mean `{found[0]}`? " if found else ""
    return Problem(
        where=where,
        what=f"unknown key `{location[-1]}`",
        why=_WHY["extra_forbidden"],
        fix=f"{hint}keys known here: {', '.join(known)}",
    )


def _what(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return f"is empty or too short: at least {context.get('min_length')} needed"
    return (message[:1].lower() + message[1:]).replace("valid tuple", "list").replace("valid dictionary", "mapping")


def _why(kind: str, context: Mapping[str, Any]) -> str:
    if kind.startswith(("greater_than", "less_than")) or context.get("min_length", 1) > 1:
        return _WHY_BOUND
    return _WHY.get(kind, _WHY_OTHER)


def _fix(kind: str, context: Mapping[str, Any], where: str) -> str:
    if kind == "string_pattern_mismatch":
        return "write lower-case letters, digits and hyphens; a region is `<cloud>-<region>`"
    if kind == "literal_error":
        return f"write {context.get('expected', 'one of the known values')}"
    if kind == "missing":
        return f"add `{where.rpartition('.')[2].removeprefix('meridian:')}`"
    return "write a value of that form"


def _section_at(location: Sequence[Any], root: type[BaseModel]) -> type[BaseModel] | None:
    """The model class at a path, walking through `dict[Name, Section]` by skipping its key."""
    current: type[BaseModel] | None = root
    parts = list(location)
    while parts and current:
        field = _named(current, str(parts.pop(0)))
        inner = model_in(field.annotation) if field else None
        if inner and field and is_mapping(field.annotation) and parts:
            parts.pop(0)
        current = inner
    return current


def _field_at(location: Sequence[Any], root: type[BaseModel]) -> FieldInfo | None:
    names = [part for part in location if isinstance(part, str)]
    for cut in range(len(names), 0, -1):
        section = _section_at(names[: cut - 1], root)
        if section and (field := _named(section, names[cut - 1])):
            return field
    return None


def _named(section: type[BaseModel], name: str) -> FieldInfo | None:
    return next((field for key, field in section.model_fields.items() if name in (field.alias, key)), None)


def is_mapping(annotation: Any) -> bool:
    """Whether a field holds sections by name."""
    return getattr(annotation, "__origin__", None) is dict


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section inside a field's type, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := model_in(part))), None)
