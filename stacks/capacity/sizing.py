"""From an SLO and a demand to what one replica carries."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from stacks.capacity.calibration import IDEAL
from stacks.capacity.model import BLOCK_TOKENS, Estimate, Layout, Request, estimate, kv_tokens
from stacks.capacity.shape import ModelShape
from stacks.catalog.gpus import GPUS

ERRORS = Path(__file__).with_name("errors.json")
"""Errors on unseen rows, written by `bench/capacity_error.py --splits --store`."""


def _factor(what: str, figure: str) -> float:
    """The factor on estimated times that covers 9 in 10 rows of the line `what`."""
    lines = json.loads(ERRORS.read_text())["lines"]
    (fast,) = [line[figure]["fast"] for line in lines if line["what"] == what]
    return max(1.0, 1 / (1 + float(fast)))


CALIBRATED_MARGIN = _factor("every row by a fit without its model", "end_to_end")
"""Factor on times where measured points stand behind the GPU: 9 in 10 measured rows, each predicted by constants that
never saw its model, take no longer than estimate x margin."""

UNCALIBRATED_MARGIN = CALIBRATED_MARGIN * _factor("every row by a fit without its gpu", "end_to_end")
"""Factor where none do: the same for rows that never saw their GPU, on top. An extrapolation, not a measurement."""

TTFT_MARGIN = max(1.0, _factor("every row by a fit without its model", "ttft") / CALIBRATED_MARGIN)
"""Factor on the time to first token, which is predicted less well, on top of either."""

KV_HEADROOM = 1.2
"""20 % of cache kept free."""

MOST = 1024
"""Largest concurrency considered."""


@dataclass(frozen=True)
class Slo:
    """Bounds in milliseconds."""

    ttft_p95_ms: float
    tpot_p95_ms: float


@dataclass(frozen=True)
class Demand:
    """Tokens per request at p50 and p95, mean arrivals per second, and their burst factor."""

    requests_per_second: float
    burst: float
    prompt_p50: float
    prompt_p95: float
    output_p50: float
    output_p95: float
    shared_prefix_share: float = 0.0


@dataclass(frozen=True)
class ReplicaCapacity:
    """What one replica carries inside the SLO; rates already include the utilisation bound."""

    concurrency: int
    requests_per_second: float
    tokens_per_second: float
    limited_by: str
    """`ttft`, `tpot`, `kv` or `concurrency`."""
    ttft_ms: float
    tpot_ms: float
    kv_fit: int
    """Requests of p95 length that the cache holds."""
    calibrated: bool


@dataclass(frozen=True)
class Infeasible:
    """Why no concurrency meets the SLO."""

    constraint: str
    value: float
    bound: float


def margin(gpu: str) -> float:
    """The factor on estimated times for `gpu`."""
    return CALIBRATED_MARGIN if GPUS[gpu].calibrated else UNCALIBRATED_MARGIN


def replica_capacity(
    shape: ModelShape, layout: Layout, slo: Slo, demand: Demand, *, cold_cache: bool, utilisation: float = 0.65
) -> ReplicaCapacity | Infeasible:
    """The largest concurrency that meets `slo` at p95 lengths, as rates at `utilisation`."""
    if layout.tensor_parallel > GPUS[layout.gpu].max_tp:
        return Infeasible("tensor parallel size", layout.tensor_parallel, GPUS[layout.gpu].max_tp)
    longest = demand.prompt_p95 + demand.output_p95
    blocks = math.ceil(longest / BLOCK_TOKENS) * BLOCK_TOKENS
    held = int(kv_tokens(shape, layout) / KV_HEADROOM / blocks)
    if held < 1:
        return Infeasible("KV cache tokens", kv_tokens(shape, layout), blocks * KV_HEADROOM)
    shared = 0.0 if cold_cache else demand.prompt_p95 * demand.shared_prefix_share
    request = Request(demand.prompt_p95, demand.output_p95, shared)
    one = with_margin(shape, layout, 1, request)
    if against := _broken(one, slo):
        return against
    low, high = 1, min(held, MOST)
    while low < high:
        middle = (low + high + 1) // 2
        if _broken(with_margin(shape, layout, middle, request), slo):
            high = middle - 1
        else:
            low = middle
    here = with_margin(shape, layout, low, request)
    per_second = low / here.end_to_end_ms * 1e3 * utilisation
    return ReplicaCapacity(
        concurrency=low,
        requests_per_second=per_second,
        tokens_per_second=per_second * demand.output_p95,
        limited_by=_limit(low, held, with_margin(shape, layout, low + 1, request), slo),
        ttft_ms=here.ttft_ms,
        tpot_ms=here.tpot_ms,
        kv_fit=held,
        calibrated=GPUS[layout.gpu].calibrated,
    )


def with_margin(shape: ModelShape, layout: Layout, batch: float, request: Request) -> Estimate:
    """What a plan may promise: the estimate, lengthened by the model's error on unseen rows."""
    plain, wide = estimate(shape, layout, batch=batch, request=request), margin(layout.gpu)
    return Estimate(
        plain.ttft_ms * wide * TTFT_MARGIN,
        plain.tpot_ms * wide,
        plain.end_to_end_ms * wide + plain.ttft_ms * wide * (TTFT_MARGIN - 1),
        plain.prefill_ms * wide,
        plain.decode_step_ms * wide,
    )


def _broken(got: Estimate, slo: Slo) -> Infeasible | None:
    if got.ttft_ms > slo.ttft_p95_ms:
        return Infeasible("ttft", got.ttft_ms, slo.ttft_p95_ms)
    if got.tpot_ms > slo.tpot_p95_ms:
        return Infeasible("tpot", got.tpot_ms, slo.tpot_p95_ms)
    return None


def _limit(low: int, held: int, more: Estimate, slo: Slo) -> str:
    if low == held:
        return "kv"
    against = _broken(more, slo)
    return against.constraint if against and low < MOST else "concurrency"


def physical_floor(
    shape: ModelShape, gpus: Iterable[str], *, precision: str, request: Request
) -> tuple[float, float] | None:
    """Smallest TTFT and TPOT in ms that one request alone could see on any layout; None if none fits.

    A true bound: every weight read once at peak bandwidth, every operation done at peak arithmetic, all else free.
    """
    layouts = (Layout(gpu, ways, 1, precision) for gpu in gpus for ways in (1, 2, 4, 8) if ways <= GPUS[gpu].max_tp)
    needed = request.prompt_tokens + request.output_tokens
    fitting = [layout for layout in layouts if kv_tokens(shape, layout) >= needed]
    seen = [estimate(shape, layout, batch=1, request=request, calibration=IDEAL) for layout in fitting]
    return (min(e.ttft_ms for e in seen), min(e.tpot_ms for e in seen)) if seen else None
