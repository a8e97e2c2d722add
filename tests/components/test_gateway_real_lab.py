"""The gateway's objects as a real API server takes and keeps them: what it gives back behaves as what was written."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from components.gateway.kubernetes_parts import NAMESPACE
from components.local.certificates import Pair
from rehearsal.engine import EngineError
from rehearsal.lab import ApiRefused, ControlPlane, control_plane, ensure, ensure_definitions
from tests.components import test_gateway_envoy as suite
from tests.components.conftest import MODEL, FakeEngine
from tests.components.gateway import ClusterGateway, tenant
from tests.components.gateway_cluster import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]
"""The first build of a control plane alone takes minutes."""

GROUPS = ("gateway.networking.k8s.io", "gateway.envoyproxy.io")
NAMED_BY_THE_SERVER = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "generation")
CORE: tuple[Callable[..., None], ...] = (
    suite.test_the_tenant_is_stamped_from_the_key_and_the_key_goes_no_further,
    suite.test_what_a_client_writes_in_the_platforms_headers_never_arrives,
    suite.test_a_tenant_header_sent_twice_arrives_once_and_is_ours,
    suite.test_every_inference_path_passes_and_only_with_its_method,
    suite.test_a_body_as_large_as_the_plan_allows_passes,
    suite.test_readiness_needs_no_key_and_says_what_the_engine_says,
)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    try:
        binaries = ensure(ROOT, print, os.environ)
    except EngineError as error:
        if error.what.startswith("There is no `go`"):
            pytest.skip(f"{error.what} The lab is built from Go modules.")
        raise
    crds = [each for each in ensure_definitions(ROOT, print, os.environ) if each["spec"]["group"] in GROUPS]
    with control_plane(binaries, tmp_path_factory.mktemp("plane"), crds=crds) as running:
        for name in (NAMESPACE, MODEL):
            running.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        yield running


@pytest.fixture
def kept(plane: ControlPlane) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """Applies objects and reads them back, without what only a server writes."""

    def through(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        read = []
        for one in objects:
            plane.client.apply(one)
            metadata = one["metadata"]
            found = plane.client.get(one["apiVersion"], one["kind"], metadata["name"], metadata.get("namespace"))
            assert found is not None
            given = {name: value for name, value in found["metadata"].items() if name not in NAMED_BY_THE_SERVER}
            read.append({**{name: value for name, value in found.items() if name != "status"}, "metadata": given})
        return read

    return through


def test_what_an_api_server_gives_back_behaves_as_what_was_written(
    kept: Any, tmp_path: Path, authority: Pair, engine: FakeEngine
) -> None:
    gateway = ClusterGateway(tmp_path, authority, engine, tenants=(tenant("gone", suspended=True),), kept=kept)
    try:
        for check in CORE:
            engine.requests.clear()
            engine.status = 200
            check(gateway, engine)
    finally:
        gateway.stop()


def test_an_object_that_breaks_its_definition_is_refused_with_its_field(plane: ControlPlane) -> None:
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "entry"}
    wrong = {
        "apiVersion": "gateway.envoyproxy.io/v1alpha1",
        "kind": "ClientTrafficPolicy",
        "metadata": {"name": "wrong", "namespace": NAMESPACE},
        "spec": {"targetRefs": [target], "tls": {"minVersion": "1.9"}},
    }
    with pytest.raises(ApiRefused, match=r"spec\.tls\.minVersion"):
        plane.client.apply(wrong)
