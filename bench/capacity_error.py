"""Error of the capacity model on unseen points: `python -m bench.capacity_error --rows FILE.csv [--splits]`."""

import argparse
from pathlib import Path

from bench.capacity_fit import fit, rows, summary
from stacks.capacity.calibration import CALIBRATION, Calibration


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--splits", action="store_true", help="leave one GPU, model, precision out; refit each time")
    given = parser.parse_args()
    some, refused = rows(given.rows)
    print(
        f"{len(some)} aggregated vLLM rows, {refused} refused; median, p90, signed median of end-to-end | TTFT | TPOT"
    )
    print("stored calibration (saw these if it was fitted on them)", *summary(some, CALIBRATION), sep=" | ")
    roofline = Calibration(1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
    print("textbook roofline, uncalibrated", *summary(some, roofline), sep=" | ")
    if not given.splits:
        return
    for key in ("gpu", "model", "precision"):
        for left in sorted({row[key] for row in some}):
            rest = [row for row in some if row[key] != left]
            seen = [row for row in some if row[key] == left]
            print(f"without {left} ({len(seen)})", *summary(seen, fit(rest[::4])), sep=" | ", flush=True)


if __name__ == "__main__":
    main()
