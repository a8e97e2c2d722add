"""The engine's environment is made, not inherited."""

from pathlib import Path

import pytest
from meridian_server import child
from meridian_server.settings import SettingsRefused

from tests.serving_image.helpers import settings


def made(folder: Path, **inherited: str) -> dict[str, str]:
    return child.environment(settings(folder), "/settings.json", inherited)


def test_the_engine_reports_to_nobody_and_downloads_nothing(tmp_path: Path) -> None:
    found = made(tmp_path)
    assert (found["VLLM_NO_USAGE_STATS"], found["DO_NOT_TRACK"], found["HF_HUB_OFFLINE"]) == ("1", "1", "1")


def test_every_folder_the_engine_writes_to_is_inside_its_own(tmp_path: Path) -> None:
    found = made(tmp_path, HOME="/root", TMPDIR="/tmp", XDG_CACHE_HOME="/home/someone/.cache")  # noqa: S108
    names = (
        "HOME TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME VLLM_CACHE_ROOT VLLM_CONFIG_ROOT HF_HOME TORCHINDUCTOR_CACHE_DIR"
    )
    assert {name for name in names.split() if not Path(found[name]).is_relative_to(tmp_path)} == set()
    assert found["VLLM_RPC_BASE_PATH"] == str(tmp_path / "run")


def test_the_memory_settings_leave_the_cache_size_to_its_flag(tmp_path: Path) -> None:
    found = made(tmp_path, VLLM_CPU_KVCACHE_SPACE="4")
    assert "VLLM_CPU_KVCACHE_SPACE" not in found
    assert (found["VLLM_CPU_OMP_THREADS_BIND"], found["MALLOC_ARENA_MAX"]) == ("nobind", "2")
    assert found["OMP_NUM_THREADS"] == "1"


def test_a_variable_that_nobody_listed_is_not_inherited(tmp_path: Path) -> None:
    found = made(tmp_path, AWS_SECRET_ACCESS_KEY="x", HF_TOKEN="x", PATH="/bin")
    assert not {"AWS_SECRET_ACCESS_KEY", "HF_TOKEN"} & set(found)
    assert found["PATH"] == "/bin"


def test_no_secret_is_in_the_environment(tmp_path: Path) -> None:
    values = " ".join(made(tmp_path).values())
    assert (tmp_path / "engine-key").read_text().strip() not in values
    assert (tmp_path / "salt-key").read_text().strip() not in values


@pytest.mark.parametrize("name", sorted(child.DANGEROUS))
def test_a_dangerous_variable_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        made(tmp_path, **{name: "1"})
    assert name in str(refused.value)
    assert child.DANGEROUS[name] in str(refused.value)


def test_an_empty_dangerous_variable_is_no_danger(tmp_path: Path) -> None:
    assert "VLLM_SERVER_DEV_MODE" not in made(tmp_path, VLLM_SERVER_DEV_MODE="")
