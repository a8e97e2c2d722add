"""A control plane of the lab behaves as a cluster's does, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from rehearsal.lab import (
    BROKEN_DIGEST,
    ApiRefused,
    Binaries,
    ControlPlane,
    control_plane,
    kubernetes_version,
    pool_nodes,
)
from tests.rehearsal.lab.conftest import DIGEST, ROOT, ZONES

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
"""The first build alone takes minutes."""

LABELS = {"app": "engine"}
SAFE = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def deployment(namespace: str, *, replicas: int = 3, digest: str = DIGEST, gpus: int = 2, **pod: Any) -> dict[str, Any]:
    container = {
        "name": "engine",
        "image": f"registry.example.com/engine@{digest}",
        "resources": {"limits": {"nvidia.com/gpu": str(gpus), "cpu": "4", "memory": "8Gi"}},
        "securityContext": SAFE,
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": LABELS},
    }
    spec = {
        "containers": [container],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "nodeSelector": {"meridian.io/pool": "gpu"},
        "topologySpreadConstraints": [spread],
        **pod,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "engine", "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": spec},
        },
    }


def rolled_out(plane: ControlPlane, namespace: str, replicas: int) -> None:
    def ready(found: Any) -> bool:
        return bool(found) and (found.get("status") or {}).get("readyReplicas") == replicas

    plane.client.wait("apps/v1", "Deployment", "engine", namespace, until=ready, seconds=60)


def test_it_says_the_version_that_go_mod_pins(plane: ControlPlane) -> None:
    assert plane.client.http.get("/version").json()["gitVersion"] == f"v{kubernetes_version()}"


def test_replicas_are_spread_over_zones_on_the_nodes_they_ask_for_and_become_ready(
    plane: ControlPlane, namespace: str
) -> None:
    plane.client.apply(deployment(namespace))
    rolled_out(plane, namespace, 3)

    pods = plane.client.list("v1", "Pod", namespace, labels="app=engine")
    assert {pod["spec"]["nodeName"] for pod in pods} == {"gpu-0", "gpu-1", "gpu-2"}


def test_what_fits_nowhere_stays_pending(plane: ControlPlane, namespace: str) -> None:
    plane.client.apply(deployment(namespace, replicas=1, gpus=9))

    def judged() -> list[str]:
        pods = plane.client.list("v1", "Pod", namespace)
        return [each["message"] for pod in pods for each in pod["status"].get("conditions", []) if "message" in each]

    said = plane.client.until(judged, bool, 30, "the scheduler says nothing")
    assert "Insufficient nvidia.com/gpu" in said[0]


def test_a_pod_whose_image_is_not_there_never_becomes_ready(plane: ControlPlane, namespace: str) -> None:
    plane.client.apply(deployment(namespace, replicas=1, digest=BROKEN_DIGEST))

    def waiting() -> list[str]:
        pods = plane.client.list("v1", "Pod", namespace)
        states = [each["state"] for pod in pods for each in pod["status"].get("containerStatuses", [])]
        return [state["waiting"]["reason"] for state in states if "waiting" in state]

    assert plane.client.until(waiting, bool, 30, "no pod waits") == ["ErrImagePull"]


def test_a_pod_that_may_be_root_is_refused_in_a_restricted_namespace(plane: ControlPlane, namespace: str) -> None:
    bare = {"containers": [{"name": "c", "image": "x"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": namespace}, "spec": bare}

    with pytest.raises(ApiRefused, match="violates PodSecurity") as refused:
        plane.client.apply(pod)
    assert refused.value.reason == "Forbidden"


def test_an_unknown_field_and_a_wrong_value_are_refused_with_their_paths(plane: ControlPlane, namespace: str) -> None:
    unknown = deployment(namespace)
    unknown["spec"]["replicaz"] = 3
    with pytest.raises(ApiRefused, match="replicaz"):
        plane.client.apply(unknown)

    wrong = deployment(namespace)
    wrong["spec"]["selector"] = {"matchLabels": {"app": "other"}}
    with pytest.raises(ApiRefused) as refused:
        plane.client.apply(wrong)
    assert any(cause.startswith("spec.template.metadata.labels") for cause in refused.value.causes)


def test_a_custom_kind_is_judged_by_its_definition(plane: ControlPlane, namespace: str) -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "chat", "namespace": namespace},
        "spec": {"parentRefs": [{"name": "gateway"}], "rules": [{"backendRefs": [{"name": "engine", "port": 8000}]}]},
    }
    made = plane.client.apply(route)
    assert made["spec"]["rules"][0]["matches"], "the definition's defaults are filled in"

    route["spec"] = {"rules": [{"backendRefs": [{"name": "engine", "port": 80000}]}]}
    with pytest.raises(ApiRefused, match="less than or equal to 65535"):
        plane.client.apply(route)


def test_a_disruption_budget_holds_an_eviction_back(plane: ControlPlane, namespace: str) -> None:
    plane.client.apply(deployment(namespace, replicas=2))
    plane.client.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "engine", "namespace": namespace},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": LABELS}},
        }
    )
    rolled_out(plane, namespace, 2)
    plane.client.wait(
        "policy/v1",
        "PodDisruptionBudget",
        "engine",
        namespace,
        until=lambda found: bool(found) and found.get("status", {}).get("disruptionsAllowed") == 1,
        seconds=30,
    )
    first, second = (pod["metadata"]["name"] for pod in plane.client.list("v1", "Pod", namespace))
    # One goes, and the other stays until a third is ready, which takes half a second.
    assert plane.client.evict(first, namespace)
    assert not plane.client.evict(second, namespace)


def test_a_caller_without_a_certificate_is_nobody(plane: ControlPlane) -> None:
    with httpx.Client(verify=False, trust_env=False) as stranger:  # noqa: S501 - a stranger does not care
        answer = stranger.get(plane.client.http.base_url.join("/api/v1/secrets"))

    assert answer.status_code == httpx.codes.FORBIDDEN


KILLED = """
import sys, time
from pathlib import Path
from rehearsal.lab import Binaries, control_plane
folder, kubernetes, kwok = map(Path, sys.argv[1:])
with control_plane(Binaries(kubernetes, kwok), folder) as plane:
    print("up", flush=True)
    time.sleep(600)
"""


def test_nothing_of_it_outlives_a_parent_that_is_killed(binaries: Binaries, tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), str(binaries.kubernetes), str(binaries.kwok)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    assert parent.stdout.readline() == "up\n"
    pids = [int(file.read_text()) for file in tmp_path.glob("*.pid")]
    assert len(pids) == 5
    assert all(psutil.pid_exists(pid) for pid in pids)

    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 15
    while time.monotonic() < end and any(psutil.pid_exists(pid) for pid in pids):
        time.sleep(0.1)
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


def test_when_the_block_is_left_nothing_runs(binaries: Binaries, tmp_path: Path) -> None:
    nodes = pool_nodes("gpu", role="gpu", zones=ZONES, count=1, gpus=8)
    with control_plane(binaries, tmp_path, region="r", nodes=nodes) as plane:
        pids = list(plane.processes.pids.values())
        (found,) = plane.client.list("v1", "Node")
        assert found["metadata"]["labels"]["topology.kubernetes.io/region"] == "r"

    assert [pid for pid in pids if psutil.pid_exists(pid)] == []
