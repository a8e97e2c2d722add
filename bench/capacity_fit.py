"""Fits the capacity model's constants to measured rows: `python -m bench.capacity_fit FILE.csv`."""

import csv
import json
import math
import statistics
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stacks.capacity.calibration import FILE, Calibration
from stacks.capacity.model import Layout, Request, estimate
from stacks.capacity.shapes import SHAPES
from stacks.catalog.gpus import GPUS

Row = dict[str, Any]


def rows(path: Path) -> tuple[list[Row], int]:
    """Aggregated vLLM rows that can be read, and how many were refused."""
    with path.open() as opened:
        wanted = [r for r in csv.DictReader(opened) if r["backend"] == "vllm" and r["mode"] == "agg"]
    good = [_row(r) for r in wanted if r["model_path"] in SHAPES and r["system"].removesuffix("_sxm") in GPUS]
    return good, len(wanted) - len(good)


def _row(r: dict[str, str]) -> Row:
    gpu, ways = r["system"].removesuffix("_sxm"), int(r["tp_size"] or 1)
    layout = Layout(gpu, ways, int(r["pp_size"] or 1), r["precision"] or "bf16")
    ranks = int(r["attention_dp_size"] or 1)
    return {
        "shape": SHAPES[r["model_path"]], "layout": layout, "batch": float(r["batch_size"]), "ranks": ranks,
        "request": Request(int(r["isl"]), int(r["osl"])), "gpu": gpu, "model": r["model_path"],
        "precision": layout.precision, "osl": int(r["osl"]),
        "ttft": float(r["silicon_ttft_ms"]), "tpot": float(r["silicon_tpot_ms"]),
    }  # fmt: skip


def errors(row: Row, c: Calibration) -> tuple[float, float, float]:
    """Signed relative errors of end to end, TTFT and TPOT."""
    got = estimate(row["shape"], row["layout"], batch=row["batch"], request=row["request"], calibration=c)
    true = row["ttft"] + row["tpot"] * (row["osl"] - 1)
    return got.end_to_end_ms / true - 1, got.ttft_ms / row["ttft"] - 1, got.tpot_ms / row["tpot"] - 1


def _loss(some: list[Row], c: Calibration) -> float:
    total = 0.0
    for row in some:
        whole, first, each = errors(row, c)
        total += abs(math.log1p(whole)) + 0.5 * abs(math.log1p(first)) + 0.5 * abs(math.log1p(each))
    return total / len(some)


def fit(some: list[Row], rounds: int = 14) -> Calibration:
    """Constants by coordinate search in log space; shares stay at most 1."""
    best, step = Calibration(), 0.6
    least = _loss(some, best)
    for _ in range(rounds):
        before = least
        for name, old in asdict(best).items():
            for factor in (math.exp(step), math.exp(-step)):
                shares = ("bandwidth", "decode_compute", "prefill_compute")
                value = min(1.0, old * factor) if name in shares else old * factor
                trial = replace(best, **{name: value})
                if (loss := _loss(some, trial)) < least:
                    best, least = trial, loss
        if before - least < 0.002:
            step /= 2
    return best


def summary(some: list[Row], c: Calibration) -> list[str]:
    """Median, p90 and signed median of the three errors, as percentages."""
    columns = zip(*(errors(row, c) for row in some), strict=True)
    return [_three(list(column)) for column in columns]


def _three(column: list[float]) -> str:
    size = sorted(abs(x) for x in column)
    return f"{statistics.median(size):6.1%} {size[int(0.9 * (len(size) - 1))]:6.1%} {statistics.median(column):+6.1%}"


def main() -> None:
    some, _ = rows(Path(sys.argv[1]))
    found = fit(some[::2], rounds=18)
    note = {"date": "2026-11-25", "source": "aggregated vLLM rows of the measured sample, every second row"}
    FILE.write_text(json.dumps({**note, "rows": len(some[::2]), "values": asdict(found)}, indent=1) + "\n")


if __name__ == "__main__":
    main()
