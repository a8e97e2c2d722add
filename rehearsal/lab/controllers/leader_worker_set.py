"""The LeaderWorkerSet controller beside a control plane, its webhooks on loopback, so that groups are real pods."""

import base64
import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from rehearsal import go_programs
from rehearsal.engine import go_tool
from rehearsal.engine.go_tool import Product
from rehearsal.engine.model import Progress
from rehearsal.go_programs import GoPrograms
from rehearsal.lab.api import ApiRefused
from rehearsal.lab.certificates import Authority
from rehearsal.lab.control_plane import ControlPlane
from rehearsal.lab.definitions import define
from rehearsal.lab.processes import free_ports, readable

NAME = "lws"
READY_SECONDS = 60
LOOPBACK = "127.0.0.1"
_MODULE = "sigs.k8s.io/lws"

PROGRAMS = GoPrograms(
    store="lab-controllers",
    module=Path(__file__).parent / "lws",
    packages={NAME: f"{_MODULE}/cmd"},
    product=Product("The LeaderWorkerSet controller", "no replica that spans nodes can be shown in the lab without it"),
    takes="about 90 s on two cores",
)


class ControllerFailed(Exception):
    """The controller did not come up; the text ends with what it said last."""


def ensure(root: Path, progress: Progress, env: Mapping[str, str] = os.environ) -> Path:
    """Return the controller for the checkout `root`, built if need be. Raises EngineError."""
    return go_programs.ensure(root, PROGRAMS, progress=progress, env=env) / NAME


@contextlib.contextmanager
def running(command: Path, plane: ControlPlane, *, env: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Run the controller for the time of a block; on entering, the API server has its answer for every new pod.

    Its process is `lws` of the plane, which can kill it and start it anew. Raises ControllerFailed.
    """
    module = Path(_tool(env).read("list", "-m", "-f", "{{.Dir}}", _MODULE).strip())
    define(plane.client, [yaml.safe_load(file.read_text()) for file in (module / "config/crd/bases").glob("*.yaml")])
    folder = plane.folder / NAME
    folder.mkdir()
    webhook, probe = free_ports(2)
    bundle = _certificate(folder)
    config = folder / "config.json"
    config.write_text(json.dumps(_configuration(folder, webhook, probe)))
    flags = [f"--config={config}", f"--kubeconfig={plane.kubeconfig}", "--metrics-bind-address=0"]
    plane.commands[NAME] = [str(command), *flags, "--zap-log-level=info"]
    plane.restart(NAME)
    _until_listening(plane, webhook)
    hooks = webhook_configurations((module / "config/webhook/manifests.yaml").read_text(), webhook, bundle)
    for each in hooks:
        plane.client.apply(each)
    try:
        _until_admitting(plane)
        yield
    finally:
        # Left behind without the controller, they would refuse every pod of the cluster.
        for each in hooks:
            with contextlib.suppress(Exception):
                plane.client.delete(each["apiVersion"], each["kind"], each["metadata"]["name"])


def webhook_configurations(manifests: str, port: int, bundle: bytes) -> list[dict[str, Any]]:
    """The module's own webhook configurations, with a loopback URL where a cluster has a Service."""
    found = []
    for each in yaml.safe_load_all(manifests):
        for hook in each["webhooks"]:
            path = hook["clientConfig"]["service"]["path"]
            authority = base64.b64encode(bundle).decode()
            hook["clientConfig"] = {"url": f"https://{LOOPBACK}:{port}{path}", "caBundle": authority}
        each["metadata"]["name"] = f"{NAME}-{each['metadata']['name']}"
        found.append(each)
    return found


def _tool(env: Mapping[str, str]) -> go_tool.GoTool:
    return go_tool.find(env, progress=lambda _: None, folder=PROGRAMS.module, product=PROGRAMS.product)


def _configuration(folder: Path, webhook: int, probe: int) -> dict[str, Any]:
    return {
        "apiVersion": "config.lws.x-k8s.io/v1alpha1",
        "kind": "Configuration",
        "leaderElection": {"leaderElect": False},
        "internalCertManagement": {"enable": False},
        "webhook": {"host": LOOPBACK, "port": webhook, "certDir": str(folder)},
        "health": {"healthProbeBindAddress": f"{LOOPBACK}:{probe}"},
    }


def _certificate(folder: Path) -> bytes:
    """Put `tls.crt` and `tls.key` where the controller looks for them; returns what proves them."""
    authority = Authority(folder / "authority")
    certificate, key = authority.issue("webhook", common_name="lws")
    (folder / "tls.crt").symlink_to(certificate)
    (folder / "tls.key").symlink_to(key)
    return authority.certificate.read_bytes()


def _until_listening(plane: ControlPlane, port: int) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end and NAME not in plane.processes.ended():
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
            continue
        return
    message = f"the LeaderWorkerSet controller does not listen: {readable(plane.processes.log(NAME))}"
    raise ControllerFailed(message)


def _until_admitting(plane: ControlPlane) -> None:
    """A dry run of a pod, until it is let in: an API server takes a moment to learn of a webhook."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "asked", "namespace": "default"}}
    pod |= {"spec": {"containers": [{"name": "asked", "image": "asked"}]}}
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            plane.client.apply(pod, dry_run=True)
        except ApiRefused as refused:
            if time.monotonic() > end:
                message = f"pods are refused beside the LeaderWorkerSet controller: {refused}"
                raise ControllerFailed(message) from refused
            time.sleep(0.2)
            continue
        return
