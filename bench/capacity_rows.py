"""Measured rows as the capacity model's inputs: what a row's columns mean, and which rows are refused."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from stacks.capacity.shape import BYTES, ModelShape
from stacks.capacity.shapes import find_shape
from stacks.capacity.work import Layout, cache_tokens
from stacks.catalog.gpus import GPUS, find_gpu

Raw = dict[str, str]
UNKNOWN_AGE = 0.15
"""Where neither version nor date is told: the mean of the sample's rows that name a version."""


class RowRefused(ValueError):
    """A row the model does not answer; the message is the reason."""


@dataclass(frozen=True)
class Row:
    """One measured point of a closed loop."""

    shape: ModelShape
    layout: Layout
    batch: float
    """Requests in flight over the whole replica."""
    prompt: float
    output: float
    cached: float
    age: float
    ttft: float
    tpot: float
    gpu: str
    model: str
    precision: str
    engine: str
    guessed: bool
    raw: Raw


def read(path: Path, *, engines: tuple[str, ...] = ("vllm",)) -> tuple[list[Row], Counter[str]]:
    """Aggregated rows of `engines`, and the reasons of those refused; absent optional columns count as 1 or unknown."""
    rows, refused = [], Counter[str]()
    with path.open(newline="") as opened:
        for raw in csv.DictReader(opened):
            if raw.get("mode") not in {"agg", "", None} or (raw.get("backend") or "vllm") not in engines:
                continue
            try:
                rows.append(_row(raw))
            except (ValueError, KeyError) as problem:
                refused[str(problem)] += 1
    return rows, refused


def _whole(raw: Raw, key: str) -> int:
    text = raw.get(key) or ""
    return max(1, int(float(text))) if text else 1


def _row(raw: Raw) -> Row:
    gpu, found = find_gpu(raw["system"]), find_shape(raw["model_path"])
    if gpu is None:
        message = f"unknown GPU {raw['system']}: add it to stacks/catalog/gpus.py"
        raise RowRefused(message)
    if found is None:
        message = f"unknown model {raw['model_path']}: add it to stacks/capacity/shapes.csv"
        raise RowRefused(message)
    precision = (raw.get("precision") or "bf16").lower()
    if precision not in BYTES:
        message = f"unknown precision {precision}: add it to BYTES in stacks/capacity/shape.py"
        raise RowRefused(message)
    engine = raw.get("backend") or "vllm"
    layout, batch = placement(raw, gpu.name, precision)
    if engine == "vllm" and cache_tokens(found.shape, layout, 0.95) <= 0:
        message = f"the weights of {raw['model_path']} do not fit {layout.gpus} {gpu.name} at {precision}"
        raise RowRefused(message)
    prompt = float(raw["isl"])
    return Row(
        shape=found.shape, layout=layout, batch=batch, prompt=prompt, output=float(raw["osl"]),
        cached=min(float(raw.get("prefix") or 0), prompt - 1), age=_age(raw) if engine == "vllm" else 0.0,
        ttft=float(raw["silicon_ttft_ms"]), tpot=float(raw["silicon_tpot_ms"]), gpu=gpu.name,
        model=raw["model_path"], precision=precision, engine=engine, guessed=found.guessed, raw=raw,
    )  # fmt: skip


def placement(raw: Raw, gpu: str, precision: str) -> tuple[Layout, float]:
    """Layout and requests in flight, from columns whose meaning differs between the sample's sources.

    `batch_size` is per attention rank, so batch_size x attention_dp_size is the concurrency (the sources' own
    `silicon_concurrency` agrees where it is given). Two sources count expert parallelism twice: `tp 64, moe_tp 8,
    moe_ep 8` is one machine of 8, and `tp 4, attention_dp 4, moe_ep 16` is 4 GPUs (its times equal those of `tp 4`).
    """
    tensor, ranks = _whole(raw, "tp_size"), _whole(raw, "attention_dp_size")
    slices, dealt, stages = _whole(raw, "moe_tp_size"), _whole(raw, "moe_ep_size"), _whole(raw, "pp_size")
    batch = float(raw["batch_size"]) * ranks
    if slices == dealt > 2 and max(tensor, ranks) == slices * dealt:
        gpus, groups = slices, slices if ranks > 1 else 1
    elif ranks > 1 and tensor > 1 and dealt == tensor * ranks:
        gpus, groups = tensor, 1
    else:
        gpus = max(tensor * ranks, slices * dealt)
        groups = max(1, gpus // tensor)
        batch = max(batch, float(raw["batch_size"]) * groups) if raw.get("attention_dp_size") else batch
    native = precision == "fp4" and "fp4" in GPUS[gpu].dense_tflops
    # Published recipes for four-bit checkpoints on Blackwell keep the cache in fp8, the others in bf16.
    cache = "fp8" if native else "bf16"
    return Layout(gpu, gpus, stages, precision, groups, dealt > 1 and slices != dealt, cache), batch


def _age(raw: Raw) -> float:
    """0 for vLLM 0.18 and later, 1 for 0.11 and earlier; by measurement date where no version is told."""
    version, measured = raw.get("backend_version") or "", re.search(r"measured=(\d{4})", str(raw))
    if minor := re.match(r"0\.(\d+)", version):
        return min(1.0, max(0.0, (18 - int(minor[1])) / 7))
    if "nightly" in version or (version and version[0].isdigit()):
        return 0.0
    if measured:
        return 0.0 if int(measured[1]) > 2025 else 1.0
    return UNKNOWN_AGE
