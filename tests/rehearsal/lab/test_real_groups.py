"""A replica that spans nodes is placed whole or not at all: the real LeaderWorkerSet controller and scheduler."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.lab import Binaries, ControlPlane, NodeSpec, Taint, control_plane
from rehearsal.lab.controllers import leader_worker_set
from rehearsal.lab.nodes import GPU

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[3]
SIZE, GPUS = 2, 8
"""Nodes of a group of Llama 3.1 405B in bf16, and GPUs of each."""
SETTLED_SECONDS = 4
"""How long a state that must not change any more is watched."""
PATIENCE_SECONDS = 30
SLOT, MODEL = "meridian.io/pool", "llama-405b"
SETS, WORKERS = "leaderworkerset.x-k8s.io/v1", "leaderworkerset.sigs.k8s.io"


@pytest.fixture(scope="module")
def plane(binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane with the controller beside it, and no node."""
    command = leader_worker_set.ensure(ROOT, print)
    with control_plane(binaries, tmp_path_factory.mktemp("groups")) as found, leader_worker_set.running(command, found):
        yield found


@pytest.fixture
def room(plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own; what it made is gone before the next."""
    name = f"room-{abs(hash(request.node.name)) % 10**6}"
    plane.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    plane.client.wait("v1", "ServiceAccount", "default", name, until=lambda found: found is not None, seconds=10)
    yield name
    plane.client.delete(SETS, "LeaderWorkerSet", "base", name)
    until(lambda: pods(plane, name) == [], "pods are gone")
    for node in plane.client.list("v1", "Node"):
        plane.client.delete("v1", "Node", node["metadata"]["name"])


def nodes(slots: dict[str, int]) -> list[NodeSpec]:
    """So many nodes of each slot: a pool that holds one group."""
    return [
        NodeSpec(
            f"{slot}-{number}",
            "a",
            labels={SLOT: slot, "meridian.io/model": MODEL},
            taints=(Taint(GPU, "present"), Taint("meridian.io/model", MODEL)),
            gpus=GPUS,
        )
        for slot, count in slots.items()
        for number in range(count)
    ]


def group_set(room: str, groups: int, *, exclusive: bool = True) -> dict[str, Any]:
    """A set of groups; `exclusive` gives each group a slot of its own."""
    annotations = {f"{WORKERS}/exclusive-topology": SLOT} if exclusive else {}
    template = {"size": SIZE, "restartPolicy": "RecreateGroupOnPodRestart"}
    template |= {f"{role}Template": {"spec": pod(MODEL)} for role in ("leader", "worker")}
    return {
        "apiVersion": SETS,
        "kind": "LeaderWorkerSet",
        "metadata": {"name": "base", "namespace": room, "annotations": annotations},
        "spec": {"replicas": groups, "leaderWorkerTemplate": template},
    }


def pod(model: str) -> dict[str, Any]:
    engine = {"name": "engine", "image": "engine@sha256:" + "0" * 64, "resources": {"limits": {GPU: str(GPUS)}}}
    tolerations = [
        {"key": GPU, "operator": "Exists"},
        {"key": "meridian.io/model", "operator": "Equal", "value": model},
    ]
    return {"containers": [engine], "tolerations": tolerations, "nodeSelector": {"meridian.io/model": model}}


def pods(plane: ControlPlane, room: str) -> list[dict[str, Any]]:
    return plane.client.list("v1", "Pod", room)


def whole(plane: ControlPlane, room: str) -> set[str]:
    """Groups all of whose pods have a node."""
    placed: dict[str, int] = {}
    for each in pods(plane, room):
        group = each["metadata"]["labels"][f"{WORKERS}/group-index"]
        placed[group] = placed.get(group, 0) + bool(each["spec"].get("nodeName"))
    return {group for group, count in placed.items() if count == SIZE}


def slots_of(plane: ControlPlane, room: str) -> dict[str, set[str]]:
    """The slots that each group's pods are in."""
    found: dict[str, set[str]] = {}
    for each in pods(plane, room):
        if node := each["spec"].get("nodeName"):
            found.setdefault(each["metadata"]["labels"][f"{WORKERS}/group-index"], set()).add(node.rsplit("-", 1)[0])
    return found


def until(good: Any, what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not good():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_with_room_for_one_group_and_a_half_one_is_whole_and_the_other_takes_nothing_a_group_could_use(
    plane: ControlPlane, room: str
) -> None:
    plane.add_nodes(nodes({"slot-half": 1, "slot-whole": 2}))
    plane.client.apply(group_set(room, 2))
    until(lambda: len(whole(plane, room)) == 1, "one group is whole")
    time.sleep(SETTLED_SECONDS)
    (complete,) = whole(plane, room)
    slots = slots_of(plane, room)
    assert slots.pop(complete) == {"slot-whole"}
    assert all(taken == {"slot-half"} for taken in slots.values()), "the half group holds a node of the whole slot"


def test_no_pod_of_another_model_could_have_used_the_node_that_waits_for_its_group(
    plane: ControlPlane, room: str
) -> None:
    plane.add_nodes(nodes({"slot-half": 1}))
    stranger = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger", "namespace": room}}
    spec = pod("llama-70b")
    del spec["nodeSelector"]
    plane.client.apply(stranger | {"spec": spec})
    time.sleep(SETTLED_SECONDS)
    (found,) = pods(plane, room)
    assert not found["spec"].get("nodeName")
    assert found["status"]["conditions"][0]["reason"] == "Unschedulable"
    plane.client.delete("v1", "Pod", "stranger", room)


def test_the_half_group_becomes_whole_when_its_slot_does(plane: ControlPlane, room: str) -> None:
    plane.add_nodes(nodes({"slot-half": 1, "slot-whole": 2}))
    plane.client.apply(group_set(room, 2))
    until(lambda: len(whole(plane, room)) == 1, "one group is whole")
    plane.add_nodes(nodes({"slot-half": 2})[1:])
    until(lambda: len(whole(plane, room)) == 2, "both groups are whole")
    assert sorted(map(sorted, slots_of(plane, room).values())) == [["slot-half"], ["slot-whole"]]


def test_a_group_that_loses_a_node_leaves_its_other_node_and_starts_anew_as_a_whole(
    plane: ControlPlane, room: str
) -> None:
    plane.add_nodes(nodes({"slot-one": 2}))
    plane.client.apply(group_set(room, 1))
    until(lambda: len(whole(plane, room)) == 1, "the group is whole")
    before = {each["metadata"]["uid"] for each in pods(plane, room)}
    (worker,) = (each for each in pods(plane, room) if each["metadata"]["labels"][f"{WORKERS}/worker-index"] == "1")
    plane.client.delete("v1", "Pod", worker["metadata"]["name"], room, wait_seconds=0)
    until(
        lambda: len(whole(plane, room)) == 1 and not before & {each["metadata"]["uid"] for each in pods(plane, room)},
        "every pod of the group is new",
    )


def test_in_one_pool_for_all_groups_two_halves_can_take_the_room_of_a_whole_group(
    plane: ControlPlane, room: str
) -> None:
    """Why a slot is a pool: without slots, what is promised above is broken, quota or not."""
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "gpus", "namespace": room}}
    plane.client.apply(quota | {"spec": {"hard": {f"requests.{GPU}": str(SIZE * GPUS)}}})
    plane.add_nodes(nodes({"slot-shared": 2}))
    plane.client.apply(group_set(room, 2, exclusive=False))
    until(lambda: len(slots_of(plane, room)) == 2, "both groups have begun")
    time.sleep(SETTLED_SECONDS)
    assert whole(plane, room) == set()
