"""Shapes built in, by Hugging Face id, and how a name finds one.

`shapes.csv` was written 2026-11-25 from general knowledge. Llama 3.1, Qwen3, DeepSeek V3 and R1, Kimi K2 and K2.5,
MiniMax M2.5, Mixtral, gpt-oss, GLM-5 and Qwen3.5 were then compared with the config.json files in the package
aiconfigurator-core 0.12 (Apache-2.0) and agree; the others are held against published parameter counts only.
"""

import csv
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from stacks.capacity.shape import ModelShape

FILE = Path(__file__).with_name("shapes.csv")
_FLAGS = {"tied", "qk_norm", "wide_qk_norm", "biased_router"}
_VARIANT = re.compile(
    r"[-_](instruct|chat|it|base|hf|fp8|fp4|nvfp4|mxfp4|bf16|int4|int8|awq|gptq|w4a16|w8a8|dynamic|thinking|preview|"
    r"kv|block|latest|quantized|v0\.\d|\d{4,6}|original|speciale|exp|tee)$"
)
_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)b(?:-a(\d+(?:\.\d+)?)b)?", re.IGNORECASE)


def _read() -> tuple[dict[str, ModelShape], dict[str, str]]:
    shapes: dict[str, ModelShape] = {}
    keys: dict[str, str] = {}
    for row in csv.DictReader(FILE.read_text().splitlines()):
        name = row["name"]
        values: dict[str, Any] = {f.name: _value(f.name, row[f.name]) for f in fields(ModelShape)}
        shapes[name] = ModelShape(**values)
        for key in (plain(name), *(row["aliases"] or "").split()):
            keys[key] = name
    return shapes, keys


def _value(name: str, text: str) -> int:
    return bool(text) if name in _FLAGS else int(text or 0)


def plain(name: str) -> str:
    """A model's name without owner, quantisation and tuning: `nvidia/Qwen3-32B-NVFP4` is `qwen3-32b`."""
    short = name.rsplit("/", 1)[-1].lower()
    short = re.sub(r"^meta-(?=llama)", "", short).replace("llama3", "llama-3").replace("llama2", "llama-2")
    short = re.sub(r"^.*distill[-_]", "", short)
    while (shorter := _VARIANT.sub("", short)) != short:
        short = shorter
    return short


_SHAPES, _KEYS = _read()
_SPELLED = (
    "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct", "meta-llama/Llama-3.3-70B-Instruct",
    "meta-llama/Llama-3.1-405B-Instruct", "meta-llama/Llama-3.2-1B-Instruct", "meta-llama/Llama-3.2-3B-Instruct",
    "nvidia/Qwen3-32B-NVFP4", "Qwen/Qwen3-235B-A22B-FP8", "MiniMaxAI/MiniMax-M2.5", "moonshotai/Kimi-K2.5",
    "deepseek-ai/DeepSeek-R1", "nvidia/DeepSeek-R1-NVFP4", "nvidia/DeepSeek-V3.1-NVFP4",
)  # fmt: skip
SHAPES: dict[str, ModelShape] = {**_SHAPES, **{name: _SHAPES[_KEYS[plain(name)]] for name in _SPELLED}}
"""Every shape by its exact id; `find_shape` also knows variants."""


@dataclass(frozen=True)
class Found:
    """A shape and how it was found."""

    shape: ModelShape
    known_as: str
    guessed: bool
    """Interpolated from the size in the name; never good enough for a plan."""


def find_shape(name: str) -> Found | None:
    """The shape of a model by name, else one guessed from the sizes the name states, else None."""
    if name in SHAPES:
        return Found(SHAPES[name], name, guessed=False)
    key = plain(name)
    if key in _KEYS:
        return Found(_SHAPES[_KEYS[key]], _KEYS[key], guessed=False)
    starts = [known for known in _KEYS if key.startswith((known + "-", known + "_")) and _same_size(known, key)]
    if starts:
        best = _KEYS[max(starts, key=len)]
        return Found(_SHAPES[best], best, guessed=False)
    return _guess(key)


def _same_size(known: str, key: str) -> bool:
    """Whether the longer name states no other size than the known one."""
    said = _SIZE.search(key)
    return said is None or _SIZE.search(known) is not None


def _guess(key: str) -> Found | None:
    if not (said := _SIZE.search(key)):
        return None
    total, active = float(said[1]) * 1e9, float(said[2] or 0) * 1e9
    kind = [(n, s) for n, s in _SHAPES.items() if (s.experts > 0) == (active > 0)]
    name, near = min(kind, key=lambda pair: _distance(pair[1], total, active))
    layers = max(near.dense_layers + 1, round(near.layers * total / near.parameters))
    windowed = round(near.window_layers * layers / near.layers)
    return Found(replace(near, layers=layers, window_layers=windowed), f"like {name}", guessed=True)


def _distance(shape: ModelShape, total: float, active: float) -> float:
    apart = max(shape.parameters / total, total / shape.parameters)
    if active:
        apart *= max(shape.active_parameters / active, active / shape.active_parameters)
    return apart
