"""With a lab behind it, the stand-in for Kubernetes says what a real API server says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from rehearsal.lab import BROKEN_DIGEST, ControlPlane
from rehearsal.standins.attach import attached
from tests.rehearsal.lab.test_real_control_plane import LABELS, deployment, rolled_out
from tests.rehearsal.provider_process import CACHE, Client, client, urn_of, values

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SERVICE = "kubernetes:core/v1:Service"
REGION = "aws-eu-north-1"
SOON = {"pulumi.com/timeoutSeconds": "3"}


@pytest.fixture(scope="module")
def port(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    world = tmp_path_factory.mktemp("world")
    with attached(world, cache=CACHE, packages=["kubernetes"], lab={REGION: plane.kubeconfig}) as variables:
        yield variables["PULUMI_DEBUG_PROVIDERS"].partition(":")[2]


@pytest.fixture
def provider(port: str) -> Iterator[Client]:
    with client(port, {"clusterIdentifier": REGION, "kubeconfig": "{}"}) as found:
        yield found


def made(provider: Client, token: str, obj: dict[str, Any]) -> Any:
    checked = provider.check(token, obj)
    assert list(checked.failures) == []
    return checked.inputs, provider.create(token, checked.inputs)


def changed(obj: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {**obj, "spec": {**obj["spec"], **spec}}


def test_a_deployment_is_created_when_its_pods_are_ready_and_its_outputs_are_the_servers(
    provider: Client, plane: ControlPlane, namespace: str
) -> None:
    _, new = made(provider, DEPLOYMENT, deployment(namespace))

    assert new.id == f"{namespace}/engine"
    outputs = values(new.properties)
    assert outputs["status"]["readyReplicas"] == 3
    live = plane.client.get("apps/v1", "Deployment", "engine", namespace)
    assert live
    assert outputs["metadata"]["uid"] == live["metadata"]["uid"]
    assert outputs["spec"]["progressDeadlineSeconds"] == 600, "the server's default"
    (manager,) = {each["manager"] for each in live["metadata"]["managedFields"] if each["operation"] == "Apply"}
    assert manager.startswith("pulumi-kubernetes-")


def test_nothing_changed_is_no_difference_and_a_refresh_finds_what_was_made(provider: Client, namespace: str) -> None:
    inputs, new = made(provider, DEPLOYMENT, deployment(namespace))

    assert provider.diff(DEPLOYMENT, new.id, inputs, inputs).changes == 1, "none"
    read = provider.read(DEPLOYMENT, new.id, inputs)
    assert (read.properties, read.inputs) == (new.properties, inputs)


def test_what_somebody_else_changed_is_seen_and_put_right(
    provider: Client, plane: ControlPlane, namespace: str
) -> None:
    inputs, new = made(provider, DEPLOYMENT, deployment(namespace))
    plane.client.patch("apps/v1", "Deployment", "engine", {"spec": {"replicas": 1}}, namespace)

    assert values(provider.read(DEPLOYMENT, new.id, inputs).inputs)["spec"]["replicas"] == 1
    with pytest.raises(grpc.RpcError, match="another manager owns the field"):
        provider.diff(DEPLOYMENT, new.id, inputs, inputs)


def test_replicas_that_an_autoscaler_owns_are_neither_a_difference_nor_set_back(
    provider: Client, plane: ControlPlane, namespace: str
) -> None:
    obj = deployment(namespace)
    inputs, new = made(provider, DEPLOYMENT, obj)
    plane.client.patch("apps/v1", "Deployment", "engine", {"spec": {"replicas": 1}}, namespace, subresource="scale")
    rolled_out(plane, namespace, 1)

    said = {"id": new.id, "urn": urn_of(DEPLOYMENT, "it"), "type": DEPLOYMENT, "ignoreChanges": ["spec.replicas"]}
    same = provider.stub.Diff(provider_pb2.DiffRequest(old_inputs=inputs, news=inputs, **said))
    assert same.changes == 1, "none"

    more = provider.check(DEPLOYMENT, changed(obj, minReadySeconds=1)).inputs
    updated = provider.stub.Update(
        provider_pb2.UpdateRequest(old_inputs=inputs, olds=new.properties, news=more, **said)
    )
    spec = values(updated.properties)["spec"]
    assert (spec["replicas"], spec["minReadySeconds"]) == (1, 1)


def test_a_change_of_replicas_is_an_update_and_a_change_of_the_selector_replaces(
    provider: Client, namespace: str
) -> None:
    obj = deployment(namespace)
    inputs, new = made(provider, DEPLOYMENT, obj)

    more = provider.check(DEPLOYMENT, changed(obj, replicas=2)).inputs
    difference = provider.diff(DEPLOYMENT, new.id, inputs, more)
    assert "spec.replicas" in difference.detailedDiff
    assert list(difference.replaces) == []
    assert values(provider.update(DEPLOYMENT, new.id, inputs, more, new.properties).properties)["spec"]["replicas"] == 2

    template = {**obj["spec"]["template"], "metadata": {"labels": {**LABELS, "new": "yes"}}}
    other = changed(obj, selector={"matchLabels": {**LABELS, "new": "yes"}}, template=template)
    replaced = provider.diff(DEPLOYMENT, new.id, more, provider.check(DEPLOYMENT, other).inputs)
    assert any(path.startswith("spec.selector") for path in replaced.replaces)


def test_what_the_server_refuses_is_refused_already_at_preview(provider: Client, namespace: str) -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "chat", "namespace": namespace},
        "spec": {"rules": [{"backendRefs": [{"name": "engine", "port": 80000}]}]},
    }
    token = "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute"
    checked = provider.check(token, route)

    assert list(checked.failures) == [], "only the definition, which the server has, tells"
    with pytest.raises(grpc.RpcError, match="less than or equal to 65535"):
        provider.create(token, checked.inputs, preview=True)


def test_a_preview_before_the_namespace_is_there_asks_nothing(provider: Client) -> None:
    inputs = provider.check(DEPLOYMENT, deployment("not-yet")).inputs

    provider.create(DEPLOYMENT, inputs, preview=True)
    with pytest.raises(grpc.RpcError, match='namespaces "not-yet" not found'):
        provider.create(DEPLOYMENT, inputs)


def test_pods_that_never_become_ready_fail_the_create_with_the_reason_and_leave_the_object(
    provider: Client, plane: ControlPlane, namespace: str
) -> None:
    obj = deployment(namespace, replicas=1, digest=BROKEN_DIGEST)
    obj["metadata"]["annotations"] = SOON
    with pytest.raises(grpc.RpcError, match="failed to become ready") as failed:
        made(provider, DEPLOYMENT, obj)

    details = dict(failed.value.trailing_metadata())["grpc-status-details-bin"]
    assert b"ErrorResourceInitFailed" in details
    assert b"ErrImagePull" in details
    assert plane.client.get("apps/v1", "Deployment", "engine", namespace), "it was made"


def test_pods_that_the_namespace_forbids_are_told_as_the_reason(provider: Client, namespace: str) -> None:
    obj = deployment(namespace, replicas=1)
    del obj["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    obj["metadata"]["annotations"] = SOON
    with pytest.raises(grpc.RpcError) as failed:
        made(provider, DEPLOYMENT, obj)

    assert b"violates PodSecurity" in dict(failed.value.trailing_metadata())["grpc-status-details-bin"]


def test_what_is_told_not_to_be_waited_for_is_not(provider: Client, namespace: str) -> None:
    obj = deployment(namespace, replicas=1, digest=BROKEN_DIGEST)
    obj["metadata"]["annotations"] = {"pulumi.com/skipAwait": "true"}

    _, new = made(provider, DEPLOYMENT, obj)
    assert new.id


def test_a_service_whose_selector_matches_nothing_fails(provider: Client, namespace: str) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "engine", "namespace": namespace, "annotations": SOON},
        "spec": {"selector": {"app": "none"}, "ports": [{"port": 80}]},
    }
    with pytest.raises(grpc.RpcError) as failed:
        made(provider, SERVICE, service)

    assert b"does not target any Pods" in dict(failed.value.trailing_metadata())["grpc-status-details-bin"]


def test_a_delete_waits_until_the_object_and_its_pods_are_gone(
    provider: Client, plane: ControlPlane, namespace: str
) -> None:
    inputs, new = made(provider, DEPLOYMENT, deployment(namespace))
    provider.delete(DEPLOYMENT, new.id, inputs)

    assert plane.client.get("apps/v1", "Deployment", "engine", namespace) is None
    assert plane.client.list("v1", "Pod", namespace) == []
    assert provider.read(DEPLOYMENT, new.id, inputs).id == ""


def test_a_kind_that_nobody_defined_is_refused_at_create_alone(provider: Client, namespace: str) -> None:
    token = "kubernetes:example.org/v1:Thing"
    obj = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "it", "namespace": namespace}}
    inputs = provider.check(token, obj).inputs

    provider.create(token, inputs, preview=True)
    with pytest.raises(grpc.RpcError, match='no matches for kind "Thing"'):
        provider.create(token, inputs)


def test_a_cluster_that_does_not_answer_is_told_as_unreachable(plane: ControlPlane, tmp_path: Path) -> None:
    config = yaml.safe_load(plane.kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(config))
    lab = {REGION: tmp_path / "kubeconfig"}
    with attached(tmp_path / "world", cache=CACHE, packages=["kubernetes"], lab=lab) as variables:
        port = variables["PULUMI_DEBUG_PROVIDERS"].partition(":")[2]
        with client(port, {"clusterIdentifier": REGION}) as lost, pytest.raises(grpc.RpcError, match="is unreachable"):
            lost.create(DEPLOYMENT, lost.check(DEPLOYMENT, deployment("default")).inputs)


def test_a_provider_for_a_region_that_the_lab_does_not_have_is_told_which_it_has(port: str, tmp_path: Path) -> None:
    with client(port, {"clusterIdentifier": "gcp-nowhere"}) as stranger, pytest.raises(grpc.RpcError, match=REGION):
        stranger.create(DEPLOYMENT, stranger.check(DEPLOYMENT, deployment("default")).inputs)
