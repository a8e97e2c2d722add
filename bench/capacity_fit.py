"""Fits the capacity model's constants to measured rows: `python -m bench.capacity_fit FILE.csv`."""

import json
import sys
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from bench.capacity_rows import Row, read
from bench.capacity_table import ENGINES, Array, predict, table
from stacks.capacity.calibration import FILE, Calibration

FIXED = {"dense_fill", "queue", "cache_growth"}
SHARES = {"bandwidth", "kv_bandwidth", "activation", "compute", "expert_compute", "attention", "link", "burst"}
NAMES = [f.name for f in fields(Calibration) if f.name not in FIXED]
PULL = 4.0
"""How strongly a constant leans to its default, in units of one row's residual per factor e; chosen by the splits."""
PULLS = {"first_ms": 5.0, "launch_us": 0.3, "age_sequence_us": 0.3, "activation": 0.5, "expert_fill": 0.5}
OTHER_ENGINES = 0.15
"""Weight of a row of another engine: it informs hardware and models, the headline is vLLM."""
HABITS = ("kernel", "host", "first", "gemm")


def fit(rows: list[Row]) -> Calibration:
    """Constants by robust least squares on log errors; other engines get their own factors, which are dropped."""
    t = table(rows)
    used = (t.work.cache_tokens > 0) & (t.work.ways <= 8)
    weight = np.sqrt(np.where(t.engine == 0, 1.0, OTHER_ENGINES) * used)
    start = np.log([getattr(Calibration(), name) for name in NAMES] + [1.0] * len(HABITS) * 2)
    pull = PULL * np.array([PULLS.get(name, 1.0) for name in NAMES] + [1.0] * len(HABITS) * 2)
    upper = np.array([0.0 if name in SHARES else 12.0 for name in NAMES] + [5.0] * len(HABITS) * 2) + 1e-9

    def residuals(x: Array) -> Array:
        first, each = predict(t, _calibration(x, t.engine))
        return np.concatenate(
            [0.5 * weight * np.log(first / t.ttft), weight * np.log(each / t.tpot), pull * (x - start)]
        )

    found = least_squares(
        residuals, np.minimum(start, upper - 1e-3), bounds=(-12.0, upper), loss="soft_l1", f_scale=0.1, max_nfev=60
    )
    return Calibration(**dict(zip(NAMES, np.exp(found.x[: len(NAMES)]).tolist(), strict=True)))


def _calibration(x: Array, engine: NDArray[np.int64]) -> Calibration:
    """Constants of a trial, with every other engine's habits multiplied in, row by row."""
    values = np.exp(x)
    plain = dict(zip(NAMES, values[: len(NAMES)], strict=True))
    habits = np.vstack([np.ones(len(HABITS)), values[len(NAMES) :].reshape(2, len(HABITS))])[engine].T
    kernel, host, first, gemm = habits
    scaled = {
        "kernel_us": plain["kernel_us"] * kernel, "launch_us": plain["launch_us"] * kernel,
        "step_ms": plain["step_ms"] * host, "sequence_us": plain["sequence_us"] * host,
        "first_ms": plain["first_ms"] * first, "bandwidth": plain["bandwidth"] / gemm,
        "compute": plain["compute"] / gemm, "expert_compute": plain["expert_compute"] / gemm,
    }  # fmt: skip
    return replace(Calibration(), **cast("dict[str, Any]", plain | scaled))


def main() -> None:
    path = Path(sys.argv[1])
    rows, _ = read(path, engines=ENGINES)
    found = fit(rows)
    note = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "source": f"aggregated rows of {path.name}: vLLM, and with weight {OTHER_ENGINES} SGLang and TensorRT-LLM",
        "rows": len(rows),
        "unfitted": sorted(FIXED),
    }
    FILE.write_text(json.dumps(note | {"values": asdict(found)}, indent=1) + "\n")
    print(json.dumps(asdict(found), indent=1))


if __name__ == "__main__":
    main()
