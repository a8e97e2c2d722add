"""Stack files on disk: reading them without an engine, and the engine's own copy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stacks.problems import ConfigurationRefused, Problem

NAMESPACE = "meridian:"
NAMESPACES = frozenset({"meridian", "pulumi", "aws", "gcp", "azure-native", "kubernetes"})
SALT = "encryptionsalt"
TENANTS = "tenants"
ROLLOUT = "rollout"


def read(file: Path) -> dict[str, Any]:
    """The `meridian:` values of a stack file; raises `ConfigurationRefused` when it is not one."""
    if not file.exists():
        known = ", ".join(sorted(path.name.split(".")[1] for path in file.parent.glob("Pulumi.*.yaml")))
        raise _refused(file, "there is no such stack file", f"name one of the stacks here: {known or '(none)'}")
    try:
        content = yaml.load(file.read_text(), _Loader) or {}  # noqa: S506 - a safe loader, see below
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        place = str(error).replace("\n", " ")
        fix = "correct the line; YAML is UTF-8, indents by spaces, and has each key once"
        raise _refused(file, f"is not YAML: {place}", fix) from None
    settings = content.get("config") if isinstance(content, dict) else None
    if not isinstance(settings, dict):
        raise _refused(file, "has no `config:` mapping", "start from Pulumi.local.yaml")
    _refuse_strangers(file, [str(key) for key in settings])
    try:
        _refuse_ciphertext(file, settings, "")
    except RecursionError:
        raise _refused(file, "holds a value that contains itself", "write the value out instead of `*name`") from None
    return {_short(key): value for key, value in settings.items() if _is_ours(str(key))}


def engine_copy(file: Path, copy: Path, *, salt_from: Path) -> dict[str, str]:
    """Write the copy of a stack file that the engine uses, without the tenants' keys.

    The engine notes the salt of the stack's encryption in the file it is given; the committed file
    must not change for that, and the salt must stay with the state that it belongs to. Returns the
    keys that were left out, by path, to be put in as secrets: the engine shows and stores any other
    value in clear.
    """
    content = yaml.safe_load(file.read_text())
    content.pop(SALT, None)
    if salt := _salt(salt_from):
        content[SALT] = salt
    keys = {}
    for setting, value in content["config"].items():
        if _is_ours(str(setting)) and _short(setting) == TENANTS and isinstance(value, dict):
            keys = {
                f"{NAMESPACE}{TENANTS}.{name}.key": str(tenant.pop("key"))
                for name, tenant in value.items()
                if isinstance(tenant, dict) and tenant.get("key") is not None
            }
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.touch(mode=0o600)
    copy.write_text(yaml.safe_dump(content, sort_keys=False))
    return keys


def narrowed(settings: Mapping[str, Any], clouds: Sequence[str]) -> dict[str, Any]:
    """The settings of a stack file, with only the regions on `clouds` built; unchanged where none is named."""
    if not clouds:
        return dict(settings)
    spelt = any(str(name).startswith(NAMESPACE) for name in settings)
    key = f"{NAMESPACE}{ROLLOUT}" if spelt else ROLLOUT
    return {**settings, key: {**(settings.get(key) or {}), "clouds": list(clouds)}}


def _salt(copy: Path) -> str | None:
    content = yaml.safe_load(copy.read_text()) if copy.exists() else None
    return content.get(SALT) if isinstance(content, dict) else None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, where YAML would take the last one silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is no plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refuse_strangers(file: Path, keys: list[str]) -> None:
    """A misspelt namespace would be ignored by everybody; the same key with and without it has two values."""
    for key in keys:
        namespace, colon, _ = key.partition(":")
        if colon and namespace not in NAMESPACES:
            known = ", ".join(sorted(NAMESPACES))
            raise _refused(file, f"`{key}` belongs to nobody", f"write one of these before the colon: {known}")
        if not colon and f"{NAMESPACE}{key}" in keys:
            raise _refused(file, f"`{key}` stands twice, with and without `{NAMESPACE}`", "keep one of the two")


def _is_ours(key: str) -> bool:
    return key.startswith(NAMESPACE) or ":" not in key


def _short(key: object) -> str:
    return str(key).removeprefix(NAMESPACE)


def _refuse_ciphertext(file: Path, value: Any, path: str) -> None:
    """A local stack has a passphrase of this machine's own, so nobody else's ciphertext can be read."""
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            fix = "write the key itself, or leave it out and the stack makes one; the state keeps it encrypted"
            problem = Problem(
                where=f"{file.name} {path}",
                what="is encrypted with another passphrase",
                why="each machine's local stack has a passphrase of its own",
                fix=fix,
            )
            raise ConfigurationRefused([problem])
        for key, inner in value.items():
            _refuse_ciphertext(file, inner, f"{path}.{key}".strip("."))


def _refused(file: Path, what: str, fix: str) -> ConfigurationRefused:
    problem = Problem(where=file.name, what=what, why="the stack file says everything that is to be built", fix=fix)
    return ConfigurationRefused([problem])
