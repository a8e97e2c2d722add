"""No flag and no metric of vLLM is used anywhere in the tree that the pinned vLLM does not have."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from meridian_server import flags as server
from meridian_server.settings import Settings

from components.serving import monitoring, scaling, settings
from components.serving_specs import ServedModelSpec
from tests.components.serving import specs
from tests.serving_image.words import BUILDS, ROOT, flags, metrics, unknown_metrics

SERVER = ROOT / "serving-image" / "meridian_server"
READ = (".py", ".yaml", ".yml", ".json", ".md", ".lua")
OUR_OWN = {"--settings", "--port", "--seconds", "--from", "--to", "--source", "--revision", "--folder", "--manifest"}
"""Flags of `meridian_server` itself, its leader and its weights command."""
GONE = {"vllm:num_requests_swapped"}
"""Names that tests plant on purpose, because they are no longer there."""


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked text but the contract itself and this test, which plants wrong names."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    for name in sorted(listed.stdout.decode().splitlines()):
        file = ROOT / name
        if file.suffix in READ and file.is_file() and file.name not in ("image.json", Path(__file__).name):
            yield file, file.read_text(errors="replace")


@pytest.mark.parametrize("build", sorted(BUILDS))
def test_every_metric_named_in_the_tree_is_one_of_the_pinned_engine(build: str) -> None:
    named = {file: found for file, text in texts() if (found := metrics(text))}
    assert len(named) > 5, "the search finds nothing and proves nothing"
    wrong = {
        str(file.relative_to(ROOT)): missing
        for file, found in named.items()
        if (missing := unknown_metrics(" ".join(found), BUILDS[build]["metrics"]) - GONE)
    }
    assert wrong == {}


@pytest.mark.parametrize("build", sorted(BUILDS))
def test_every_metric_in_rules_and_scaling_is_one_of_the_pinned_engine(build: str) -> None:
    """As they are rendered, for their names are put together from parts."""
    model, spec = specs.model(), specs.serving()
    rendered = json.dumps([*monitoring.watched(model, spec), *scaling.scaled(model, spec)])
    assert len(metrics(rendered)) > 5
    assert unknown_metrics(rendered, BUILDS[build]["metrics"]) == set()


@pytest.mark.parametrize("gone", ["gpu_cache_usage_perc", "num_requests_swapped", "time_per_output_token_seconds"])
def test_a_metric_that_is_gone_is_found_out(gone: str) -> None:
    text = f"rate(vllm:{gone}_bucket[5m]) / vllm:num_requests_running"
    assert unknown_metrics(text, BUILDS["gpu"]["metrics"]) == {f"vllm:{gone}_bucket"}


def test_the_names_of_samples_are_taken_for_their_metric() -> None:
    known = {"vllm:generation_tokens", "vllm:e2e_request_latency_seconds"}
    text = "vllm:generation_tokens_total vllm:e2e_request_latency_seconds_bucket vllm:generation_tokens_seconds"
    assert unknown_metrics(text, known) == {"vllm:generation_tokens_seconds"}


def sources() -> dict[str, set[str]]:
    """Flags in each file of the server."""
    return {file.name: found for file in sorted(SERVER.glob("*.py")) if (found := flags(file.read_text()))}


def unknown_to(build: str, found: set[str]) -> set[str]:
    """Flags that are neither vLLM's nor our own; a name the other build has is for that one."""
    return found - set(BUILDS[build]["flags"]) - OUR_OWN


def test_every_flag_in_the_servers_sources_is_one_of_the_pinned_engine() -> None:
    found = sources()
    assert len(found["flags.py"]) > 50, "the search finds nothing and proves nothing"
    assert {name: wrong for name, words in found.items() if (wrong := unknown_to("gpu", words))} == {}


def test_what_the_server_sets_for_both_builds_is_known_to_both() -> None:
    assert {flag for flag in server.OWNED if flag not in BUILDS["cpu"]["flags"]} == set()
    assert {flag for flag in server.FORBIDDEN if flag not in BUILDS["cpu"]["flags"]} == set()


def test_a_flag_that_no_vllm_has_is_found_out() -> None:
    planted = 'WORDS = ["--max-model-len", "--max-model-length"]\n"""Prose with --no-flag in it."""\n'
    assert unknown_to("gpu", flags(planted)) == {"--max-model-length"}


@pytest.mark.parametrize("model", [specs.model(), specs.spanning()], ids=lambda model: model.name)
def test_the_settings_that_components_write_become_flags_that_the_gpu_build_knows(model: ServedModelSpec) -> None:
    spec = specs.serving(model)
    for group in model.groups:
        written = settings.settings(model, group, spec, "s3://weights/llama/0123/")
        read = Settings.model_validate_json(json.dumps(written))
        for rank in range(group.nodes_per_replica):
            words = server.arguments(read, known=server.known_flags("gpu"), node=server.Node(rank, "leader.llama"))
            assert unknown_to("gpu", {word for word in words if word.startswith("--")}) == set()
            assert ("--headless" in words) == (rank > 0)
