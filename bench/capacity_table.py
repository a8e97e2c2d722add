"""Measured rows as arrays, and the model's errors on them."""

from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from bench.capacity_rows import Row
from stacks.capacity.calibration import Calibration
from stacks.capacity.physics import times
from stacks.capacity.work import Work, work

Array = NDArray[np.float64]
ENGINES = ("vllm", "sglang", "trtllm")


@dataclass(frozen=True)
class Table:
    """Rows as arrays."""

    work: Work
    batch: Array
    prompt: Array
    output: Array
    cached: Array
    ttft: Array
    tpot: Array
    engine: NDArray[np.int64]


def table(rows: list[Row]) -> Table:
    """The rows, one array per figure."""
    each = [work(row.shape, row.layout, age=row.age) for row in rows]
    columns = {f.name: np.array([getattr(w, f.name) for w in each], float) for f in fields(Work)}

    def column(name: str) -> Array:
        return np.array([getattr(row, name) for row in rows], float)

    return Table(
        Work(**cast("dict[str, Any]", columns)),
        *(column(name) for name in ("batch", "prompt", "output", "cached", "ttft", "tpot")),
        np.array([ENGINES.index(row.engine) for row in rows]),
    )


def predict(t: Table, c: Calibration) -> tuple[Array, Array]:
    """TTFT and TPOT of every row, by the same lines that `estimate` runs."""
    got = times(
        t.work, c, batch=cast("float", t.batch), prompt=cast("float", t.prompt),
        cached=cast("float", t.cached), output=cast("float", t.output),
    )  # fmt: skip
    return cast("Array", got[0]), cast("Array", got[1])


def errors(rows: list[Row], c: Calibration) -> tuple[Array, Array, Array]:
    """Signed relative errors of end to end, TTFT and TPOT."""
    t = table(rows)
    first, each = predict(t, c)
    whole = (first + each * (t.output - 1)) / (t.ttft + t.tpot * (t.output - 1)) - 1
    return whole, first / t.ttft - 1, each / t.tpot - 1
