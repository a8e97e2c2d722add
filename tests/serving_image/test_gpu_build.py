"""The build for GPUs: settings become vLLM's arguments for one machine or several, and nothing of the CPU's is left."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from meridian_server import child, flags
from meridian_server.flags import Node
from meridian_server.settings import Settings, SettingsRefused, load
from pydantic import ValidationError

from tests.serving_image.helpers import raw_settings

KNOWN = flags.known_flags("gpu")

ADDRESS = "s3://weights/llama/0123/"


def gpu(folder: Path, *, tensor: int = 2, nodes: int = 1, quantization: str | None = "fp8") -> Settings:
    raw = raw_settings(folder)
    del raw["engine"]["kv_cache_memory_bytes"]
    spread = {"tensor_parallel": tensor, "nodes": nodes, "memory_utilisation": 0.9, "quantization": quantization}
    raw["engine"] |= {"enforce_eager": False, "gpu": spread}
    return Settings.model_validate(raw | {"build": "gpu", "model": {"path": ADDRESS, "name": "llama"}})


def after(found: list[str], flag: str) -> str:
    return found[found.index(flag) + 1]


def test_a_replica_takes_its_gpus_and_streams_its_weights_from_the_bucket(tmp_path: Path) -> None:
    found = flags.arguments(gpu(tmp_path), known=KNOWN)
    assert after(found, "--model") == ADDRESS
    assert after(found, "--load-format") == "runai_streamer"
    assert after(found, "--tensor-parallel-size") == "2"
    assert after(found, "--gpu-memory-utilization") == "0.9"
    assert after(found, "--quantization") == "fp8"
    assert after(found, "--distributed-executor-backend") == "mp"
    assert not {"--kv-cache-memory-bytes", "--nnodes", "--headless", "--enforce-eager"} & set(found)


def test_weights_that_are_quantised_already_are_left_as_they_are(tmp_path: Path) -> None:
    assert "--quantization" not in flags.arguments(gpu(tmp_path, quantization=None), known=KNOWN)


def test_of_several_machines_the_first_answers_and_the_others_only_compute(tmp_path: Path) -> None:
    settings = gpu(tmp_path, tensor=8, nodes=2)
    leader, worker = (flags.arguments(settings, known=KNOWN, node=Node(rank, "leader.llama")) for rank in (0, 1))
    assert (after(leader, "--nnodes"), after(leader, "--node-rank"), after(worker, "--node-rank")) == ("2", "0", "1")
    assert after(worker, "--master-addr") == "leader.llama"
    assert ("--headless" in leader, "--headless" in worker) == (False, True)


@pytest.mark.parametrize("node", [Node(0, ""), Node(2, "leader.llama")])
def test_a_machine_that_does_not_know_its_place_does_not_start(tmp_path: Path, node: Node) -> None:
    with pytest.raises(SettingsRefused, match="MERIDIAN_NODE from 0 to 1"):
        flags.arguments(gpu(tmp_path, nodes=2), known=KNOWN, node=node)


def test_the_place_is_told_by_the_environment() -> None:
    assert flags.node_of({"MERIDIAN_NODE": "1", "MERIDIAN_LEADER": "a.b"}) == Node(1, "a.b")
    assert flags.node_of({}) == Node(0, "")
    with pytest.raises(SettingsRefused, match="give the machine's number"):
        flags.node_of({"MERIDIAN_NODE": "first"})


@pytest.mark.parametrize("flag", ["--tensor-parallel-size", "--quantization", "--master-addr", "--headless"])
def test_how_an_engine_is_spread_is_no_further_flag(tmp_path: Path, flag: str) -> None:
    settings = gpu(tmp_path)
    engine = settings.engine.model_copy(update={"extra_args": {flag: "8"}})
    with pytest.raises(SettingsRefused, match=flag):
        flags.arguments(settings.model_copy(update={"engine": engine}), known=KNOWN)


UNDONE = [
    *("--disable-prefix-caching", "--no-enable-prefix-caching", "--no-disable-prefix-caching"),
    *("--enable-uvicorn-access-log", "--disable-log-requests", "--disable-prompt-embeds"),
]


@pytest.mark.parametrize("flag", UNDONE)
def test_a_promise_is_not_undone_by_another_name_of_its_flag(tmp_path: Path, flag: str) -> None:
    assert flag in KNOWN or flag.startswith("--no-")
    engine = gpu(tmp_path).engine.model_copy(update={"extra_args": {flag: True}})
    with pytest.raises(SettingsRefused, match=f"{flag} is not allowed"):
        flags.arguments(gpu(tmp_path).model_copy(update={"engine": engine}), known=KNOWN)


FAKE = "import json, sys\ndef main():\n    print(json.dumps([__name__, *sys.argv[1:]]))\n"


@pytest.mark.parametrize("rank", [0, 1])
def test_a_machine_that_only_computes_is_started_by_the_module_that_heeds_headless(tmp_path: Path, rank: int) -> None:
    """In vLLM 0.33.0 `entrypoints/cli/serve.py` reads `args.headless`; `launchers/api_server/entry.py` does not."""
    for module in ("cli/main", "launchers/api_server/entry"):
        file = tmp_path / "vllm" / "entrypoints" / f"{module}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(FAKE)
    words = flags.arguments(gpu(tmp_path, nodes=2), known=KNOWN, node=Node(rank, "leader.llama"))
    path = f"{tmp_path}:{Path(flags.CONTRACT).parent}"
    command = [sys.executable, "-m", "meridian_server.engine", *words]
    ran = subprocess.run(command, env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=30, check=True)
    started, *got = json.loads(ran.stdout)
    if rank == 0:
        assert (started, got) == ("vllm.entrypoints.launchers.api_server.entry", words)
    else:
        assert (started, got[:2]) == ("vllm.entrypoints.cli.main", ["serve", ADDRESS])
        assert sorted([*got[2:], "--model", ADDRESS]) == sorted(words)


WRONG: dict[str, dict[str, Any]] = {
    "gpu without its spread": {"build": "gpu"},
    "cpu with a bucket": {"model": {"path": ADDRESS, "name": "llama"}},
}


@pytest.mark.parametrize("name", WRONG)
def test_settings_of_two_builds_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValidationError, match="build"):
        Settings.model_validate(raw_settings(tmp_path) | WRONG[name])


def test_an_unknown_build_is_refused_in_clear_words() -> None:
    with pytest.raises(SettingsRefused, match="says nothing of the build 'tpu'"):
        flags.known_flags("tpu")


def test_the_engine_finds_its_identity_and_sees_no_key(tmp_path: Path) -> None:
    inherited = {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
        "AWS_SECRET_ACCESS_KEY": "never",
        "MERIDIAN_NODE": "0",
    }
    on_gpu = child.environment(gpu(tmp_path), "settings.json", inherited)
    assert on_gpu["AWS_CONTAINER_CREDENTIALS_FULL_URI"].startswith("http://169.254")
    assert "AWS_SECRET_ACCESS_KEY" not in on_gpu
    assert not {"VLLM_ENABLE_V1_MULTIPROCESSING", "VLLM_CPU_OMP_THREADS_BIND"} & on_gpu.keys()
    on_cpu = child.environment(Settings.model_validate(raw_settings(tmp_path)), "settings.json", inherited)
    assert not {name for name in on_cpu if name.startswith("AWS_")}


def test_pods_that_share_a_file_are_told_apart_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings.json"
    file.write_text(gpu(tmp_path).model_dump_json())
    assert load(file).replica == "local-a-tiny-llama-0"
    assert load(file).model.path == ADDRESS
    monkeypatch.setenv("MERIDIAN_REPLICA", "llama-base-7c9-x2")
    assert load(file).replica == "llama-base-7c9-x2"
