"""The physics runs alike on floats and arrays, and does only what hardware can."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.capacity_rows import Row
from bench.capacity_table import predict, table
from stacks.capacity.calibration import CALIBRATION, IDEAL
from stacks.capacity.model import Layout, Request, estimate, kv_tokens
from stacks.capacity.shapes import SHAPES
from stacks.capacity.work import weight_bytes
from stacks.catalog import gpus
from stacks.catalog.gpus import GPUS

LLAMA, GPT, MINI = (SHAPES[n] for n in ("meta-llama/Llama-3.1-70B", "openai/gpt-oss-120b", "MiniMaxAI/MiniMax-M2.5"))
names = st.sampled_from(sorted(SHAPES))
cards = st.sampled_from(sorted(GPUS))
lengths = st.integers(1, 30000)


def _row(model: str, layout: Layout, batch: int, prompt: int, output: int) -> Row:
    return Row(
        shape=SHAPES[model], layout=layout, batch=batch, prompt=prompt, output=output, cached=0, age=0.5, ttft=1,
        tpot=1, gpu=layout.gpu, model=model, precision=layout.precision, engine="vllm", guessed=False, raw={},
    )  # fmt: skip


@settings(max_examples=40)
@given(names, cards, st.integers(1, 512), lengths, lengths, st.sampled_from(["bf16", "fp8", "fp4", "int4"]))
def test_the_fitted_arrays_and_the_shipped_floats_are_one_formula(
    model: str, gpu: str, batch: int, prompt: int, output: int, precision: str
) -> None:
    layout = Layout(gpu, 4, 1, precision)
    first, each = predict(table([_row(model, layout, batch, prompt, output)] * 2), CALIBRATION)
    one = estimate(SHAPES[model], layout, batch=batch, request=Request(prompt, output), age=0.5)
    assert np.allclose(first, one.ttft_ms, rtol=1e-6)
    assert np.allclose(each, one.tpot_ms, rtol=1e-6)


@settings(max_examples=40)
@given(names, st.integers(1, 256), lengths, lengths)
def test_a_longer_prompt_is_never_faster(model: str, batch: int, prompt: int, more: int) -> None:
    layout = Layout("b200", 8, 1, "fp8")
    short = estimate(SHAPES[model], layout, batch=batch, request=Request(prompt, 200))
    long = estimate(SHAPES[model], layout, batch=batch, request=Request(prompt + more, 200))
    assert short.ttft_ms <= long.ttft_ms * (1 + 1e-6)


@settings(max_examples=40)
@given(names, cards, st.integers(1, 256))
def test_no_estimate_beats_the_textbook_roofline(model: str, gpu: str, batch: int) -> None:
    layout, request = Layout(gpu, 4, 1, "fp8"), Request(1000, 500)
    real = estimate(SHAPES[model], layout, batch=batch, request=request)
    ideal = estimate(SHAPES[model], layout, batch=batch, request=request, calibration=IDEAL)
    assert real.tpot_ms >= ideal.tpot_ms
    assert real.ttft_ms >= ideal.ttft_ms


def test_twice_the_gpus_never_halve_a_decode_step_below_its_half() -> None:
    for ways in (1, 2, 4):
        few = estimate(LLAMA, Layout("h200", ways, 1, "fp8"), batch=8, request=Request(500, 500))
        many = estimate(LLAMA, Layout("h200", ways * 2, 1, "fp8"), batch=8, request=Request(500, 500))
        assert few.decode_step_ms / 2 < many.decode_step_ms < few.decode_step_ms


def test_pipeline_stages_hold_more_cache_but_do_not_shorten_one_request() -> None:
    one, two = Layout("h100", 4, 1, "fp8"), Layout("h100", 4, 2, "fp8")
    assert kv_tokens(LLAMA, two) > 2 * kv_tokens(LLAMA, one)
    alone = [estimate(LLAMA, x, batch=1, request=Request(4000, 400)) for x in (one, two)]
    assert alone[1].tpot_ms >= alone[0].tpot_ms
    assert alone[1].prefill_ms >= alone[0].prefill_ms


def test_pipeline_stages_share_the_batch_and_overlap_long_prompts() -> None:
    one, two = Layout("h200", 4, 1, "fp8"), Layout("h200", 4, 2, "fp8")
    loaded = [estimate(LLAMA, x, batch=64, request=Request(8000, 400)) for x in (one, two)]
    assert loaded[0].tpot_ms / 2 < loaded[1].tpot_ms < loaded[0].tpot_ms
    long = [estimate(LLAMA, x, batch=1, request=Request(60000, 100)).prefill_ms for x in (one, two)]
    assert long[0] / 2 < long[1] < long[0]


def test_requests_that_the_cache_cannot_hold_wait_for_their_first_token() -> None:
    layout = Layout("h100", 2, 1, "fp8")
    fits, spills = (estimate(LLAMA, layout, batch=b, request=Request(8000, 1000)) for b in (16, 64))
    assert spills.ttft_ms > 20 * fits.ttft_ms
    assert spills.tpot_ms < 3 * fits.tpot_ms


def test_a_sliding_window_stops_growing_with_the_context() -> None:
    layout, request = Layout("h100", 2, 1, "bf16"), Request(20000, 100)
    full = replace(GPT, window=0, window_layers=0)
    assert (
        estimate(GPT, layout, batch=8, request=request).tpot_ms
        < estimate(full, layout, batch=8, request=request).tpot_ms
    )


def test_four_bits_shrink_experts_alone_where_there_are_any() -> None:
    assert weight_bytes(LLAMA, "fp4") < 0.35 * weight_bytes(LLAMA, "bf16")
    experts = MINI.moe_layers * MINI.experts * MINI.expert_parameters
    assert weight_bytes(MINI, "bf16") - weight_bytes(MINI, "fp4") == pytest.approx(experts * (2 - 0.5625))


def test_four_bits_multiply_no_faster_than_bf16_where_the_gpu_cannot() -> None:
    request = Request(8000, 10)
    wide, narrow = (estimate(LLAMA, Layout("h200", 8, 1, p), batch=1, request=request) for p in ("bf16", "int4"))
    assert narrow.tpot_ms < wide.tpot_ms
    assert narrow.prefill_ms > 0.8 * wide.prefill_ms


@pytest.mark.parametrize("figure", ["bandwidth_gb_s", "interconnect_gb_s"])
def test_faster_memory_and_links_never_slow_a_step(figure: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layout, request = Layout("h100", 8, 1, "fp8"), Request(1000, 1000)
    before = estimate(MINI, layout, batch=64, request=request)
    monkeypatch.setitem(gpus.GPUS, "h100", replace(GPUS["h100"], **{figure: getattr(GPUS["h100"], figure) * 2}))
    after = estimate(MINI, layout, batch=64, request=request)
    assert after.tpot_ms < before.tpot_ms
    assert after.ttft_ms < before.ttft_ms
