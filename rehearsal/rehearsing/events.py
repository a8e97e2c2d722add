"""Reads the engine's event log, one JSON object a line."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.rehearsing.model import NO_CHANGE, Change


@dataclass
class Events:
    """What the events of one command tell so far."""

    done: Counter[str] = field(default_factory=Counter)
    """Finished resources by operation."""
    started: int = 0
    counts: Mapping[str, int] | None = None
    """The engine's own summary, once there is one."""
    changes: list[Change] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def read(self, lines: Iterable[str]) -> None:
        """Take in further lines."""
        for line in lines:
            self._take(json.loads(line))

    def _take(self, event: Mapping[str, Any]) -> None:
        if made := event.get("resourcePreEvent"):
            self.started += 1
            self._change(made["metadata"])
        elif made := event.get("resOutputsEvent"):
            self.done[made["metadata"]["op"]] += 1
        elif made := event.get("diagnosticEvent"):
            if made.get("severity") == "error" and not made.get("ephemeral"):
                self._error(str(made.get("urn", "")), str(made["message"]))
        elif made := event.get("policyEvent"):
            if made.get("enforcementLevel") == "mandatory":
                self._error(str(made.get("resourceUrn", "")), f"policy {made['policyName']}: {made['message']}")
        elif made := event.get("summaryEvent"):
            self.counts = made.get("resourceChanges") or {}

    def _change(self, data: Mapping[str, Any]) -> None:
        if data["op"] in NO_CHANGE:
            return
        properties = tuple(data.get("detailedDiff") or data.get("diffs") or ())
        self.changes.append(Change(str(data["urn"]), str(data["op"]), properties))

    def _error(self, urn: str, message: str) -> None:
        text = _short(_plain(message).strip())
        # The engine repeats on the stack that something failed; what failed was told with its resource.
        if not text or (text in ("update failed", "preview failed", "destroy failed") and self.errors):
            return
        kind, _, name = urn.rpartition("::")
        where = f"{kind.rpartition('::')[2].rpartition('$')[2]} {name}: " if name else ""
        self.errors.append(where + text)


def _plain(message: str) -> str:
    """Without the marks for colours, e.g. `<{%reset%}>`."""
    while (start := message.find("<{%")) >= 0 and (end := message.find("%}>", start)) >= 0:
        message = message[:start] + message[end + 3 :]
    return message


def _short(text: str) -> str:
    """Without the lines of a traceback but the last, which says what went wrong; the log has them all."""
    if "Traceback (most recent call last)" not in text:
        return text
    return f"{text.splitlines()[0]} {text.splitlines()[-1].strip()}"
