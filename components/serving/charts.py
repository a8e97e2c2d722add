"""Third-party controllers as they are to be: read from a data file, whole or not at all. Pure."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("controllers.json")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
VERSION = re.compile(r"v?\d+\.\d+\.\d+")
SECURITY = (None, "restricted", "baseline", "privileged")


class ChartsRefused(ValueError):
    """Charts that must not be installed as they are written; says all that is wrong."""


@dataclass(frozen=True)
class Chart:
    """A Helm chart, mirrored into the territory's registry."""

    name: str
    namespace: str
    version: str
    digest: str
    """Of the chart in the registry: what was read and reviewed."""
    pod_security: str | None
    """Standard that its namespace enforces; None where the namespace is the cluster's own."""


def charts(text: str) -> tuple[Chart, ...]:
    """The charts of a data file; raises `ChartsRefused` when one is not pinned."""
    listed: list[dict[str, Any]] = json.loads(text)["charts"]
    problems = [problem for each in listed for problem in _problems(each)]
    names = [each["name"] for each in listed]
    problems += [f"{name} is listed twice" for name in sorted(set(names)) if names.count(name) > 1]
    if problems:
        message = "a controller that is not pinned may change what it may do: " + "; ".join(problems)
        raise ChartsRefused(message)
    wanted = ("name", "namespace", "version", "digest", "pod_security")
    return tuple(Chart(**{key: each[key] for key in wanted}) for each in listed)


def _problems(each: dict[str, Any]) -> list[str]:
    said = []
    if not VERSION.fullmatch(each.get("version") or ""):
        said.append(f"{each['name']} has no exact version: write one of its releases, e.g. 1.2.3")
    if not DIGEST.fullmatch(each.get("digest") or ""):
        said.append(f"{each['name']} has no digest: mirror it and write sha256: and 64 hex digits")
    if each.get("pod_security") not in SECURITY:
        said.append(f"{each['name']} enforces {each['pod_security']!r}, which is no pod security standard")
    return said
