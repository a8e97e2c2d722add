"""Time to first token and per token of a model on a layout, from its physics and a few constants."""

import math
from dataclasses import dataclass

from stacks.capacity.calibration import CALIBRATION, Calibration
from stacks.capacity.shape import BYTES, ModelShape
from stacks.catalog.gpus import GPUS, Gpu

BLOCK_TOKENS = 16
"""Tokens of one block of vLLM's KV cache (its default)."""


@dataclass(frozen=True)
class Layout:
    """How one replica lies on its GPUs."""

    gpu: str
    tensor_parallel: int
    pipeline_parallel: int
    precision: str

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.tensor_parallel * self.pipeline_parallel


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


def tflops(gpu: Gpu, precision: str) -> float:
    """Dense TFLOP/s that `precision` runs at; weights the GPU cannot multiply are widened to bf16."""
    return gpu.dense_tflops.get(precision, gpu.dense_tflops["bf16"])


def estimate(
    shape: ModelShape, layout: Layout, *, batch: float, request: Request, calibration: Calibration = CALIBRATION
) -> Estimate:
    """The estimate for a closed loop of `batch` requests (at least 1)."""
    gpu, c = GPUS[layout.gpu], calibration
    new = max(1.0, request.prompt_tokens - request.shared_prefix_tokens)
    prefill = _prefill(shape, layout, gpu, new, request.prompt_tokens, c)
    decode = _decode(shape, layout, gpu, batch, request.prompt_tokens + request.output_tokens / 2, c)
    tpot = decode + c.interference * (batch - 1) * prefill / max(1.0, request.output_tokens)
    ttft = c.first_ms + decode + prefill * (1 + c.queue * (batch - 1) / 2)
    return Estimate(ttft, tpot, ttft + tpot * max(0.0, request.output_tokens - 1), prefill, decode)


def _all_reduce(shape: ModelShape, layout: Layout, gpu: Gpu, tokens: float, c: Calibration) -> float:
    """Milliseconds of the two all-reduces per layer, and of launches."""
    fixed = shape.layers * c.layer_us / 1e3 + c.step_ms
    if layout.tensor_parallel == 1:
        return fixed
    ways = layout.tensor_parallel
    moved = 2 * (ways - 1) / ways * tokens * shape.hidden * 2
    return fixed + 2 * shape.layers * (c.hop_us * math.log2(ways) / 1e3 + moved / gpu.interconnect_gb_s / 1e6)


def _decode(shape: ModelShape, layout: Layout, gpu: Gpu, batch: float, context: float, c: Calibration) -> float:
    touched = float(shape.dense_parameters)
    if shape.experts:
        covered = shape.experts * (1 - (1 - shape.experts_per_token / shape.experts) ** batch)
        touched += shape.moe_layers * covered * shape.expert_parameters
    split = 1 if shape.kv_latent else min(layout.tensor_parallel, shape.kv_heads)
    read = touched * BYTES[layout.precision] / layout.tensor_parallel
    read += batch * context * shape.kv_bytes_per_token() / split
    memory = read / (gpu.bandwidth_gb_s * c.bandwidth) / 1e6
    flops = 2 * shape.active_parameters * batch / layout.tensor_parallel
    compute = flops / (tflops(gpu, layout.precision) * c.decode_compute) / 1e9
    return max(memory, compute) + _all_reduce(shape, layout, gpu, batch, c) + batch * c.request_us / 1e3


def _prefill(shape: ModelShape, layout: Layout, gpu: Gpu, new: float, prompt: float, c: Calibration) -> float:
    flops = 2 * shape.active_parameters * new / layout.tensor_parallel
    attention = 4 * shape.layers * shape.heads * shape.head_dim * new * (prompt - new / 2) / layout.tensor_parallel
    compute = flops / tflops(gpu, layout.precision) + attention / gpu.dense_tflops["bf16"]
    return compute / c.prefill_compute / 1e9 + _all_reduce(shape, layout, gpu, new, c)


def kv_tokens(shape: ModelShape, layout: Layout, memory_utilisation: float = 0.9) -> int:
    """Tokens of KV cache that a replica holds, in whole blocks; 0 when the weights do not fit.

    Each GPU keeps 2 GiB for activations and graphs (an assumption); latent caches are copied to every tensor rank.
    """
    gpu = GPUS[layout.gpu]
    free = (gpu.memory_gib * memory_utilisation - 2) * 2**30 - shape.weight_bytes(layout.precision) / layout.gpus
    split = 1 if shape.kv_latent else min(layout.tensor_parallel, shape.kv_heads)
    per_gpu = shape.kv_bytes_per_token() / split / layout.pipeline_parallel
    return max(0, int(free / per_gpu) // BLOCK_TOKENS * BLOCK_TOKENS)


def fits(shape: ModelShape, layout: Layout, tokens: int = 8192) -> bool:
    """Whether weights and a cache of `tokens` fit the layout."""
    return layout.tensor_parallel <= GPUS[layout.gpu].max_tp and kv_tokens(shape, layout) >= tokens
