"""Which changed inputs replace a resource: a table for what this project builds, the SDK's own words for the rest.

The SDKs carry no flag for it. What their documentation says of a property is read when a type is derived.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.standins.differing import Difference, How
from rehearsal.standins.refusals.values import at
from rehearsal.standins.shapes import ResourceShape

_FILE = json.loads((Path(__file__).parent / "data" / "replaces.json").read_text())
TABLE: Mapping[str, Mapping[str, Any]] = _FILE["types"]
SOURCES: Mapping[str, str] = _FILE["sources"]

_EVERYWHERE: Mapping[str, tuple[str, ...]] = {
    "aws": ("region",),
    "gcp": (),
    "azure-native": (),
    "kubernetes": ("apiVersion", "kind", "metadata.name", "metadata.namespace"),
}
_UNTOLD: Mapping[str, tuple[str, ...]] = {
    "aws": ("name", "namePrefix"),
    "gcp": ("name", "project", "location", "region", "zone"),
    "azure-native": ("location", "resourceGroupName"),
    "kubernetes": (),
}
"""Of types that the table does not have."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("binaryData", "data"),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "Job": ("spec.completionMode", "spec.completions", "spec.selector", "spec.template"),
    "PersistentVolumeClaim": ("spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"),
    "ReplicaSet": ("spec.selector",),
    "ClusterRoleBinding": ("roleRef",),
    "RoleBinding": ("roleRef",),
    "Secret": ("data", "stringData", "type"),
    "Service": ("spec.clusterIP",),
    "StatefulSet": ("spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}
"""Kubernetes: fields that an API server refuses to change, and content that pods read only when they start (the
provider replaces config maps and secrets unless told that they are mutable). General knowledge, 2026-11-25."""


@dataclass(frozen=True)
class Rules:
    """What replaces a resource of one type."""

    paths: frozenset[str]
    delete_first: bool
    """True where two of the same name or place cannot stand side by side for a moment."""

    def replacing(self, found: Iterable[Difference], old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
        """Return the paths of the differences that replace."""
        return {one.path for one in found if any(_touches(rule, one, old, new) for rule in self.paths)}


def rules_of(token: str, shape: ResourceShape | None, name: str | None) -> Rules:
    """Return the rules of a type; `name` is the input that holds a resource's own name."""
    package, kind = token.partition(":")[0], token.rsplit(":", 1)[-1]
    said = TABLE.get(token)
    paths = {*_EVERYWHERE[package], *(said["paths"] if said else _UNTOLD[package])}
    paths |= set(_KINDS.get(kind, ())) if package == "kubernetes" else set()
    paths |= shape.replace if shape else set()
    return Rules(frozenset(paths | ({name} if name and said is None else set())), bool(said and said["deleteFirst"]))


def covers(rule: str, path: str) -> bool:
    """Tell whether a path is what a rule names, or lies in it; places in lists do not matter."""
    bare = re.sub(r"\[\d+\]", "", path)
    return bare == rule or bare.startswith((f"{rule}.", f"{rule}["))


def _touches(rule: str, one: Difference, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if covers(rule, one.path):
        return True
    if one.how is How.CHANGED or not covers(one.path, rule):
        return False
    # An object came or went as a whole: it replaces if it holds what the rule names.
    return any(True for said in (old, new) for _ in at(said, rule))
