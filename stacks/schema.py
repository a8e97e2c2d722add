"""Made from the configuration's models: a JSON Schema for editors, and the keys of Pulumi.yaml."""

import json
from pathlib import Path
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from stacks.config import Config
from stacks.explain import is_mapping, model_in

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "stack.schema.json"
PROJECT = ROOT / "Pulumi.yaml"
HEAD = "# The keys below `config:` are made from stacks/config.py by `make docs`; a test keeps them true.\n"


def schema() -> str:
    """The JSON Schema of a stack file."""
    inner = Config.model_json_schema(by_alias=True)
    definitions = inner.pop("$defs")
    inner["properties"] = {f"meridian:{key}": value for key, value in inner["properties"].items()}
    inner["required"] = [f"meridian:{key}" for key in inner["required"]]
    inner["patternProperties"] = {"^(pulumi|aws|gcp|azure-native|kubernetes):": {}}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Pulumi.STACK.yaml of Meridian",
        "type": "object",
        "properties": {"config": inner},
        "required": ["config"],
        "$defs": definitions,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def project() -> str:
    """Pulumi.yaml: what is written there by hand, and every key with type and text."""
    content = yaml.safe_load(PROJECT.read_text())
    content["config"] = {f"meridian:{field.alias or name}": _key(field) for name, field in Config.model_fields.items()}
    return HEAD + yaml.safe_dump(content, sort_keys=False, width=120, allow_unicode=True)


def _key(field: FieldInfo) -> dict[str, Any]:
    """Ours are texts or objects. The engine demands every typed key without default: an empty one means left out."""
    scalar = model_in(field.annotation) is None and not is_mapping(field.annotation)
    key: dict[str, Any] = {"type": "string" if scalar else "object", "description": field.description or ""}
    if not field.is_required():
        key["default"] = "" if scalar else {}
    return key


def write() -> None:
    """Write both."""
    TARGET.write_text(schema())
    PROJECT.write_text(project())


if __name__ == "__main__":
    write()
