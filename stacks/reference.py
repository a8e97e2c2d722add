"""docs/configuration.md, made from the configuration's own models: `python -m stacks.reference`."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from stacks.config import Config
from stacks.explain import is_mapping, model_in

TARGET = Path(__file__).parents[1] / "docs" / "configuration.md"
HEAD = """\
# Configuration

Every key of the `meridian:` part of a stack file. Made from `stacks/config.py` by `make docs`; a test keeps it true.
The configuration is closed: a key that is not here is refused, and all mistakes are told at once.

| key | default | what it is |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"| `{key}` | {default} | {text} |\n" for key, default, text in _rows("meridian:", Config))


def _rows(prefix: str, section: type[BaseModel]) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        inner = model_in(field.annotation)
        yield key, _default(field), (field.description or "").replace("|", "/")
        if inner is not None:
            yield from _rows(f"{key}.NAME." if is_mapping(field.annotation) else f"{key}.", inner)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined or field.default is None:
        return ""
    if isinstance(field.default, tuple):
        return f"`[{', '.join(field.default)}]`"
    return f"`{field.default}`"


if __name__ == "__main__":
    TARGET.write_text(page())
