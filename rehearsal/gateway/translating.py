"""Objects in, Envoy's configuration out, by Envoy Gateway's own translators."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]

JUDGED = ("Accepted", "Programmed", "ResolvedRefs")
"""Conditions that have to be true; others tell, for example, that some endpoints are not ready."""


class TranslationError(Exception):
    """The objects were not translated; says why."""


@dataclass(frozen=True)
class Translation:
    """What Envoy Gateway makes of some objects."""

    xds: Mapping[str, tuple[Json, ...]]
    """Envoy's resources by type URL."""
    problems: tuple[str, ...]
    """Each condition that is not as it should be: object, condition, reason and message."""


class Translator:
    """A running translator; each call takes some milliseconds once its schemas are read."""

    def __init__(self, command: Path) -> None:
        self._process = subprocess.Popen(
            [str(command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def translate(self, objects: Iterable[Json]) -> Translation:
        """Translate. Raises TranslationError when an object breaks its schema or the program ends."""
        stream = "\n---\n".join(json.dumps(one) for one in objects)
        if self._process.stdin is None or self._process.stdout is None:
            raise TranslationError("The translator has no streams.")
        self._process.stdin.write(json.dumps(stream) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            ended = f"The translator ended with status {self._process.wait(timeout=10)}."
            raise TranslationError(ended)
        answer = json.loads(line)
        if "error" in answer:
            raise TranslationError(answer["error"])
        xds = {kind: tuple(found) for kind, found in answer.get("xds", {}).items()}
        return Translation(xds=xds, problems=tuple(_problems(answer)))


def _problems(answer: Json) -> Iterator[str]:
    for kind, name, status in _statuses(answer):
        conditions = list(_conditions(status))
        if not any(one["type"] == "Accepted" for one in conditions):
            yield f"{kind} {name}: no one has accepted it; it refers to nothing that exists"
        for one in conditions:
            if one["type"] in JUDGED and one["status"] != "True":
                yield f"{kind} {name}: {one['type']} is {one['status']}, {one['reason']}: {one['message']}"


def _statuses(answer: Json) -> Iterator[tuple[str, str, Json]]:
    for found in answer["objects"].values():
        for one in found if isinstance(found, list) else [found]:
            if isinstance(one, dict) and one.get("kind") in _WITH_STATUS:
                yield one["kind"], one["metadata"]["name"], one.get("status", {})
    for one in answer.get("patches", []):
        yield "EnvoyPatchPolicy", one["name"], one.get("status", {})


_WITH_STATUS = (
    "Gateway",
    "HTTPRoute",
    "ClientTrafficPolicy",
    "BackendTrafficPolicy",
    "SecurityPolicy",
    "EnvoyExtensionPolicy",
    "BackendTLSPolicy",
)


def _conditions(status: Json) -> Iterator[Json]:
    yield from status.get("conditions") or []
    for place in ("listeners", "parents", "ancestors"):
        for one in status.get(place) or []:
            yield from one.get("conditions") or []
