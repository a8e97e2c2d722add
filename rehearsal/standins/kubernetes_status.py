"""What an API server adds to an object: identity in `metadata`, addresses, and the status of what settled at once."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rehearsal.standins.words import words

_SCALED = ("Deployment", "StatefulSet", "ReplicaSet")


def kubernetes_outputs(urn: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object as the API server answers with it; without a scheduler, whatever is asked for is ready."""
    word = words(urn)
    metadata = {
        **(said.get("metadata") or {}),
        "uid": "{uuid}".format_map(word),
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    outputs: dict[str, Any] = {**{name: value for name, value in said.items() if not name.startswith("__")}}
    outputs["metadata"] = metadata
    status = _status(str(said.get("kind")), said.get("spec") or {}, word)
    if status:
        outputs["status"] = status
    if said.get("kind") == "Service" and isinstance(outputs.get("spec"), dict):
        outputs["spec"] = {"clusterIP": "{ip}".format_map(word), **outputs["spec"]}
    return outputs


def _status(kind: str, spec: Mapping[str, Any], word: Mapping[str, Any]) -> dict[str, Any]:
    if kind in _SCALED:
        wanted = spec.get("replicas", 1)
        return {"replicas": wanted, "readyReplicas": wanted, "availableReplicas": wanted, "observedGeneration": 1}
    if kind == "Namespace":
        return {"phase": "Active"}
    if kind == "Service" and spec.get("type") == "LoadBalancer":
        return {"loadBalancer": {"ingress": [{"ip": "{public_ip}".format_map(word)}]}}
    return {}
