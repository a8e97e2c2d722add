"""One control plane for the tests that only look, or that keep to a namespace of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.engine import EngineError
from rehearsal.lab import Binaries, ControlPlane, control_plane, ensure, ensure_definitions, pool_nodes

ROOT = Path(__file__).parents[3]
ZONES = ("a", "b", "c")
DIGEST = "sha256:" + "0" * 64


@pytest.fixture(scope="session")
def binaries() -> Binaries:
    try:
        return ensure(ROOT, print, os.environ)
    except EngineError as error:
        if error.what.startswith("There is no `go`"):
            pytest.skip(f"{error.what} The lab is built from Go modules.")
        raise


@pytest.fixture(scope="session")
def plane(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    nodes = [
        *pool_nodes("system", role="system", zones=ZONES, count=3),
        *pool_nodes("gpu", role="gpu", zones=ZONES, count=3, gpus=8, cpu=192, memory_gib=2048, machine="p5.48xlarge"),
    ]
    crds = ensure_definitions(ROOT, print, os.environ)
    with control_plane(binaries, tmp_path_factory.mktemp("plane"), nodes=nodes, crds=crds) as running:
        yield running


@pytest.fixture
def namespace(plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, with restricted pods."""
    name = f"n{abs(hash(request.node.name)) % 10**8}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    plane.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    yield name
    plane.client.delete("v1", "Namespace", name, wait_seconds=0)
