"""The world keeps what is put into it, shows what others change, and forgets what is over."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rehearsal.standins.refusals import Gone, Tombstone
from rehearsal.world import Resource, World

QUEUE = Resource("aws", "aws:sqs/queue:Queue", "q", "urn", {"name": "q"}, {"arn": "a"}, {"region": "eu-north-1"}, "1")
STONE = Tombstone(Gone.SOFT_DELETED, "scope", 30, "wait")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_is_put_is_found_by_id_type_and_package_in_any_process(world: World, tmp_path: Path) -> None:
    world.put(QUEUE)
    other = World(tmp_path)
    assert other.find("q") == QUEUE
    assert other.resources("aws", "aws:sqs/queue:Queue") == [QUEUE]
    assert (other.resources("gcp"), other.find("r")) == ([], None)


def test_the_same_id_in_two_places_is_two_resources(world: World) -> None:
    world.put(QUEUE)
    world.put(replace(QUEUE, place="2"))
    assert len(world.resources()) == 2
    world.delete(QUEUE)
    assert [held.place for held in world.resources()] == ["2"]


def test_a_file_that_somebody_else_changed_or_removed_is_what_there_is(world: World, tmp_path: Path) -> None:
    world.put(QUEUE)
    World(tmp_path).edit(QUEUE, name="changed")
    found = world.get("aws", QUEUE.token, "q", "1")
    assert found is not None
    assert (found.inputs["name"], found.outputs["name"]) == ("changed", "changed")
    assert world.resources() == [found]
    World(tmp_path).delete(QUEUE)
    assert (world.resources(), world.get("aws", QUEUE.token, "q", "1")) == ([], None)


def test_a_tombstone_stands_for_its_days_and_one_without_stands_for_ever(world: World) -> None:
    world.bury(STONE, of=QUEUE)
    world.bury(Tombstone(Gone.NEVER_DELETED, "other", None, "never"), of=QUEUE)
    world.pass_days(29)
    assert len(world.tombstones()) == 2
    world.pass_days(2)
    assert [stone.scope for stone in world.tombstones()] == ["other"]
    world.pass_days(10_000)
    assert [stone.scope for stone in world.tombstones()] == ["other"]


def test_a_name_that_dies_twice_has_one_tombstone(world: World) -> None:
    world.bury(STONE, of=QUEUE)
    world.bury(STONE, of=QUEUE)
    assert len(world.tombstones()) == 1


def test_what_was_looked_up_is_known_to_be_outside(world: World, tmp_path: Path) -> None:
    world.note_outside("Z1", "arn:aws:route53:::hostedzone/Z1")
    assert "Z1" in World(tmp_path).outside()


def test_sixteen_threads_lose_nothing(world: World) -> None:
    def put(start: int) -> None:
        for number in range(start, start + 20):
            world.put(replace(QUEUE, id=f"q{number}"))

    threads = [threading.Thread(target=put, args=(start * 20,)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.resources()) == 320
    assert len(World(world.folder).resources()) == 320


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("pd"), st.sampled_from("abc"))))
def test_the_world_holds_what_was_put_and_not_deleted_since(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str]]
) -> None:
    world, there = World(tmp_path_factory.mktemp("world")), set()
    for step, name in steps:
        one = replace(QUEUE, id=name)
        if step == "p":
            world.put(one)
            there.add(name)
        else:
            world.delete(one)
            there.discard(name)
    assert {held.id for held in world.resources()} == there
