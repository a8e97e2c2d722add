"""How the played nodes treat pods: what kwok is told of the life of a node and of a pod."""

from dataclasses import dataclass
from typing import Any

BROKEN_DIGEST = "sha256:" + "bad0" * 16
"""An image of this digest is never there to be pulled."""


@dataclass(frozen=True)
class PodBehaviour:
    """What happens to pods on played nodes."""

    ready_seconds: float = 0.5
    """From scheduled to ready."""
    job_seconds: float = 0.5
    """How long a Job's pod runs before it ends well."""
    missing_digests: tuple[str, ...] = (BROKEN_DIGEST,)
    """Images that cannot be pulled: their pods stay waiting, with `ErrImagePull`."""


Match = list[dict[str, Any]]

_GONE: dict[str, Any] = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
_DIGESTS = '.spec.containers.[].image | split("@") | .[1] // ""'

_READY = """
{{ $now := Now }}
conditions:
{{ range $type := (list "PodReadyToStartContainers" "Initialized" "Ready" "ContainersReady") }}
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: {{ $type | Quote }}}
{{ end }}
{{ range .spec.readinessGates }}
- {lastTransitionTime: {{ $now | Quote }}, status: "True", type: {{ .conditionType | Quote }}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }}}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- image: {{ .image | Quote }}
  imageID: {{ .image | Quote }}
  name: {{ .name | Quote }}
  ready: true
  restartCount: 0
  {{ if eq .restartPolicy "Always" }}
  started: true
  state: {running: {startedAt: {{ $now | Quote }}}}
  {{ else }}
  state:
    terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}
  {{ end }}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
phase: Running
startTime: {{ $now | Quote }}
"""  # noqa: E501 - one call of kwok's template language

_NOT_PULLED = """
{{ $now := Now }}
conditions:
{{ range $type := (list "Ready" "ContainersReady") }}
- {lastTransitionTime: {{ $now | Quote }}, status: "False", type: {{ $type | Quote }}, reason: ContainersNotReady}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- image: {{ .image | Quote }}
  imageID: ""
  name: {{ .name | Quote }}
  ready: false
  started: false
  restartCount: 0
  state: {waiting: {reason: ErrImagePull, message: {{ printf "failed to pull %s: not found" .image | Quote }}}}
{{ end }}
hostIP: {{ NodeIPWith .spec.nodeName | Quote }}
phase: Pending
startTime: {{ $now | Quote }}
"""

_ENDED = """
{{ $now := Now }}
{{ $root := . }}
containerStatuses:
{{ range $index, $item := .spec.containers }}
- image: {{ $item.image | Quote }}
  imageID: {{ $item.image | Quote }}
  name: {{ $item.name | Quote }}
  ready: false
  started: false
  restartCount: 0
  state:
    terminated: {exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}
{{ end }}
phase: Succeeded
"""


def stages(behaviour: PodBehaviour) -> list[dict[str, Any]]:
    """What kwok is told of pods; nodes live as kwok has it."""
    missing = list(behaviour.missing_digests)
    new: Match = [_GONE, {"key": ".status.phase", "operator": "In", "values": ["Pending"]}]
    unstarted: Match = [*new, {"key": ".status.hostIP", "operator": "DoesNotExist"}]
    there: Match = [{"key": _DIGESTS, "operator": "NotIn", "values": missing}] if missing else []
    running: Match = [
        _GONE,
        {"key": ".status.phase", "operator": "In", "values": ["Running"]},
        {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]},
    ]
    found = [
        _stage("pod-ready", [*unstarted, *there], {"statusTemplate": _READY}, behaviour.ready_seconds),
        _stage("pod-complete", running, {"statusTemplate": _ENDED}, behaviour.job_seconds),
        _stage(
            "pod-delete",
            [{"key": ".metadata.deletionTimestamp", "operator": "Exists"}],
            {"finalizers": {"empty": True}, "delete": True},
        ),
    ]
    if missing:
        absent: Match = [*unstarted, {"key": _DIGESTS, "operator": "In", "values": missing}]
        found.append(_stage("pod-image-missing", absent, {"statusTemplate": _NOT_PULLED}))
    return found


def _stage(name: str, match: Match, then: dict[str, Any], seconds: float = 0) -> dict[str, Any]:
    delay = {"delay": {"durationMilliseconds": round(seconds * 1000)}} if seconds else {}
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": name},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": match},
            **delay,
            "next": then,
        },
    }
