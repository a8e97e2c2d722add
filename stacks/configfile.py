"""Stack files on disk: reading them without an engine, and the engine's own copy."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from stacks.problems import ConfigurationRefused, Problem

NAMESPACE = "meridian:"
SALT = "encryptionsalt"


def read(file: Path) -> dict[str, Any]:
    """The `meridian:` values of a stack file; raises `ConfigurationRefused` when it is not one.

    Encrypted values stay encrypted: each becomes a text that is different for each ciphertext.
    """
    if not file.exists():
        known = ", ".join(sorted(path.name.split(".")[1] for path in file.parent.glob("Pulumi.*.yaml")))
        raise _refused(file, "there is no such stack file", f"name one of the stacks here: {known or '(none)'}")
    try:
        content = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        place = str(error).replace("\n", " ")
        raise _refused(file, f"is not YAML: {place}", "correct the line; YAML indents by spaces") from None
    settings = content.get("config") if isinstance(content, dict) else None
    if not isinstance(settings, dict):
        raise _refused(file, "has no `config:` mapping", "start from Pulumi.local.yaml")
    return {_short(key): _without_ciphertext(value) for key, value in settings.items() if _is_ours(str(key))}


def engine_copy(file: Path, copy: Path) -> None:
    """Write the copy of a stack file that the engine uses.

    The engine notes the salt of the stack's encryption in the file it is given; the committed file
    must not change for that, and the salt must stay with the state that it belongs to.
    """
    text = "".join(line for line in file.read_text().splitlines(keepends=True) if not line.startswith(SALT))
    salt = _salt_line(copy)
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(f"{text.rstrip()}\n{salt}")


def _salt_line(copy: Path) -> str:
    if not copy.exists():
        return ""
    lines = [line for line in copy.read_text().splitlines(keepends=True) if line.startswith(SALT)]
    return lines[0] if lines else ""


def _is_ours(key: str) -> bool:
    return key.startswith(NAMESPACE) or ":" not in key


def _short(key: object) -> str:
    return str(key).removeprefix(NAMESPACE)


def _without_ciphertext(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return f"encrypted-{hashlib.sha256(str(value['secure']).encode()).hexdigest()}"
        return {key: _without_ciphertext(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_ciphertext(inner) for inner in value]
    return value


def _refused(file: Path, what: str, fix: str) -> ConfigurationRefused:
    problem = Problem(where=file.name, what=what, why="the stack file says everything that is to be built", fix=fix)
    return ConfigurationRefused([problem])
