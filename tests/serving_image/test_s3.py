"""Weights in S3, by the real client against a stand-in for the service."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from meridian_server import manifest, s3, weights
from meridian_server.manifest import WeightsRefused
from meridian_server.stores import Store, StoreRefused, store_at

from tests.serving_image.fake_s3 import Bucket, served
from tests.serving_image.test_weights import REVISION, model

pytestmark = pytest.mark.slow  # botocore reads its data for each client
ADDRESS = "s3://weights/llama/0123/"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    made = Bucket(objects={"llama/01234/other.json": b"of another revision"})
    with served(made) as address:
        for name, value in {
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-north-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            monkeypatch.setenv(name, value)
        yield made


def push(folder: Path, store: Store) -> manifest.Manifest:
    source = weights.LocalSource(folder)
    return weights.push(source, store, source="org/model", revision=REVISION, say=lambda _: None)


def test_weights_are_pushed_to_a_bucket_proved_there_and_pulled(bucket: Bucket, tmp_path: Path) -> None:
    made = push(model(tmp_path / "model"), store_at(ADDRESS))
    assert sorted(bucket.objects)[:2] == ["llama/0123/a.safetensors", "llama/0123/config.json"]
    assert manifest.verify(store_at(ADDRESS), digest=made.digest()) == made
    assert weights.pull(store_at(ADDRESS), tmp_path / "here", digest=made.digest()) == made


def test_a_change_in_the_bucket_is_refused_by_the_files_name(bucket: Bucket, tmp_path: Path) -> None:
    push(model(tmp_path / "model"), store_at(ADDRESS))
    bucket.objects["llama/0123/a.safetensors"] = b"x"
    bucket.objects["llama/0123/evil.safetensors"] = b"x"
    del bucket.objects["llama/0123/config.json"]
    with pytest.raises(WeightsRefused) as refused:
        manifest.verify(store_at(ADDRESS))
    for text in ("a.safetensors: 1 bytes", "evil.safetensors: not in the manifest", "config.json: missing"):
        assert text in str(refused.value)


def test_a_large_file_goes_in_parts_and_arrives_whole(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    content = bytes(range(250)) * 10
    store_at(ADDRESS).write("a.safetensors", io.BytesIO(content))
    assert bucket.objects["llama/0123/a.safetensors"] == content
    assert store_at(ADDRESS).size("a.safetensors") == 2500


def test_an_upload_that_fails_leaves_no_parts_behind(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 1000)
    bucket.fails_part = 2
    with pytest.raises(StoreRefused, match=r"a\.safetensors cannot be had"):
        store_at(ADDRESS).write("a.safetensors", io.BytesIO(bytes(2500)))
    assert bucket.aborted == ["upload"]
    assert "llama/0123/a.safetensors" not in bucket.objects


def test_a_bucket_without_the_revision_is_refused_as_unfinished(bucket: Bucket) -> None:
    with pytest.raises(WeightsRefused, match="was not finished"):
        manifest.verify(store_at(ADDRESS))


def test_a_bucket_that_may_not_be_read_is_refused_with_what_to_check(bucket: Bucket) -> None:
    bucket.denies = True
    with pytest.raises(StoreRefused, match=r"AccessDenied.*this pod's identity"):
        manifest.verify(store_at(ADDRESS))


def test_without_an_identity_it_is_refused_and_not_skipped(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(StoreRefused, match="credentials"):
        manifest.verify(store_at(ADDRESS))
