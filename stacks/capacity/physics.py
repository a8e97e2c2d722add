"""The time of one engine step and of a request, from work and hardware; the same lines run on floats and on arrays.

Milliseconds throughout, GB/s and TFLOP/s for rates, microseconds for the small constants.
"""

from stacks.capacity.calibration import Calibration
from stacks.capacity.work import Work

BUDGET = 8192
"""Tokens of a prefill chunk: vLLM's `max_num_batched_tokens` when it serves on data-centre GPUs."""

BUSIEST = 0.95
"""Utilisation beyond which the queue formula is no longer followed; a closed loop cannot exceed 1."""


def larger(a: float, b: float) -> float:
    """The larger of two, element by element on arrays."""
    return (a + b + abs(a - b)) / 2


def smaller(a: float, b: float) -> float:
    """The smaller of two, element by element on arrays."""
    return (a + b - abs(a - b)) / 2


def roofline(memory: float, compute: float) -> float:
    """A rounded maximum: near the ridge neither side is free."""
    both: float = (memory * memory + compute * compute) ** 0.5
    return both


def step(
    w: Work, c: Calibration, *, prefill: float = 0.0, before: float = 0.0, batch: float, context: float, graph: bool
) -> float:
    """One forward pass of `prefill` prompt tokens (mean context `before`) and `batch` decoding sequences at `context`.

    `graph`: replayed as a CUDA graph (decode alone); else launched from Python kernel by kernel.
    """
    tokens = larger(prefill + batch, 1e-6)
    moved = tokens * w.activation_bytes / (w.bandwidth * c.activation) / 1e6
    cache = w.kv_bytes * batch * context + w.window_kv_bytes * batch * smaller(context, w.window)
    spent = w.attention_flops * prefill * (w.full_layers * before + w.window_layers * smaller(before, w.window))
    gpu = _dense(w, c, tokens) + _experts(w, c, tokens) + moved
    gpu = gpu + cache / (w.bandwidth * c.kv_bandwidth) / 1e6 + spent / (w.attention_tflops * c.attention) / 1e9
    host = c.step_ms + batch * (c.sequence_us + w.age * c.age_sequence_us) / 1e3
    return gpu + _exchange(w, c, tokens) + _launches(w, c.kernel_us if graph else c.launch_us, c) + host


def _dense(w: Work, c: Calibration, tokens: float) -> float:
    memory = w.dense_bytes / (w.bandwidth * c.bandwidth) / 1e6
    compute = w.dense_flops * (tokens + c.dense_fill) / (w.dense_tflops * c.compute) / 1e9
    return roofline(memory, compute) + w.head_bytes / (w.bandwidth * c.bandwidth) / 1e6


def _experts(w: Work, c: Calibration, tokens: float) -> float:
    """Touched experts are read whole; a narrow shard of an expert reads at a lower rate."""
    touched = w.experts * (1 - (1 - w.experts_per_token / larger(w.experts, 1)) ** tokens)
    rate = w.bandwidth * w.shard_width / (w.shard_width + c.expert_width)
    memory = touched * w.expert_bytes / rate / 1e6
    fill = tokens * w.experts_per_token + touched * c.expert_fill
    compute = w.expert_flops * fill / (w.expert_tflops * c.expert_compute) / 1e9
    return (1 + c.expert_parallel * w.expert_parallel) * roofline(memory, compute)


def _exchange(w: Work, c: Calibration, tokens: float) -> float:
    latency: float = w.all_reduces * c.hop_us * (w.ways / 2) ** c.hop_power / 1e3
    moved = w.exchanged_bytes * tokens / (w.link * c.link) / 1e6
    total: float = (w.ways > 1) * (latency + moved) + w.stage_bytes * tokens / (w.link * c.link) / 1e6
    return total


def _launches(w: Work, us: float, c: Calibration) -> float:
    return (w.kernels * (1 + w.age * c.age_kernel) + w.moe_kernels * w.age * c.age_moe) * us / 1e3


def times(
    w: Work, c: Calibration, *, batch: float, prompt: float, cached: float, output: float
) -> tuple[float, float, float, float]:
    """TTFT, TPOT, one prompt's prefill and one decode step of a closed loop of `batch` requests."""
    mean = prompt + output / 2
    running = larger(1.0, smaller(batch, w.cache_tokens / (prompt + c.cache_growth * output)))
    lane = larger(1.0, running / w.stages)
    others = larger(0.0, lane - 1 / w.stages)
    decode = step(w, c, batch=lane, context=mean, graph=True)
    new = larger(1.0, prompt - cached)
    chunks = larger(1.0, new / BUDGET)
    middle = prompt - new / 2
    chunk = step(w, c, prefill=new / chunks, before=middle, batch=others, context=mean, graph=False)
    alone = step(w, c, batch=others, context=mean, graph=True)
    prefill = chunk * (1 + (chunks - 1) / w.stages)
    delay = larger(chunk - alone, 0.0) * chunks / w.stages
    tpot = decode + (running - 1) / output * delay
    whole = tpot * output + prefill
    busy = smaller(running * delay / whole, BUSIEST)
    queue = c.queue * busy / (1 - busy) * delay / 2 + c.burst * (running - 1) / 2 * delay
    full = (batch / running - 1) * (whole + queue)
    return c.first_ms + decode / 2 + prefill + queue + full, tpot, prefill, decode
