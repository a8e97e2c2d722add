"""Objects as an API server holds them, and as a state should: without what changes by itself; pure."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rehearsal.standins.checking import SIGNATURE, UNKNOWN
from rehearsal.standins.refusals.values import plain

_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of the protocol
_MOVING = ("managedFields", "resourceVersion", "generation")
_REVISIONS = "deployment.kubernetes.io/"
"""Annotations that a controller counts up."""

_SETTLED = {
    "Deployment": ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"),
    "StatefulSet": ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas"),
    "DaemonSet": ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled"),
    "Job": ("succeeded",),
    "Namespace": ("phase",),
    "Service": ("loadBalancer",),
}
"""Of a status, what stays as it is once the provider has waited for it."""


def desired(said: Mapping[str, Any], namespace: str = "") -> dict[str, Any]:
    """The object that inputs ask for, as it is sent; `namespace` is the provider's, for an object that names none."""
    obj: dict[str, Any] = _without_nothing(plain(said))
    obj.pop("status", None)
    if namespace and not obj["metadata"].get("namespace"):
        obj["metadata"]["namespace"] = namespace
    return obj


def has_unknown(value: Any) -> bool:
    """Whether a preview does not know all of a value."""
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    return any(map(has_unknown, value)) if isinstance(value, list) else value == UNKNOWN


def settled(live: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what changes by itself."""
    obj: dict[str, Any] = copy.deepcopy(dict(live))
    metadata = obj["metadata"]
    for name in _MOVING:
        metadata.pop(name, None)
    annotations = {
        name: value for name, value in metadata.get("annotations", {}).items() if not name.startswith(_REVISIONS)
    }
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    status = obj.pop("status", None) or {}
    kept = {name: status[name] for name in _SETTLED.get(obj["kind"], ()) if name in status}
    return {**obj, "status": kept} if kept else obj


def outputs(live: Mapping[str, Any]) -> dict[str, Any]:
    """What a state holds of an object; the content of a Secret is marked."""
    obj = settled(live)
    if obj["kind"] == "Secret" and "data" in obj:
        obj["data"] = {SIGNATURE: _SECRET, "value": obj["data"]}
    return obj


def overlaid(said: Any, live: Any) -> Any:
    """Inputs with the values that the server has now; what it leaves out because it says nothing stays as said."""
    if isinstance(said, Mapping) and isinstance(live, Mapping) and SIGNATURE not in said:
        return {
            name: overlaid(value, live[name]) if name in live else value
            for name, value in said.items()
            if name in live or not value or name in ("stringData", "__defaults")
        }
    if isinstance(said, list) and isinstance(live, list) and len(said) == len(live):
        return [overlaid(one, other) for one, other in zip(said, live, strict=True)]
    return said if isinstance(said, Mapping) and SIGNATURE in said else live


def with_live_values(obj: dict[str, Any], live: Mapping[str, Any], paths: Sequence[str]) -> dict[str, Any]:
    """An object that says at `paths` what the server has there: whoever owns a value is not contradicted."""
    changed = copy.deepcopy(obj)
    for path in paths:
        names = re.findall(r'[^.\["\]]+', path)
        here: Any = changed
        there: Any = live
        for name in names[:-1]:
            here = here.get(name) if isinstance(here, dict) else None
            there = there.get(name) if isinstance(there, Mapping) else None
        if isinstance(here, dict) and isinstance(there, Mapping) and names[-1] in here and names[-1] in there:
            here[names[-1]] = there[names[-1]]
    return changed


def _without_nothing(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nothing(item) for name, item in value.items() if item is not None}
    return [_without_nothing(item) for item in value] if isinstance(value, list) else value
