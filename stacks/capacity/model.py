"""Time to first token and per token of a model on a layout, from its physics and a few constants."""

from dataclasses import dataclass

from stacks.capacity.calibration import CALIBRATION, Calibration
from stacks.capacity.physics import times
from stacks.capacity.shape import ModelShape
from stacks.capacity.work import Layout, cache_tokens, tflops, work
from stacks.catalog.gpus import GPUS

__all__ = ["BLOCK_TOKENS", "Estimate", "Layout", "Request", "estimate", "fits", "kv_tokens", "tflops"]

BLOCK_TOKENS = 16
"""Tokens of one block of vLLM's KV cache (its default)."""


@dataclass(frozen=True)
class Request:
    """Lengths in tokens; the shared prefix is part of the prompt and already cached."""

    prompt_tokens: float
    output_tokens: float
    shared_prefix_tokens: float = 0


@dataclass(frozen=True)
class Estimate:
    """Milliseconds at steady state with `batch` requests in flight."""

    ttft_ms: float
    tpot_ms: float
    end_to_end_ms: float
    prefill_ms: float
    decode_step_ms: float


def estimate(
    shape: ModelShape,
    layout: Layout,
    *,
    batch: float,
    request: Request,
    calibration: Calibration = CALIBRATION,
    age: float = 0.0,
) -> Estimate:
    """The estimate for a closed loop of `batch` requests (at least 1); `age` as in `Work.age`.

    Requests that the cache cannot hold wait, which shows in the time to first token. Pipeline stages each run a share
    of the batch; no measured point stands behind more than one stage.
    """
    output = max(1.0, request.output_tokens)
    ttft, tpot, prefill, decode = times(
        work(shape, layout, age=age),
        calibration,
        batch=max(1.0, batch),
        prompt=max(1.0, request.prompt_tokens),
        cached=request.shared_prefix_tokens,
        output=output,
    )
    return Estimate(ttft, tpot, ttft + tpot * (output - 1), prefill, decode)


def kv_tokens(shape: ModelShape, layout: Layout, memory_utilisation: float = 0.9) -> int:
    """Tokens of KV cache that a replica holds, in whole blocks; 0 when the weights do not fit."""
    return int(cache_tokens(shape, layout, memory_utilisation)) // BLOCK_TOKENS * BLOCK_TOKENS


def fits(shape: ModelShape, layout: Layout, tokens: int = 8192) -> bool:
    """Whether weights and a cache of `tokens` fit the layout."""
    return layout.tensor_parallel <= GPUS[layout.gpu].max_tp and kv_tokens(shape, layout) >= tokens
