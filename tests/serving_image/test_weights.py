"""Weights: pushed once with checksums, never changed, and refused wherever they are not what was pushed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meridian_server import manifest, weights
from meridian_server.manifest import Entry, Manifest, WeightsRefused
from meridian_server.stores import NEEDS, Folder, StoreRefused, store_at

from tests.serving_image.helpers import raw_settings
from tests.serving_image.real import SERVER

SECRET = "secret content of a weight"
FILES = {"config.json": "{}", "a.safetensors": SECRET, "parts/b.safetensors": "second"}
REVISION = "0123456789abcdef0123456789abcdef01234567"


def model(folder: Path, **more: str) -> Path:
    for name, text in {**FILES, **{name.replace("__", "."): text for name, text in more.items()}}.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def pushed(folder: Path, to: Path, revision: str = REVISION, said: list[str] | None = None) -> Manifest:
    say = (said if said is not None else []).append
    return weights.push(weights.LocalSource(folder), Folder(to), source="org/model", revision=revision, say=say)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    pushed(model(tmp_path / "model"), tmp_path / "store")
    return tmp_path / "store"


def refusal(folder: Path, digest: str | None = None) -> str:
    with pytest.raises(WeightsRefused) as refused:
        manifest.verify(Folder(folder), digest=digest)
    return str(refused.value)


def test_what_was_pushed_is_proved(store: Path) -> None:
    found = manifest.verify(Folder(store))
    assert (found.source, found.revision, sorted(found.files)) == ("org/model", REVISION, sorted(FILES))


def _other_of_same_size(store: Path) -> None:
    (store / "a.safetensors").write_text(SECRET.upper())


def _shorter(store: Path) -> None:
    (store / "a.safetensors").write_text(SECRET[:-1])


def _missing(store: Path) -> None:
    (store / "parts" / "b.safetensors").unlink()


def _beyond(store: Path) -> None:
    (store / "more.safetensors").write_text("more")


WRONG: dict[Callable[[Path], None], str] = {
    _other_of_same_size: "a.safetensors: other content of the same size",
    _shorter: "a.safetensors: 25 bytes, pushed were 26",
    _missing: "parts/b.safetensors: missing",
    _beyond: "more.safetensors: not in the manifest",
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_a_changed_file_is_refused_by_its_name_and_without_its_content(
    store: Path, change: Callable[[Path], None]
) -> None:
    change(store)
    text = refusal(store)
    assert WRONG[change] in text
    assert SECRET not in text


def test_all_changes_are_named_at_once(store: Path) -> None:
    for change in (_shorter, _missing, _beyond):
        change(store)
    assert all(WRONG[change] in refusal(store) for change in (_shorter, _missing, _beyond))


def test_a_push_that_was_not_finished_is_refused(store: Path) -> None:
    (store / manifest.NAME).unlink()
    assert "was not finished" in refusal(store)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": {"a": 1}, "source": "", "revision": ""}'])
def test_a_damaged_manifest_is_refused(store: Path, text: str) -> None:
    (store / manifest.NAME).write_text(text)
    assert "damaged" in refusal(store)


@pytest.mark.parametrize("name", ["../secrets", "/etc/passwd", "a/../../b", "", "a//b"])
def test_a_manifest_that_leads_out_of_its_folder_is_refused(store: Path, name: str) -> None:
    manifest.write(Folder(store), Manifest("org/model", REVISION, {name: Entry("0" * 64, 1)}))
    assert "cannot be a file of weights" in refusal(store)


def test_who_changes_weights_and_their_checksums_too_is_found_out_by_the_digest(store: Path, tmp_path: Path) -> None:
    wanted = manifest.verify(Folder(store)).digest()
    manifest.verify(Folder(store), digest=wanted)
    pushed(model(tmp_path / "evil", a__safetensors="evil"), tmp_path / "other")
    manifest.verify(Folder(tmp_path / "other"))
    assert "asked for is " + wanted in refusal(tmp_path / "other", wanted)


def test_a_second_push_of_the_same_changes_nothing(store: Path, tmp_path: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in store.rglob("*")}
    pushed(tmp_path / "model", store)
    assert {file: file.stat().st_mtime_ns for file in store.rglob("*")} == before


def test_a_push_never_changes_a_revision_in_place(store: Path, tmp_path: Path) -> None:
    (tmp_path / "model" / "a.safetensors").write_text("changed")
    with pytest.raises(WeightsRefused, match=r"lies there already with other files.*a\.safetensors"):
        pushed(tmp_path / "model", store)
    with pytest.raises(WeightsRefused, match="an address of its own"):
        pushed(tmp_path / "model", store, revision="f" * 40)
    manifest.verify(Folder(store))


def test_an_aborted_push_is_finished_by_the_next(store: Path, tmp_path: Path) -> None:
    (store / manifest.NAME).unlink()
    (store / "a.safetensors").write_text("half")
    pushed(tmp_path / "model", store)
    manifest.verify(Folder(store))


def test_files_that_can_hold_code_stay_behind_and_are_named(tmp_path: Path) -> None:
    said: list[str] = []
    made = pushed(model(tmp_path / "m", modeling__py="import os", w__bin="pickle"), tmp_path / "s", said=said)
    assert sorted(made.files) == sorted(FILES)
    assert said == ["left behind: modeling.py", "left behind: w.bin"]


def test_a_model_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "pytorch_model.bin").write_text("pickle")
    with pytest.raises(WeightsRefused, match=r"no \.safetensors file"):
        pushed(tmp_path / "m", tmp_path / "s")


@given(st.dictionaries(st.sampled_from(["a.safetensors", "b.json", "c/d.txt"]), st.binary(max_size=64), min_size=1))
def test_a_manifest_reads_back_as_it_was_written(contents: dict[str, bytes]) -> None:
    made = Manifest("org/model", REVISION, {name: manifest.entry(iter([part])) for name, part in contents.items()})
    again = json.loads(made.text())
    assert Manifest(again["source"], again["revision"], {n: Entry(**e) for n, e in again["files"].items()}) == made
    assert made.digest() != Manifest("org/model", "0" * 40, made.files).digest()


@pytest.mark.parametrize("scheme", sorted(NEEDS))
def test_a_bucket_is_refused_with_what_it_would_need_instead_of_passing_unproved(scheme: str) -> None:
    with pytest.raises(StoreRefused, match="cannot be read or written by this command yet"):
        store_at(f"{scheme}://bucket/model/")


def test_an_address_with_a_slip_is_refused() -> None:
    for address in ("http://host/model", "file://host/model", "s3://bucket", "s3:///model"):
        with pytest.raises(StoreRefused, match="no place for weights"):
            store_at(address)


def command(*words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, [path, str(SERVER)])), "HOME": "/nonexistent"}
    return subprocess.run(
        [sys.executable, "-m", "meridian_server.weights", *words],
        env=environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_the_command_pushes_pulls_and_verifies_and_says_the_digest(tmp_path: Path) -> None:
    folder, address = str(model(tmp_path / "model")), (tmp_path / "a bucket").as_uri()
    push = command("push", "--folder", folder, "--source", "org/model", "--revision", REVISION, "--to", address)
    digest = push.stdout.strip()
    assert (push.returncode, len(digest)) == (0, 64)
    pull = command("pull", "--from", address, "--folder", str(tmp_path / "here"), "--manifest", digest)
    assert (pull.returncode, pull.stdout.strip()) == (0, digest)
    assert command("verify", "--from", str(tmp_path / "here"), "--manifest", digest).returncode == 0
    (tmp_path / "here" / "a.safetensors").write_text("x")
    refused = command("verify", "--from", str(tmp_path / "here"))
    assert refused.returncode == 2
    assert "a.safetensors" in refused.stderr
    assert "Traceback" not in refused.stderr


HUB = """
from pathlib import Path
HERE = Path(__file__).parent / "hub"
def list_repo_files(source, *, revision):
    return ["config.json", "a.safetensors", "original/a.pth"]
