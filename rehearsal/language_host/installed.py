"""What is installed in a Python environment.

Run as a script by that environment's own interpreter, so it needs the standard library alone.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, TypedDict


class Distribution(TypedDict):
    """An installed distribution."""

    name: str
    """Normalised as package indexes do: lower case, words joined by a dash."""
    version: str
    required: bool
    """Whether another installed distribution needs it."""


class Package(TypedDict):
    """The provider package that an installed SDK belongs to, from its pulumi-plugin.json."""

    name: str
    version: str
    server: str
    """Where the engine may fetch the plugin; empty for the default."""
    parameterization: dict[str, Any] | None
    """What a generic provider must be given to act as this package (name, version, base64 value); None for most."""


class Report(TypedDict):
    """Everything this script prints, as JSON."""

    executable: str
    version: str
    distributions: list[Distribution]
    packages: list[Package]


def report() -> Report:
    """Return what the running interpreter has installed."""
    found = {_normal(distribution.metadata["Name"]): distribution for distribution in metadata.distributions()}
    needed = {name for distribution in found.values() for name in _requirements(distribution)}
    distributions: list[Distribution] = [
        {"name": name, "version": found[name].version, "required": name in needed} for name in sorted(found)
    ]
    return {
        "executable": sys.executable,
        "version": sys.version.split()[0],
        "distributions": distributions,
        "packages": _packages({name: distribution.version for name, distribution in found.items()}),
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(distribution: metadata.Distribution) -> set[str]:
    """Return the names that a distribution needs, those of its extras left out."""
    lines = (line for line in distribution.requires or [] if "extra ==" not in line)
    return {_normal(match.group()) for line in lines if (match := re.match(r"[\w.-]+", line))}


def _packages(versions: dict[str, str]) -> list[Package]:
    files = (file for folder in sys.path for file in sorted(Path(folder).glob("*/pulumi-plugin.json")))
    unique = {file.parent.name: file for file in reversed(list(files))}
    packages = (_package(file, versions) for _, file in sorted(unique.items()))
    return [package for package in packages if package]


def _package(file: Path, versions: dict[str, str]) -> Package | None:
    described = json.loads(file.read_text(encoding="utf-8"))
    if not described.get("resource"):
        return None
    sdk = _normal(file.parent.name)
    return {
        "name": described.get("name") or sdk.removeprefix("pulumi-"),
        "version": described.get("version") or versions.get(sdk, ""),
        "server": described.get("server", ""),
        "parameterization": described.get("parameterization"),
    }


if __name__ == "__main__":
    json.dump(report(), sys.stdout)
