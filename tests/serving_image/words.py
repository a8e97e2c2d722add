"""Names of vLLM's flags and metrics in texts, and which of them the pinned builds do not know; pure."""

import ast
import json
import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILDS = json.loads((ROOT / "serving-image" / "image.json").read_text())["builds"]
METRIC = re.compile(r"\bvllm:[a-z0-9_]+")
FLAG = re.compile(r"^--[a-z][a-z0-9-]+$")
ENDINGS = ("_total", "_created", "_bucket", "_sum", "_count", "_info")
"""What the Prometheus client appends to a metric's name, by its kind."""


def metrics(text: str) -> set[str]:
    """Every metric that a text names."""
    return set(METRIC.findall(text))


def unknown_metrics(text: str, known: Iterable[str]) -> set[str]:
    """Those of a text that the engine does not report under any name of a sample."""
    names = set(known)
    return {found for found in metrics(text) if not {found, *_without_ending(found)} & names}


def _without_ending(name: str) -> set[str]:
    return {name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)}


def flags(source: str) -> set[str]:
    """Every string of a Python source that is a long flag and nothing else."""
    constants = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str) and FLAG.match(value)}
