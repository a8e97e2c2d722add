"""Settings are closed: what is wrong is refused, named and explained."""

import json
from pathlib import Path
from typing import Any

import pytest
from meridian_server.settings import SettingsRefused, load

from tests.serving_image.helpers import raw_settings


def written(folder: Path, raw: dict[str, Any]) -> Path:
    file = folder / "settings.json"
    file.write_text(json.dumps(raw))
    return file


def refusal(folder: Path, raw: dict[str, Any]) -> str:
    with pytest.raises(SettingsRefused) as refused:
        load(written(folder, raw))
    return str(refused.value)


def test_a_complete_settings_file_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, raw_settings(tmp_path)))
    assert found.engine.max_num_seqs == 8
    assert found.lanes["batch"].priority == 10
    assert found.control_socket.parent == tmp_path / "run"


def test_an_unknown_key_is_refused_by_its_name(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    raw["engine"]["gpu_memory"] = 1
    assert "engine.gpu_memory" in refusal(tmp_path, raw)


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    del raw["territory"]
    raw["engine"]["max_num_seqs"] = 0
    text = refusal(tmp_path, raw)
    assert "territory" in text
    assert "engine.max_num_seqs" in text


def test_an_unknown_lane_is_refused(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    raw["lanes"]["express"] = raw["lanes"]["chat"]
    assert "express" in refusal(tmp_path, raw)


def test_a_missing_settings_file_is_explained_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="cannot be read"):
        load(tmp_path / "absent.json")


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text("territory: home")
    with pytest.raises(SettingsRefused):
        load(file)


@pytest.mark.parametrize("given", ["certificate_file", "key_file"])
def test_half_a_tls_pair_is_refused_instead_of_serving_plain_http(tmp_path: Path, given: str) -> None:
    raw = raw_settings(tmp_path)
    raw["listen"][given] = str(tmp_path / "pem")
    assert "listen" in refusal(tmp_path, raw)


def test_a_lane_may_not_promise_more_output_than_the_context_holds(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    raw["lanes"]["chat"]["max_output_tokens"] = raw["engine"]["max_model_len"] + 1
    assert "max_output_tokens" in refusal(tmp_path, raw)


def test_a_run_folder_too_long_for_a_unix_socket_is_refused(tmp_path: Path) -> None:
    raw = raw_settings(tmp_path)
    raw["run_folder"] = "/" + "r" * 100
    assert "run_folder" in refusal(tmp_path, raw)
