"""Measured rows are read tolerantly, and what cannot be answered is refused with its reason."""

from pathlib import Path

import pytest

from bench.capacity_rows import placement, read
from stacks.capacity.shapes import SHAPES, find_shape
from stacks.catalog.gpus import find_gpu

ROW = {"mode": "agg", "backend": "vllm", "model_path": "meta-llama/Llama-3.1-8B", "system": "h100_sxm",
       "precision": "fp8", "isl": "1024", "osl": "128", "batch_size": "8", "tp_size": "1",
       "silicon_ttft_ms": "50", "silicon_tpot_ms": "8"}  # fmt: skip


def _file(tmp_path: Path, *rows: dict[str, str]) -> Path:
    path = tmp_path / "rows.csv"
    lines = [",".join(ROW), *(",".join((ROW | row).values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_row_without_the_optional_columns_is_read(tmp_path: Path) -> None:
    rows, refused = read(_file(tmp_path, {}))
    assert (len(rows), not refused) == (1, True)
    assert (rows[0].layout.gpus, rows[0].batch, rows[0].guessed) == (1, 8, False)


@pytest.mark.parametrize(("change", "reason"), [
    ({"system": "tpu_v9"}, "unknown GPU tpu_v9"),
    ({"model_path": "acme/nameless"}, "unknown model acme/nameless"),
    ({"precision": "ternary"}, "unknown precision ternary"),
    ({"model_path": "meta-llama/Llama-3.1-405B"}, "do not fit 1 h100"),
])  # fmt: skip
def test_a_row_that_cannot_be_answered_is_refused_with_its_reason(
    tmp_path: Path, change: dict[str, str], reason: str
) -> None:
    rows, refused = read(_file(tmp_path, {}, change))
    assert len(rows) == 1
    assert reason in next(iter(refused))


def test_other_engines_and_separated_rows_are_not_the_headline(tmp_path: Path) -> None:
    path = _file(tmp_path, {}, {"backend": "trtllm"}, {"mode": "disagg"})
    assert len(read(path)[0]) == 1
    assert len(read(path, engines=("vllm", "trtllm"))[0]) == 2


@pytest.mark.parametrize(("columns", "gpus", "ranks", "batch"), [
    ({"tp_size": "4", "moe_tp_size": "4"}, 4, 1, 8),
    ({"tp_size": "4", "attention_dp_size": "4", "moe_tp_size": "1", "moe_ep_size": "16"}, 4, 1, 32),
    ({"tp_size": "64", "moe_tp_size": "8", "moe_ep_size": "8"}, 8, 1, 8),
    ({"tp_size": "1", "attention_dp_size": "8", "moe_tp_size": "1", "moe_ep_size": "8"}, 8, 8, 64),
])  # fmt: skip
def test_parallel_sizes_are_read_as_each_source_means_them(
    columns: dict[str, str], gpus: int, ranks: int, batch: float
) -> None:
    layout, concurrency = placement(ROW | columns, "h200", "fp8")
    assert (layout.gpus, layout.attention_ranks, concurrency) == (gpus, ranks, batch)


@pytest.mark.parametrize(("name", "known"), [
    ("nvidia/Llama-3.1-8B-Instruct-FP8", "meta-llama/Llama-3.1-8B"), ("Qwen/Qwen3-32B-AWQ", "Qwen/Qwen3-32B"),
    ("meta-llama/Meta-Llama-3.1-70B-Instruct", "meta-llama/Llama-3.1-70B"), ("zhipuai/GLM-5", "zai-org/GLM-5"),
    ("deepseek-ai/DeepSeek-R1-0528", "deepseek-ai/DeepSeek-V3"), ("zai-org/GLM-4.5-Air-FP8", "zai-org/GLM-4.5-Air"),
    ("deepseek-ai/DeepSeek-R1-Distill-Qwen-32B", "Qwen/Qwen2.5-32B"),
])  # fmt: skip
def test_a_variant_of_a_known_model_has_its_shape(name: str, known: str) -> None:
    found = find_shape(name)
    assert found is not None
    assert (found.known_as, found.guessed) == (known, False)


def test_a_shape_guessed_from_a_name_says_so_and_has_about_the_size_it_states() -> None:
    dense, sparse = find_shape("acme/Foo-21B"), find_shape("acme/Bar-60B-A5B")
    assert dense is not None
    assert sparse is not None
    assert dense.guessed
    assert sparse.guessed
    assert dense.shape.parameters == pytest.approx(21e9, rel=0.15)
    assert sparse.shape.parameters == pytest.approx(60e9, rel=0.15)
    assert sparse.shape.experts > 0
    assert find_shape("acme/nameless") is None


def test_every_built_in_name_finds_itself() -> None:
    assert all((found := find_shape(name)) and found.shape == shape for name, shape in SHAPES.items())


@pytest.mark.parametrize(("system", "name"), [
    ("h100_sxm", "h100"), ("h200_sxm", "h200"), ("gb200", "gb200"), ("b300_sxm", "b300"), ("a100_sxm", "a100-80"),
    ("l40s", "l40s"), ("NVIDIA H100 NVL", "h100-nvl"), ("h100_pcie", "h100-pcie"), ("gb200_nvl72", "gb200"),
])  # fmt: skip
def test_a_benchmarks_name_for_a_gpu_is_understood(system: str, name: str) -> None:
    found = find_gpu(system)
    assert found is not None
    assert found.name == name


def test_an_unknown_gpu_is_not_guessed() -> None:
    assert find_gpu("h1000") is None


@pytest.mark.parametrize(("version", "source", "age"), [
    ("0.11.2", "", 1.0), ("0.18.0", "", 0.0), ("0.24.0", "", 0.0), ("", "measured=2025-10-29", 1.0),
    ("", "measured=2026-03-01", 0.0), ("nightly-5b8c30d6", "", 0.0),
])  # fmt: skip
def test_an_engines_age_follows_its_version_or_the_date(tmp_path: Path, version: str, source: str, age: float) -> None:
    path = tmp_path / "rows.csv"
    row = ROW | {"backend_version": version, "silicon_data_source": source}
    path.write_text("\n".join([",".join(row), ",".join(row.values())]) + "\n")
    assert read(path)[0][0].age == age