def hf_hub_download(source, name, *, revision):
    blob = HERE / "blobs" / name; blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_text(f"{source} {name} {revision}")
    link = HERE / "snapshots" / name; link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(blob)
    return str(link)
"""


def test_a_revision_of_the_hub_is_passed_on_file_by_file_and_leaves_nothing_on_the_disk(tmp_path: Path) -> None:
    """A stand-in for the hub's library: that its two functions behave so is read in its documentation, not seen."""
    (tmp_path / "huggingface_hub.py").write_text(HUB)
    words = ["push", "--source", "org/model", "--revision", REVISION, "--to", str(tmp_path / "store")]
    done = command(*words, path=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "store" / "a.safetensors").read_text() == f"org/model a.safetensors {REVISION}"
    assert not [file for file in (tmp_path / "hub").rglob("*") if file.is_file() or file.is_symlink()]
    assert "is there already" in command(*words, path=str(tmp_path)).stderr


def test_an_engine_does_not_start_on_changed_weights(store: Path, tmp_path: Path) -> None:
    _shorter(store)
    raw = raw_settings(tmp_path) | {"model": {"path": str(store), "name": "tiny-llama"}}
    (tmp_path / "settings.json").write_text(json.dumps(raw))
    started = subprocess.run(
        [sys.executable, "-m", "meridian_server", "--settings", str(tmp_path / "settings.json")],
        env={"PYTHONPATH": str(SERVER)}, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert started.returncode == 2
    assert "a.safetensors: 25 bytes, pushed were 26" in started.stderr
    assert "Traceback" not in started.stderr


def test_an_engine_insists_on_the_manifest_that_its_settings_pin(store: Path) -> None:
    weights.check(store, manifest.verify(Folder(store)).digest())
    with pytest.raises(WeightsRefused, match="asked for is"):
        weights.check(store, "0" * 64)


def test_a_folder_without_a_manifest_is_served_only_where_none_is_pinned(tmp_path: Path) -> None:
    weights.check(model(tmp_path / "m"), None)
    with pytest.raises(WeightsRefused, match="no meridian-manifest"):
        weights.check(tmp_path / "m", "0" * 64)
