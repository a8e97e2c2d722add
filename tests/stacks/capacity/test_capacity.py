"""The capacity model obeys physics, counts its memory, and refuses what it cannot read."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.capacity.model import BLOCK_TOKENS, Layout, Request, estimate, fits, kv_tokens
from stacks.capacity.shape import ShapeUnreadable, shape_from_config
from stacks.capacity.shapes import SHAPES
from stacks.capacity.sizing import (
    CALIBRATED_MARGIN,
    ERRORS,
    UNCALIBRATED_MARGIN,
    Demand,
    Infeasible,
    ReplicaCapacity,
    Slo,
    margin,
    physical_floor,
    replica_capacity,
)
from stacks.capacity.work import weight_bytes
from stacks.catalog import gpus
from stacks.catalog.gpus import GPUS

LLAMA = SHAPES["meta-llama/Llama-3.1-70B"]
H100 = Layout("h100", 4, 1, "fp8")
DEMAND = Demand(12, 2.0, 900, 3500, 250, 900, 0.4)
models, names = st.sampled_from(sorted(SHAPES)), st.sampled_from(sorted(GPUS))
tokens, batches = st.integers(1, 30000), st.integers(1, 512)


@pytest.mark.parametrize(("name", "billions"), [
    ("meta-llama/Llama-3.1-8B", 8.03), ("meta-llama/Llama-3.1-70B", 70.55), ("meta-llama/Llama-3.1-405B", 405.9),
    ("meta-llama/Llama-3.2-1B-Instruct", 1.24), ("meta-llama/Llama-3.2-3B-Instruct", 3.21), ("Qwen/Qwen3-32B", 32.8),
    ("Qwen/Qwen3-235B-A22B", 235), ("openai/gpt-oss-120b", 117), ("deepseek-ai/DeepSeek-R1", 671),
    ("MiniMaxAI/MiniMax-M2.5", 230), ("moonshotai/Kimi-K2.5", 1030),
])  # fmt: skip
def test_a_shape_has_the_published_number_of_parameters(name: str, billions: float) -> None:
    assert SHAPES[name].parameters / 1e9 == pytest.approx(billions, rel=0.02)


@settings(max_examples=40)
@given(models, names, batches, tokens, tokens)
def test_a_larger_batch_is_never_faster_per_token_and_every_time_is_positive(
    model: str, gpu: str, batch: int, prompt: int, output: int
) -> None:
    layout, request = Layout(gpu, 2, 1, "fp8"), Request(prompt, output)
    less = estimate(SHAPES[model], layout, batch=batch, request=request)
    more = estimate(SHAPES[model], layout, batch=batch + 1, request=request)
    assert 0 < less.tpot_ms <= more.tpot_ms < float("inf")
    assert 0 < less.ttft_ms <= more.ttft_ms < float("inf")


@settings(max_examples=40)
@given(models, batches, tokens, st.floats(0, 1))
def test_a_shared_prefix_is_never_slower(model: str, batch: int, prompt: int, share: float) -> None:
    cold = estimate(SHAPES[model], H100, batch=batch, request=Request(prompt, 100))
    warm = estimate(SHAPES[model], H100, batch=batch, request=Request(prompt, 100, share * prompt))
    assert warm.end_to_end_ms <= cold.end_to_end_ms * (1 + 1e-9)


@pytest.mark.parametrize("model", sorted(SHAPES))
def test_more_bandwidth_is_never_slower(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = estimate(SHAPES[model], H100, batch=8, request=Request(1000, 1000))
    monkeypatch.setitem(gpus.GPUS, "h100", replace(GPUS["h100"], bandwidth_gb_s=9000))
    assert estimate(SHAPES[model], H100, batch=8, request=Request(1000, 1000)).tpot_ms <= slow.tpot_ms


def test_the_cache_is_what_weights_leave_in_whole_blocks() -> None:
    assert not fits(LLAMA, Layout("h100", 1, 1, "bf16"))
    assert LLAMA.kv_bytes_per_token() == 327680
    held = kv_tokens(LLAMA, H100)
    assert held % BLOCK_TOKENS == 0
    used = held * 327680 / 4 + weight_bytes(LLAMA, "fp8") / 4
    assert used <= (80 * 0.9 - 3) * 2**30 < used + 16 * 327680


def test_a_sized_replica_meets_the_slo_and_fits_its_cache() -> None:
    got = replica_capacity(LLAMA, H100, Slo(1500, 50), DEMAND, cold_cache=True)
    assert isinstance(got, ReplicaCapacity)
    assert (got.ttft_ms, got.tpot_ms) <= (1500, 50)
    assert got.tpot_ms <= 50
    assert 1 <= got.concurrency <= got.kv_fit


def test_an_slo_below_the_floor_is_infeasible_and_the_floor_is_told() -> None:
    got = replica_capacity(LLAMA, H100, Slo(1500, 0.1), DEMAND, cold_cache=True)
    assert isinstance(got, Infeasible)
    assert (got.constraint, got.bound) == ("tpot", 0.1)
    floor = physical_floor(LLAMA, ["h100"], precision="fp8", request=Request(3500, 900))
    assert floor is not None
    assert floor[1] > 0.1


def test_a_config_that_says_too_little_is_refused_with_the_missing_keys() -> None:
    with pytest.raises(ShapeUnreadable, match="num_hidden_layers"):
        shape_from_config({"hidden_size": 8})


def test_every_gpu_has_positive_figures_and_a_source() -> None:
    for gpu in GPUS.values():
        assert min(gpu.memory_gib, gpu.bandwidth_gb_s, gpu.interconnect_gb_s, *gpu.dense_tflops.values()) > 0
        assert gpu.source


def test_margins_follow_the_stored_errors_on_unseen_rows() -> None:
    lines = {line["what"]: line for line in json.loads(ERRORS.read_text())["lines"]}
    unseen_model = lines["every row by a fit without its model"]["end_to_end"]["fast"]
    assert pytest.approx(1 / (1 + unseen_model)) == CALIBRATED_MARGIN
    assert margin("l4") == UNCALIBRATED_MARGIN > CALIBRATED_MARGIN == margin("h100")
    calibrated = {gpu.name for gpu in GPUS.values() if gpu.calibrated}
    assert all(f"without {name}" in lines for name in calibrated)


@settings(max_examples=40, deadline=None)
@given(models, st.sampled_from(("h100", "h200", "b200")), st.sampled_from((1, 2, 4, 8)), batches, tokens, tokens)
def test_no_estimate_is_below_the_physical_limit(
    model: str, gpu: str, ways: int, batch: int, prompt: int, output: int
) -> None:
    request = Request(prompt, output)
    floor = physical_floor(SHAPES[model], [gpu], precision="fp8", request=request)
    if floor is None:
        return
    got = estimate(SHAPES[model], Layout(gpu, ways, 1, "fp8"), batch=batch, request=request)
    assert got.ttft_ms >= floor[0]
    assert got.tpot_ms >= floor[1] * (1 - 1e-9)
