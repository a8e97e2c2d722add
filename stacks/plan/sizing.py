"""Size of one replica by an uncalibrated roofline, until the calibrated capacity model takes its place.

Decode is bound by reading weights and KV cache, prefill by arithmetic; both at fixed shares of
the datasheet's figures. No measured point is used, so every result says `uncalibrated` and all
times carry `SAFETY`. Memory and time to first token are judged at p95 lengths, the flow of work at
mean lengths (log-normal through p50 and p95); caches are cold.
"""

from dataclasses import dataclass
from math import exp, log

from stacks.catalog.model import Machine
from stacks.config import Model
from stacks.config_fleet import ModelDemand, Slo, Tokens
from stacks.plan.fleet_model import Rejection
from stacks.plan.sizer import Sized

SAFETY = 1.4
"""Factor on all times; the textbook roofline's median error is 39 % against measured rows."""
MEMORY_SHARE, KV_HEADROOM = 0.9, 0.8
DECODE_EFFICIENCY, PREFILL_EFFICIENCY = 0.7, 0.45
SYNC_SECONDS = {"nvlink": 12e-6, "nvlink-bridge": 20e-6, "pcie": 60e-6, "none": 0.0}
"""Time of one all-reduce; two per layer when a replica spans GPUs."""
EDGE_SECONDS = 0.05
"""Gateway, queue hand-over and header hold, added to the time to first token."""
STEP_SECONDS = 0.003
BYTES = {"bf16": 2, "fp8": 1}
MOST_CONCURRENCY = 256


@dataclass(frozen=True)
class _Gpu:
    bandwidth: float
    """Bytes per second (datasheet)."""
    bf16: float
    """Dense FLOP per second (datasheet)."""
    fp8: float | None


GPUS = {
    "t4": _Gpu(0.32e12, 65e12, None),
    "l4": _Gpu(0.3e12, 121e12, 242e12),
    "a10g": _Gpu(0.6e12, 70e12, None),
    "a10": _Gpu(0.6e12, 125e12, None),
    "l40s": _Gpu(0.864e12, 362e12, 733e12),
    "a100-40gb": _Gpu(1.555e12, 312e12, None),
    "a100-80gb": _Gpu(2.0e12, 312e12, None),
    "h100": _Gpu(3.35e12, 989e12, 1979e12),
    "h100-nvl": _Gpu(3.9e12, 835e12, 1671e12),
    "h200": _Gpu(4.8e12, 989e12, 1979e12),
    "b200": _Gpu(8.0e12, 2250e12, 4500e12),
}


@dataclass(frozen=True)
class _Shape:
    parameters: float
    layers: int
    kv_width: int
    """KV heads times head size: values of one key per layer and token."""


SHAPES = {
    "Llama-3.2-1B": _Shape(1.24e9, 16, 512),
    "Llama-3.2-3B": _Shape(3.21e9, 28, 1024),
    "Llama-3.1-8B": _Shape(8.03e9, 32, 1024),
    "Llama-3.1-70B": _Shape(70.6e9, 80, 1024),
    "Llama-3.3-70B": _Shape(70.6e9, 80, 1024),
    "Llama-3.1-405B": _Shape(405.9e9, 126, 1024),
}
"""Published `config.json` figures, by the model's name without owner and `-Instruct`."""


def mean(tokens: Tokens) -> float:
    """Mean of the log-normal distribution through two percentiles, in tokens."""
    sigma = log(tokens.p95 / tokens.p50) / 1.6449
    return tokens.p50 * exp(min(sigma, 3.0) ** 2 / 2)


def size(model: Model, demand: ModelDemand, machine: Machine, gpus: int, utilisation: float) -> Sized | Rejection:
    """One replica of `model` on `gpus` GPUs of `machine`."""
    shape = SHAPES.get(model.source.rpartition("/")[2].removesuffix("-Instruct"))
    if shape is None:
        return Rejection("known model shape", model.source, ", ".join(sorted(SHAPES)))
    gpu, slo = GPUS.get(machine.gpu), model.slo
    if gpu is None or slo is None:
        return Rejection("known GPU figures", machine.gpu, ", ".join(sorted(GPUS)))
    flops = gpu.fp8 if model.precision == "fp8" else gpu.bf16
    if flops is None:
        return Rejection("precision in hardware", f"no {model.precision} on {machine.gpu}", model.precision)
    return _sized(shape, gpu.bandwidth * gpus, flops * gpus, model, slo, demand, machine, gpus, utilisation)


def _sized(
    shape: _Shape,
    bandwidth: float,
    flops: float,
    model: Model,
    slo: Slo,
    demand: ModelDemand,
    machine: Machine,
    gpus: int,
    utilisation: float,
) -> Sized | Rejection:
    weights = shape.parameters * BYTES[model.precision]
    prompt, output = demand.prompt_tokens, demand.output_tokens
    token = 2 * shape.kv_width * shape.layers * 2.0
    cache = (prompt.p95 + output.p95) * token
    free = gpus * machine.gpu_memory_gib * 2**30 * MEMORY_SHARE - weights
    fitting = min(int(free * KV_HEADROOM / cache), MOST_CONCURRENCY)
    if fitting < 1:
        need = (weights + cache / KV_HEADROOM) / MEMORY_SHARE / 2**30
        return Rejection("memory", f"{gpus * machine.gpu_memory_gib:.0f} GiB", f"at least {need:.0f} GiB")
    sync = 2 * shape.layers * SYNC_SECONDS[machine.link] if gpus > 1 else 0.0

    def prefill(tokens: float) -> float:
        return SAFETY * (2 * shape.parameters * tokens / (flops * PREFILL_EFFICIENCY) + sync + STEP_SECONDS)

    first = prefill(prompt.p95) / (1 - utilisation) + EDGE_SECONDS
    if first * 1000 > slo.ttft_p95_ms:
        return Rejection("TTFT p95", f"{first * 1000:.0f} ms", f"at most {slo.ttft_p95_ms} ms")

    def rate_and_pace(concurrency: int) -> tuple[float, float]:
        read = (weights + concurrency * (mean(prompt) + mean(output)) * token) / (bandwidth * DECODE_EFFICIENCY)
        step = SAFETY * (read + sync + STEP_SECONDS)
        fill = prefill(mean(prompt))
        rate = utilisation / (fill + mean(output) * step / concurrency)
        return rate, step / (1 - rate * fill) * 1000

    meets = [each for each in range(1, fitting + 1) if rate_and_pace(each)[1] <= slo.tpot_p95_ms]
    if not meets:
        return Rejection("TPOT p95", f"{rate_and_pace(1)[1]:.1f} ms", f"at most {slo.tpot_p95_ms:g} ms")
    return Sized(rate_and_pace(meets[-1])[0], meets[-1], uncalibrated=True)
