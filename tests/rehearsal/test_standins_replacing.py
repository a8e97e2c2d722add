"""A changed input updates or replaces as the cloud does it, told through the engine's protocol."""

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.standins.checking import faults
from rehearsal.standins.differing import Difference, differences
from rehearsal.standins.replacing import SOURCES, TABLE, Rules
from rehearsal.standins.schemas import MODULES, Schemas
from rehearsal.standins.shapes import Kind, ObjectShape, ResourceShape, Shape
from tests.rehearsal.provider_process import CACHE, Client, client, served, struct
from tests.rehearsal.replacing_cases import cases

SCHEMAS = {package: Schemas(package, CACHE) for package in MODULES}
UPDATE, REPLACE = "update", "replace"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Client]]:
    with (
        served(tmp_path_factory.mktemp("world"), *MODULES) as ports,
        client(ports["aws"], {}) as aws,
        client(ports["gcp"], {}) as gcp,
        client(ports["azure-native"], {}) as azure,
        client(ports["kubernetes"], {}) as kubernetes,
    ):
        yield {"aws": aws, "gcp": gcp, "azure-native": azure, "kubernetes": kubernetes}


def shapes_at(shape: ResourceShape, path: str) -> tuple[Shape, ...]:
    """The shapes of an input by its path; KeyError if there is no such input."""
    here: ObjectShape = shape.inputs
    *way, last = path.split(".")
    for name in way:
        found = here.properties[name]
        inner = next((one for one in (*found, *(e for one in found for e in one.element)) if one.name), None)
        if inner is None:
            return (Shape(Kind.TEXT),)  # a map takes any name
        here = shape.objects[inner.name]
    return here.properties[last]


def two_values(shapes: tuple[Shape, ...]) -> tuple[Any, Any]:
    kind = shapes[0].kind if shapes else Kind.TEXT
    values: dict[Kind, tuple[Any, Any]] = {
        Kind.FLAG: (True, False),
        Kind.NUMBER: (1, 2),
        Kind.LIST: (["a"], ["b"]),
        Kind.MAP: ({"a": "1"}, {"a": "2"}),
        Kind.OBJECT: ({"a": "1"}, {"a": "2"}),
    }
    return values.get(kind, ("a", "b"))


def at(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


def test_more_than_fifty_types_of_four_providers_are_tried_in_both_ways() -> None:
    assert len({token for token, _, _ in cases()}) >= 50
    assert {token.partition(":")[0] for token, _, _ in cases()} == set(MODULES)
    assert {happens for _, _, happens in cases()} == {UPDATE, REPLACE}


@pytest.mark.slow
@pytest.mark.parametrize(("token", "path", "happens"), cases())
def test_a_change_does_to_a_resource_what_its_cloud_does(
    clients: dict[str, Client], token: str, path: str, happens: str
) -> None:
    package = token.partition(":")[0]
    shape = SCHEMAS[package].shape(token)
    assert shape is not None
    old, new = two_values(shapes_at(shape, path))
    answer = clients[package].diff(token, "it", struct(at(path, old)), struct(at(path, new)))
    assert answer.changes == 2  # DIFF_SOME
    assert (REPLACE if answer.replaces else UPDATE) == happens


@pytest.mark.slow
@pytest.mark.parametrize("token", sorted(TABLE))
def test_every_rule_names_an_input_that_the_sdk_has(token: str) -> None:
    shape = SCHEMAS[token.partition(":")[0]].shape(token)
    assert shape is not None
    for path in TABLE[token]["paths"]:
        shapes_at(shape, path)


def test_every_cloud_of_the_table_has_a_source() -> None:
    assert {token.partition(":")[0] for token in TABLE} == set(SOURCES)
    assert all("2026" in text for text in SOURCES.values())


@pytest.mark.parametrize(
    ("rule", "old", "new", "replaces"),
    [
        ("a", {"a": 1}, {"a": 2}, True),
        ("a", {"a": {"b": 1}}, {"a": {"b": 2}}, True),
        ("a.b", {"a": {"b": 1, "c": 1}}, {"a": {"b": 1, "c": 2}}, False),
        ("a.b", {}, {"a": {"b": 1}}, True),
        ("a.b", {}, {"a": {"c": 1}}, False),
        ("a.b", {"a": {"b": 1}}, {}, True),
        ("a.b", {"a": [{"b": 1}]}, {"a": [{"b": 2}]}, True),
        ("a", {"ab": 1}, {"ab": 2}, False),
        ("a", {}, {"a": None}, False),
    ],
)
def test_a_rule_covers_what_lies_in_it_and_what_comes_or_goes_with_it(
    rule: str, old: dict[str, Any], new: dict[str, Any], replaces: bool
) -> None:
    found: list[Difference] = differences(old, new)
    assert bool(Rules(frozenset((rule,)), delete_first=False).replacing(found, old, new)) == replaces


@pytest.mark.slow
def test_a_name_that_the_program_gives_goes_before_its_replacement_comes(clients: dict[str, Client]) -> None:
    token = "aws:lb/targetGroup:TargetGroup"
    aws = clients["aws"]
    said = {"name": "mine", "port": 80, "protocol": "HTTPS", "vpcId": "vpc-00000000000000000"}
    mine = [aws.check(token, {**said, "port": port}).inputs for port in (80, 81)]
    assert aws.diff(token, "it", *mine).deleteBeforeReplace
    del said["name"]
    theirs = [aws.check(token, {**said, "port": port}).inputs for port in (80, 81)]
    assert not aws.diff(token, "it", *theirs).deleteBeforeReplace
    assert theirs[0]["name"].startswith("it-")


def test_the_shapes_used_here_are_those_that_inputs_are_checked_with() -> None:
    shape = SCHEMAS["aws"].shape("aws:sqs/queue:Queue")
    assert shape is not None
    assert faults({"name": "q", "fifoQueue": "maybe"}, shape) != ()
