"""The engine makes resources in parallel: a name is taken once."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rehearsal.standins.cloud import Cloud, Refused, Target
from rehearsal.standins.failures import Failures
from rehearsal.standins.schemas import Schemas
from rehearsal.world import Resource, World

BUCKET = "aws:s3/bucket:Bucket"


def test_of_two_buckets_of_one_name_made_at_once_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = World.get

    def slow(world: World, *about: str) -> Resource | None:
        found = look(world, *about)
        time.sleep(0.2)  # between the question and the taking, both makers would be told that the name is free
        return found

    monkeypatch.setattr(World, "get", slow)
    cloud = Cloud("aws", Schemas("aws", tmp_path / "cache"), World(tmp_path / "world"), Failures())

    def made(name: str) -> str:
        target = Target(BUCKET, f"urn:pulumi:dev::p::{BUCKET}::{name}", {"region": "eu-north-1"})
        try:
            return cloud.create(target, {"bucket": "one-name", "region": "eu-north-1"}).id
        except Refused as refused:
            return str(refused)

    with ThreadPoolExecutor() as pool:
        ends = sorted(pool.map(made, ("first", "second")))

    assert [end for end in ends if end == "one-name"] == ["one-name"]
    assert any("AlreadyExists" in end for end in ends)
