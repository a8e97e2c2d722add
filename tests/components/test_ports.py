"""Ports are chosen once and kept, and a taken one is told with its holder."""

import os
import socket
from pathlib import Path

import pytest

from components.local import ports
from components.local.ports import PortLeaseProvider, PortTaken


@pytest.fixture
def taken() -> socket.socket:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server


def lease(registry: Path, *, preferred: dict[str, int], fixed: bool = False, owner: str = "north") -> dict[str, object]:
    return {
        "preferred": preferred,
        "fixed": fixed,
        "registry": str(registry),
        "owner": owner,
        "entry_address": ports.LOOPBACK,
    }


def test_a_taken_port_is_noticed_and_its_holder_named(taken: socket.socket) -> None:
    port = taken.getsockname()[1]
    assert not ports.is_free(port)
    assert f"process {os.getpid()}" in ports.refusal(port, "entry")


def test_a_preferred_port_that_is_taken_gives_the_next_free_one(taken: socket.socket, tmp_path: Path) -> None:
    port = taken.getsockname()[1]
    chosen = ports.choose({"entry": port}, fixed=False, registry=tmp_path / "ports.json", owner="north")
    assert chosen["entry"] > port
    assert ports.is_free(chosen["entry"])


def test_a_fixed_port_that_is_taken_is_refused_with_what_to_do(taken: socket.socket, tmp_path: Path) -> None:
    with pytest.raises(PortTaken, match=r"is held by process .*meridian:local.ports"):
        ports.choose({"entry": taken.getsockname()[1]}, fixed=True, registry=tmp_path / "ports.json", owner="north")


def test_two_regions_never_get_the_same_port(tmp_path: Path) -> None:
    registry = tmp_path / "ports.json"
    first = ports.choose({"entry": 20001, "engine": 20001}, fixed=False, registry=registry, owner="north")
    second = ports.choose({"entry": 20001, "engine": 20001}, fixed=False, registry=registry, owner="south")
    assert len({*first.values(), *second.values()}) == 4


def test_a_released_port_can_be_chosen_again(tmp_path: Path) -> None:
    registry = tmp_path / "ports.json"
    first = ports.choose({"entry": 20101}, fixed=False, registry=registry, owner="north")
    ports.release(registry=registry, owner="north")
    assert ports.choose({"entry": 20101}, fixed=False, registry=registry, owner="south") == first


def test_an_added_replica_gets_a_port_and_the_others_keep_theirs(tmp_path: Path) -> None:
    provider = PortLeaseProvider()
    before = provider.create(lease(tmp_path / "p.json", preferred={"entry": 20201, "a": 20301})).outs
    wanted = lease(tmp_path / "p.json", preferred={"entry": 20201, "a": 20301, "b": 20302})
    after = provider.update("north", before, wanted).outs
    assert {purpose: after["ports"][purpose] for purpose in before["ports"]} == before["ports"]
    assert after["ports"]["b"] not in before["ports"].values()


def test_a_removed_replica_gives_its_port_back(tmp_path: Path) -> None:
    provider = PortLeaseProvider()
    before = provider.create(lease(tmp_path / "p.json", preferred={"entry": 20501, "a": 20601})).outs
    provider.update("north", before, lease(tmp_path / "p.json", preferred={"entry": 20501}))
    assert "20601" not in (tmp_path / "p.json").read_text()


def test_a_port_fixed_later_replaces_the_chosen_one(tmp_path: Path) -> None:
    provider = PortLeaseProvider()
    before = provider.create(lease(tmp_path / "p.json", preferred={"entry": 20401})).outs
    after = provider.update("north", before, lease(tmp_path / "p.json", preferred={"entry": 20455}, fixed=True)).outs
    assert after["ports"] == {"entry": 20455}


def test_entries_with_an_address_of_their_own_may_share_a_port_and_nobody_else_may(tmp_path: Path) -> None:
    registry = tmp_path / "ports.json"
    chosen = [
        ports.choose({"entry": 20701}, fixed=True, registry=registry, owner=owner, entry_address=address)
        for owner, address in (("north", "127.9.8.7"), ("south", "127.9.8.8"))
    ]
    assert chosen == [{"entry": 20701}, {"entry": 20701}]
    with pytest.raises(PortTaken):
        ports.choose({"entry": 20701}, fixed=True, registry=registry, owner="west", entry_address="127.9.8.8")
    assert ports.places(registry, "south") == {"entry": ("127.9.8.8", 20701)}


def test_an_entry_that_moves_to_another_address_gets_its_port_there(tmp_path: Path) -> None:
    provider = PortLeaseProvider()
    before = provider.create(lease(tmp_path / "p.json", preferred={"entry": 20801})).outs
    wanted = lease(tmp_path / "p.json", preferred={"entry": 20810}) | {"entry_address": "127.9.8.7"}
    assert provider.update("north", before, wanted).outs["ports"] == {"entry": 20810}
    assert ports.places(tmp_path / "p.json", "north") == {"entry": ("127.9.8.7", 20810)}
