"""When an object has become what was asked for, as the real provider for Kubernetes waits for it; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]

SKIP = "pulumi.com/skipAwait"
PATIENCE = "pulumi.com/timeoutSeconds"


@dataclass(frozen=True)
class State:
    """How far an object has come."""

    done: bool
    failed: bool = False
    """It will not come further by itself."""
    reason: str = ""


DONE = State(done=True)


def is_awaited(obj: Object) -> bool:
    """Whether the provider waits for an object at all."""
    annotations = (obj.get("metadata") or {}).get("annotations") or {}
    return obj.get("kind") in _JUDGES and annotations.get(SKIP) != "true"


def patience(obj: Object) -> float | None:
    """Seconds that the object's annotation allows; None where it says nothing."""
    said = ((obj.get("metadata") or {}).get("annotations") or {}).get(PATIENCE)
    return float(said) if said else None


def judge(obj: Object, endpoints: int) -> State:
    """Judge an object as it is now; `endpoints` are those of a Service that are ready."""
    judged = _JUDGES.get(str(obj.get("kind")))
    if judged is None:
        return DONE
    if judged is _service:
        return _service(obj, endpoints)
    if (obj.get("metadata") or {}).get("generation") and _is_unseen(obj):
        return State(done=False, reason="its controller has not seen it yet")
    return judged(obj.get("spec") or {}, obj.get("status") or {})


def _is_unseen(obj: Object) -> bool:
    status = obj.get("status") or {}
    told = obj.get("kind") in ("Deployment", "StatefulSet", "DaemonSet")
    return told and status.get("observedGeneration", 0) < obj["metadata"]["generation"]


def _deployment(spec: Object, status: Object) -> State:
    if spec.get("paused"):
        return DONE
    said = {each["type"]: each for each in status.get("conditions") or []}
    progress, failure = said.get("Progressing", {}), said.get("ReplicaFailure", {})
    wanted = spec.get("replicas", 1)
    if progress.get("reason") == "ProgressDeadlineExceeded":
        return State(done=False, failed=True, reason=str(progress.get("message")))
    counts = [status.get(name, 0) for name in ("updatedReplicas", "availableReplicas", "replicas")]
    if counts == [wanted] * 3:
        return DONE
    reason = failure.get("message") or f"{counts[1]} of {wanted} replicas are available"
    return State(done=False, reason=str(reason))


def _stateful(spec: Object, status: Object) -> State:
    wanted, ready = spec.get("replicas", 1), status.get("readyReplicas", 0)
    updated = status.get("updateRevision") == status.get("currentRevision")
    return State(done=ready == wanted and updated, reason=f"{ready} of {wanted} replicas are ready")


def _daemon(_: Object, status: Object) -> State:
    wanted = status.get("desiredNumberScheduled", 0)
    updated, ready = status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    return State(done=wanted == ready == updated, reason=f"{ready} of {wanted} pods are ready")


def _job(_: Object, status: Object) -> State:
    said = {each["type"]: each for each in status.get("conditions") or [] if each["status"] == "True"}
    if "Failed" in said:
        return State(done=False, failed=True, reason=f"the Job failed: {said['Failed'].get('message')}")
    return State(done="Complete" in said, reason="the Job has not completed")


def _pod(_: Object, status: Object) -> State:
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or [])
    return State(done=ready or status.get("phase") == "Succeeded", reason="the Pod is not ready")


def _definition(_: Object, status: Object) -> State:
    said = {each["type"] for each in status.get("conditions") or [] if each["status"] == "True"}
    return State(done="Established" in said, reason="the definition is not established")


def _service(obj: Object, endpoints: int) -> State:
    spec = obj.get("spec") or {}
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return DONE
    reason = "Service does not target any Pods: none that its selector matches is ready"
    return State(done=endpoints > 0, reason=reason)


_JUDGES: Mapping[str, Callable[..., State]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful,
    "DaemonSet": _daemon,
    "Job": _job,
    "Pod": _pod,
    "CustomResourceDefinition": _definition,
    "Service": _service,
}
