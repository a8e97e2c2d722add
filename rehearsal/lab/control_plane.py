"""A real Kubernetes control plane on this machine: etcd, API server, controllers, scheduler, and kwok for its nodes."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from rehearsal.lab.api import Api, Object
from rehearsal.lab.binaries import Binaries
from rehearsal.lab.certificates import Authority, write_key
from rehearsal.lab.definitions import define
from rehearsal.lab.nodes import NodeSpec, node
from rehearsal.lab.processes import Processes, free_ports, processes, readable
from rehearsal.lab.stages import PodBehaviour, stages

START_SECONDS = 60
"""A deadline against hanging; a start takes seconds."""

POLL_SECONDS = 0.05
HOST = "127.0.0.1"
SERVICE_ADDRESSES = "10.96.0.0/16"
LEAN = {"GOGC": "50", "GOMAXPROCS": "2"}
"""Collects garbage twice as often as Go would: several control planes share one machine."""


class NotStarted(OSError):
    """A control plane did not come up; the text has the last lines of what did not."""


@dataclass
class ControlPlane:
    """One region's control plane, while it runs."""

    region: str
    folder: Path
    """Logs, process ids, certificates, data."""
    kubeconfig: Path
    """The file of an administrator's access."""
    client: Api
    processes: Processes
    seconds: float = 0.0
    """From nothing to an API server that says it is ready."""
    commands: dict[str, list[str]] = field(default_factory=dict)

    def restart(self, name: str) -> None:
        """Start one of the processes anew, e.g. after it was killed."""
        self.processes.start(name, self.commands[name], LEAN)

    def add_nodes(self, specs: Iterable[NodeSpec], *, seconds: float = START_SECONDS) -> None:
        """Add nodes that are played, and wait until they are ready. Raises TooLate."""
        names = []
        for spec in specs:
            self.client.apply(node(spec, self.region))
            names.append(spec.name)
        self.client.until(
            lambda: {each["metadata"]["name"] for each in self.client.list("v1", "Node") if _is_ready(each)},
            lambda ready: ready.issuperset(names),
            seconds,
            f"nodes of {self.region} are not ready",
        )


@contextlib.contextmanager
def control_plane(
    binaries: Binaries,
    folder: Path,
    *,
    region: str = "lab",
    nodes: Iterable[NodeSpec] = (),
    crds: Iterable[Object] = (),
    behaviour: PodBehaviour | None = None,
) -> Iterator[ControlPlane]:
    """Run a control plane for the time of a block; nothing of it runs when the block is left, however it is left.

    `folder` gets its data, certificates and logs, and must not hold those of another. `crds` are definitions to apply
    and wait for, `nodes` are played by kwok, and `behaviour` is how these treat pods. Raises NotStarted.
    """
    folder = folder.absolute()
    with processes(folder) as running, contextlib.ExitStack() as stack:
        began = time.monotonic()
        setting = _Setting(binaries, folder, *free_ports(3))
        api = stack.enter_context(contextlib.closing(Api(setting.kubeconfig("admin", group="system:masters"))))
        plane = ControlPlane(region, folder, api.kubeconfig, api, running, commands=setting.commands(behaviour))
        for name in ("etcd", "kube-apiserver"):
            plane.restart(name)
        _await(plane, api.ready)
        plane.seconds = time.monotonic() - began
        for name in ("kube-controller-manager", "kube-scheduler", "kwok"):
            plane.restart(name)
        define(api, crds)
        plane.add_nodes(nodes)
        # Pods of a namespace are refused until its account is there.
        _await(plane, lambda: api.get("v1", "ServiceAccount", "default", "default") is not None)
        yield plane


