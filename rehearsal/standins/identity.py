"""Names and ids: which property names a resource, what the provider calls it when the program does not, and its id."""

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from rehearsal.standins.refusals.places import account_of, cluster_of, project_of, region_of
from rehearsal.standins.refusals.scopes import UNIQUE
from rehearsal.standins.refusals.values import known
from rehearsal.standins.shapes import ResourceShape

ACCOUNT = "123456789012"
"""The account of a provider that names none: AWS's own example."""
PROJECT = "rehearsal-project"
SUBSCRIPTION = "00000000-0000-4000-8000-000000000001"
TENANT = "00000000-0000-4000-8000-000000000002"

_GLOBAL_KINDS = re.compile(
    r"Namespace|Node|PersistentVolume|Cluster\w+|CustomResourceDefinition|StorageClass|PriorityClass|IngressClass|"
    r"RuntimeClass|CSIDriver|APIService|\w*Webhook\w*|ValidatingAdmission\w+|MutatingAdmission\w+|GatewayClass"
)
"""Kinds that lie in no namespace."""

_NAMED_BY_UUID = ("azure-native:authorization:RoleAssignment", "azure-native:authorization:RoleDefinition")


def name_property(package: str, token: str, shape: ResourceShape) -> str | None:
    """Return the input that holds a resource's own name; None where it has none, or Kubernetes keeps it in metadata."""
    if package == "kubernetes":
        return None
    if package == "azure-native":
        kind = token.rsplit(":", 1)[-1]
        own = (f"{kind[0].lower()}{kind[1:]}Name", "resourceName", f"{_last_word(kind)}Name", "name", "policyName")
        return next((name for name in own if name in shape.inputs.properties), None)
    unique = UNIQUE.get(token)
    for name in ((unique.name,) if unique else ()) + (("bucket",) if token.endswith(":Bucket") else ()) + ("name",):
        if name in shape.inputs.properties and "." not in name:
            return name
    return None


def _last_word(kind: str) -> str:
    words: list[str] = re.findall(r"[A-Z][a-z0-9]*|[A-Z]+(?![a-z])", kind)
    return words[-1].lower()


def automatic_name(token: str, name: str, seed: bytes, proposed: str) -> str:
    """Return the name that a provider gives: what the engine proposes, else the resource's with a random end."""
    package = token.partition(":")[0]
    if token in _NAMED_BY_UUID:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, seed.hex()))
    if proposed:
        return proposed
    end = hashlib.sha256(seed).hexdigest()[: 8 if package in ("azure-native", "kubernetes") else 7]
    joint = "" if package == "azure-native" else "-"
    return f"{name}{joint}{end}"


NAMED_BY_PROVIDER = "__defaults"
"""The engine's own key of inputs for the properties that a provider filled in."""


def keeps_name(name: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Tell whether a replacement would have the name of what it replaces, so that this must go first."""
    if name is None:  # an object of Kubernetes
        before, after = (said.get("metadata") or {} for said in (old, new))
        own = before.get("name") is not None and NAMED_BY_PROVIDER not in new
        return own and all(before.get(part) == after.get(part) for part in ("name", "namespace"))
    return new.get(name) is not None and new.get(name) == old.get(name) and name not in new.get(NAMED_BY_PROVIDER, ())


def place(package: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str:
    """Return the account, project, subscription or cluster of a resource: an id is unique in it for one type."""
    match package:
        case "aws":
            return f"{account_of(provider) or ACCOUNT}/{region_of(inputs, provider) or 'us-east-1'}"
        case "gcp":
            return project_of(inputs, provider) or PROJECT
        case "kubernetes":
            return hashlib.sha256(cluster_of(provider).encode()).hexdigest()[:12]
        case _:
            return str(provider.get("subscriptionId") or SUBSCRIPTION)


def reach(package: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names under which a failure may make a resource's place unreachable: region, location, cluster."""
    found = [region_of(inputs, provider), inputs.get("location"), provider.get("location")]
    if package == "kubernetes":
        found = [cluster_of(provider), provider.get("context")]
    return tuple(str(name) for name in found if known(name) and name)


def kubernetes_id(token: str, inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str:
    """Return `namespace/name`, or the name alone of what lies in no namespace."""
    metadata = inputs.get("metadata") or {}
    kind = str(inputs.get("kind") or token.rsplit(":", 1)[-1])
    if _GLOBAL_KINDS.fullmatch(kind):
        return str(metadata.get("name"))
    return f"{metadata.get('namespace') or provider.get('namespace') or 'default'}/{metadata.get('name')}"
