"""Time of one capacity estimate: `python -m bench.capacity_speed`; target under 1 ms."""

import json
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from stacks.capacity.model import Layout, Request, estimate
from stacks.capacity.shapes import SHAPES

OUT = Path(__file__).with_name("results") / "capacity_speed.json"
EACH = 200


def main() -> None:
    cases = [
        (shape, Layout(gpu, ways, 1, "fp8"), batch)
        for shape in SHAPES.values()
        for gpu in ("h100", "b200")
        for ways in (1, 8)
        for batch in (1, 64)
    ]
    took = []
    for shape, layout, batch in cases:
        begin = time.perf_counter()
        for _ in range(EACH):
            estimate(shape, layout, batch=batch, request=Request(1000, 1000))
        took.append((time.perf_counter() - begin) / EACH * 1e3)
    took.sort()
    result = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "cases": len(cases),
        "median_ms": round(statistics.median(took), 4),
        "p10_ms": round(took[len(took) // 10], 4),
        "p90_ms": round(took[len(took) * 9 // 10], 4),
        "worst_ms": round(took[-1], 4),
        "target_ms": 1.0,
    }
    OUT.write_text(json.dumps(result, indent=1) + "\n")
    print(result)


if __name__ == "__main__":
    main()
