"""KEDA beside a control plane: its operator, and the adapter through which the API server serves its metrics."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from rehearsal import go_programs
from rehearsal.engine import go_tool
from rehearsal.engine.go_tool import Product
from rehearsal.engine.model import Progress
from rehearsal.go_programs import GoPrograms
from rehearsal.lab.certificates import Authority
from rehearsal.lab.control_plane import ControlPlane
from rehearsal.lab.definitions import define
from rehearsal.lab.processes import free_ports

OPERATOR, ADAPTER = "keda", "keda-adapter"
NAMESPACE = "keda"
_MODULE = "github.com/kedacore/keda/v2"
READY_SECONDS = 60
SYNC_SECONDS = 2
"""How often the cluster's own autoscaler looks, of which KEDA is the source: 15 by Kubernetes' own choice."""
LOOPBACK = "127.0.0.1"
METRICS, VERSION = "external.metrics.k8s.io", "v1beta1"
CONTROLLERS = "kube-controller-manager"

PROGRAMS = GoPrograms(
    store="lab-controllers",
    module=Path(__file__).parent / "keda",
    packages={
        OPERATOR: "github.com/kedacore/keda/v2/cmd/operator",
        ADAPTER: "github.com/kedacore/keda/v2/cmd/adapter",
    },
    product=Product("KEDA", "no autoscaling can be shown in the lab without it"),
    takes="four minutes on two cores",
)


def ensure(root: Path, progress: Progress, env: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of both programs for the checkout `root`, built if need be. Raises EngineError."""
    return go_programs.ensure(root, PROGRAMS, progress=progress, env=env)


@contextlib.contextmanager
def running(programs: Path, plane: ControlPlane, *, env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Run KEDA for the time of a block; on entering, the API server serves its metrics.

    Both processes are the plane's, which can kill them and start them anew. Raises TooLate.
    """
    plane.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    define(plane.client, _definitions(env))
    folder = plane.folder / NAMESPACE
    folder.mkdir()
    _certificates(folder)
    answers, probe, serving = free_ports(3)
    plane.commands[OPERATOR] = _operator(programs, plane, folder, answers, probe)
    plane.commands[ADAPTER] = _adapter(programs, plane, folder, answers, serving)
    for name in (OPERATOR, ADAPTER):
        plane.restart(name)
    for each in [*_readable(), *_api_service(serving)]:
        plane.client.apply(each)
    _hurry_autoscaler(plane)
    plane.client.wait(
        "apiregistration.k8s.io/v1",
        "APIService",
        f"{VERSION}.{METRICS}",
        until=lambda found: any(
            each["type"] == "Available" and each["status"] == "True"
            for each in ((found or {}).get("status") or {}).get("conditions", [])
        ),
        seconds=READY_SECONDS,
    )
    yield


def _environment() -> list[str]:
    found = {"POD_NAMESPACE": NAMESPACE, "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE, "WATCH_NAMESPACE": ""}
    return [shutil.which("env") or "env", *(f"{key}={value}" for key, value in found.items())]


def _operator(programs: Path, plane: ControlPlane, folder: Path, answers: int, probe: int) -> list[str]:
    return [
        *_environment(),
        str(programs / OPERATOR),
        f"--kubeconfig={plane.kubeconfig}",
        f"--cert-dir={folder}",
        f"--metrics-service-bind-address={LOOPBACK}:{answers}",
        f"--health-probe-bind-address={LOOPBACK}:{probe}",
        "--enable-prometheus-metrics=false",
        "--zap-log-level=info",
    ]


def _adapter(programs: Path, plane: ControlPlane, folder: Path, answers: int, serving: int) -> list[str]:
    return [
        *_environment(),
        f"KUBECONFIG={plane.kubeconfig}",
        str(programs / ADAPTER),
        f"--authentication-kubeconfig={plane.kubeconfig}",
        f"--authorization-kubeconfig={plane.kubeconfig}",
        f"--lister-kubeconfig={plane.kubeconfig}",
        f"--cert-dir={folder}",
        f"--tls-cert-file={folder / 'tls.crt'}",
        f"--tls-private-key-file={folder / 'tls.key'}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={serving}",
        f"--metrics-service-address={LOOPBACK}:{answers}",
        "--port=0",
        "--authentication-skip-lookup=true",
        f"--authorization-always-allow-paths=/apis/{METRICS}/*,/apis/{METRICS},/apis,/openapi/*,/livez,/readyz",
    ]


def _certificates(folder: Path) -> None:
    authority = Authority(folder / "authority")
    certificate, key = authority.issue("keda", common_name="keda")
    for name, file in (("ca.crt", authority.certificate), ("tls.crt", certificate), ("tls.key", key)):
        (folder / name).symlink_to(file)


def _readable() -> list[dict[str, object]]:
    """Anybody on this machine may read these metrics.

    The API server has judged who asks, and shows no certificate of its own to what stands behind it in a lab.
    """
    name, group = "lab-metrics", "rbac.authorization.k8s.io"
    rule = {"apiGroups": [METRICS], "resources": ["*"], "verbs": ["get", "list"]}
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": [rule]},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": group, "kind": "Group", "name": "system:unauthenticated"}],
        },
    ]


def _definitions(env: Mapping[str, str]) -> list[dict[str, object]]:
    """Kinds that the operator watches beside those of scaling: without them it ends after two minutes."""
    tool = go_tool.find(env, progress=lambda _: None, folder=PROGRAMS.module, product=PROGRAMS.product)
    module = Path(tool.read("list", "-m", "-f", "{{.Dir}}", _MODULE).strip())
    return [yaml.safe_load(file.read_text()) for file in (module / "config/crd/bases").glob("*.yaml")]


def _api_service(port: int) -> list[dict[str, object]]:
    """A service by another name stands for this machine: an API server connects to it without a cluster's network."""
    named = {"name": "keda-adapter", "namespace": NAMESPACE}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": named,
            "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]},
        },
        {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{VERSION}.{METRICS}"},
            "spec": {
                "group": METRICS,
                "version": VERSION,
                "service": {**named, "port": port},
                "insecureSkipTLSVerify": True,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
            },
        },
    ]


def _hurry_autoscaler(plane: ControlPlane) -> None:
    command = plane.commands[CONTROLLERS]
    command.append(f"--horizontal-pod-autoscaler-sync-period={SYNC_SECONDS}s")
    os.kill(plane.processes.pids[CONTROLLERS], signal.SIGKILL)
    plane.client.until(plane.processes.ended, lambda ended: CONTROLLERS in ended, READY_SECONDS, "controllers run on")
    plane.restart(CONTROLLERS)
