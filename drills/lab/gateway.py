"""Gateway pods for drills: Envoy Gateway makes the real ones, and its controller does not run in the lab."""

from typing import Any

from drills.lab.site import Workload

NAMESPACE, NAME = "meridian-gateway", "gateway"
_LABELS = {"app.kubernetes.io/name": NAME}
_USER = 10001


def workload() -> Workload:
    """How the gateway is found."""
    return Workload("DaemonSet", NAME, NAMESPACE, ",".join(f"{key}={value}" for key, value in _LABELS.items()))


def daemon_set() -> dict[str, Any]:
    """One pod on every gateway node, as the gateway's own objects ask for."""
    pod = {
        "nodeSelector": {"meridian.io/role": "gateway"},
        "tolerations": [{"key": "meridian.io/role", "operator": "Equal", "value": "gateway", "effect": "NoSchedule"}],
        "securityContext": {"runAsNonRoot": True, "runAsUser": _USER, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "envoy",
                "image": f"registry.example.com/envoy@sha256:{'1' * 64}",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": pod},
        },
    }