def _await(plane: ControlPlane, good: object) -> None:
    assert callable(good)  # noqa: S101
    end = time.monotonic() + START_SECONDS
    while not good():
        if ended := plane.processes.ended():
            raise NotStarted("\n".join(f"{name} ended: {readable(plane.processes.log(name))}" for name in ended))
        if time.monotonic() > end:
            said = readable(plane.processes.log("kube-apiserver"))
            message = f"the API server of {plane.region} is not ready after {START_SECONDS} s: {said}"
            raise NotStarted(message)
        time.sleep(POLL_SECONDS)


def _is_ready(found: Object) -> bool:
    conditions = (found.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


class _Setting:
    """Certificates, ports and commands of one control plane."""

    def __init__(self, binaries: Binaries, folder: Path, client_port: int, peer_port: int, api_port: int) -> None:
        self.binaries, self.folder = binaries, folder
        self.authority = Authority(folder / "certificates")
        self.etcd = f"https://{HOST}:{client_port}"
        self.peer = f"http://{HOST}:{peer_port}"
        self.port = api_port
        self.server = self.authority.issue("server", common_name="kube-apiserver")
        self.accounts = write_key(folder / "certificates" / "accounts.key")

    def kubeconfig(self, user: str, *, group: str = "") -> Path:
        """Write the access of a user."""
        certificate, key = self.authority.issue(user, common_name=user, group=group)
        cluster = {"server": f"https://{HOST}:{self.port}", "certificate-authority": str(self.authority.certificate)}
        said = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": user, "user": {"client-certificate": str(certificate), "client-key": str(key)}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
            "current-context": "lab",
        }
        path = self.folder / ("kubeconfig" if user == "admin" else f"{user.replace(':', '-')}.kubeconfig")
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(said))
        return path

    def commands(self, behaviour: PodBehaviour | None) -> dict[str, list[str]]:
        """The command of every process, in the order in which they start."""
        kwok = self.folder / "kwok.yaml"
        kwok.write_text(yaml.safe_dump_all(stages(behaviour or PodBehaviour())))
        masters = "system:masters"
        found = {
            "etcd": self._etcd(),
            "kube-apiserver": self._api_server(),
            "kube-controller-manager": [
                f"--kubeconfig={self.kubeconfig('system:kube-controller-manager')}",
                f"--service-account-private-key-file={self.accounts}",
                f"--root-ca-file={self.authority.certificate}",
                "--use-service-account-credentials=true",
                "--leader-elect=false",
                "--secure-port=0",
            ],
            "kube-scheduler": [
                f"--kubeconfig={self.kubeconfig('system:kube-scheduler')}",
                "--leader-elect=false",
                "--secure-port=0",
            ],
            "kwok": [
                f"--kubeconfig={self.kubeconfig('kwok', group=masters)}",
                f"--config={kwok}",
                "--manage-all-nodes=false",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--node-lease-duration-seconds=40",
            ],
        }
        return {name: [str(self.binaries.path(name)), *flags] for name, flags in found.items()}

    def _etcd(self) -> list[str]:
        certificate, key = self.server
        return [
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self.etcd}",
            f"--advertise-client-urls={self.etcd}",
            f"--listen-peer-urls={self.peer}",
            f"--initial-advertise-peer-urls={self.peer}",
            f"--initial-cluster=default={self.peer}",
            f"--cert-file={certificate}",
            f"--key-file={key}",
            f"--trusted-ca-file={self.authority.certificate}",
            "--client-cert-auth=true",
            # The data is gone with the lab.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]

    def _api_server(self) -> list[str]:
        certificate, key = self.server
        return [
            f"--etcd-servers={self.etcd}",
            f"--etcd-cafile={self.authority.certificate}",
            f"--etcd-certfile={certificate}",
            f"--etcd-keyfile={key}",
            f"--bind-address={HOST}",
            f"--secure-port={self.port}",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
            f"--client-ca-file={self.authority.certificate}",
            f"--service-account-key-file={self.accounts}",
            f"--service-account-signing-key-file={self.accounts}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-cluster-ip-range={SERVICE_ADDRESSES}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            "--endpoint-reconciler-type=none",
        ]
