"""Builds what a control plane runs: versions and checksums are those of the go.mod and go.sum in the folders beside."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearsal import go_programs
from rehearsal.engine.go_tool import Product
from rehearsal.engine.model import Progress
from rehearsal.go_programs import GoPrograms

MODULES = Path(__file__).parent
PRODUCT = Product("The lab", "no object can be shown to a real Kubernetes API server without it")

_VERSION = "k8s.io/component-base/version"


@dataclass(frozen=True)
class Binaries:
    """The programs of a control plane."""

    kubernetes: Path
    """Folder of `etcd`, `kube-apiserver`, `kube-controller-manager` and `kube-scheduler`."""
    kwok: Path
    """The program that plays nodes and what runs on them."""

    def path(self, name: str) -> Path:
        """The path of a program."""
        return self.kwok if name == "kwok" else self.kubernetes / name


@cache
def kubernetes_version() -> str:
    """The version of Kubernetes that go.mod pins, without `v`, e.g. `1.35.3`."""
    text = (MODULES / "kubernetes" / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes v(\S+)", text)
    assert found, "go.mod pins no Kubernetes"  # noqa: S101 - the file is ours
    return found[1]


def _kubernetes() -> GoPrograms:
    version = kubernetes_version()
    major, minor, _ = version.split(".")
    said = {"gitVersion": f"v{version}", "gitMajor": major, "gitMinor": minor}
    return GoPrograms(
        store="lab",
        module=MODULES / "kubernetes",
        packages={
            "etcd": "go.etcd.io/etcd/server/v3",
            **{
                name: f"k8s.io/kubernetes/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
            },
        },
        product=PRODUCT,
        takes="four minutes on two cores",
        # Without it the linker keeps every method that a page of traces might call.
        tags="grpcnotrace",
        # The API server answers `/version` with it, and clients go by the answer.
        flags=" ".join(f"-X {_VERSION}.{name}={value}" for name, value in said.items()),
    )


def _kwok() -> GoPrograms:
    return GoPrograms(
        store="lab",
        module=MODULES / "kwok",
        packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        product=PRODUCT,
        takes="a minute on two cores",
    )


def ensure(root: Path, progress: Progress, env: Mapping[str, str]) -> Binaries:
    """Return the programs for the checkout `root`, building them under `root/.meridian/lab` if need be.

    Raises EngineError when Go is missing or too old, or a module cannot be fetched.
    """
    kubernetes = go_programs.ensure(root, _kubernetes(), progress=progress, env=env)
    kwok = go_programs.ensure(root, _kwok(), progress=progress, env=env)
    return Binaries(kubernetes, kwok / "kwok")
