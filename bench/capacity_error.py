"""Error of the capacity model on measured points.

`python -m bench.capacity_error --rows FILE.csv [--splits] [--json OUT] [--aiconfigurator PYTHON]`
"""

import argparse
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from bench.capacity_aic import predicted
from bench.capacity_fit import fit
from bench.capacity_rows import Row, read
from bench.capacity_table import ENGINES, Array, errors
from stacks.capacity.calibration import CALIBRATION, FILE, IDEAL, Calibration

ERRORS = FILE.with_name("errors.json")
KEYS = ("gpu", "model", "precision")
Line = dict[str, Any]


def summary(name: str, three: tuple[Array, Array, Array]) -> Line:
    """Median and p90 of |error|, the signed median, and `fast`: the signed error that 9 in 10 rows lie above."""
    line: Line = {"what": name, "rows": len(three[0])}
    for which, column in zip(("end_to_end", "ttft", "tpot"), three, strict=True):
        size = np.abs(column)
        line[which] = {
            "median": round(float(np.median(size)), 4),
            "p90": round(float(np.percentile(size, 90)), 4),
            "bias": round(float(np.median(column)), 4),
            "fast": round(float(np.percentile(column, 10)), 4),
        }
    return line


def _print(line: Line) -> None:
    parts = [f"{line['what']:48}", f"{line['rows']:5}"]
    for which in ("end_to_end", "ttft", "tpot"):
        got = line[which]
        parts.append(f"{got['median']:6.1%} {got['p90']:7.1%} {got['bias']:+7.1%}")
    print(" | ".join(parts), flush=True)


def groups(rows: list[Row]) -> list[tuple[str, str]]:
    """Every key and value that rows can be told apart by."""
    return [(key, value) for key in KEYS for value in sorted({getattr(row, key) for row in rows})]


def splits(rows: list[Row], everything: list[Row]) -> list[Line]:
    """Each GPU, model and precision by constants fitted without it in any engine's rows; then each key's all."""
    lines, pooled = [], []
    for key in KEYS:
        parts = []
        for value in sorted({getattr(row, key) for row in rows}):
            seen = [row for row in rows if getattr(row, key) == value]
            parts.append(errors(seen, fit([row for row in everything if getattr(row, key) != value])))
            lines.append(summary(f"without {value}", parts[-1]))
            _print(lines[-1])
        whole = tuple(np.concatenate(column) for column in zip(*parts, strict=True))
        pooled.append(summary(f"every row by a fit without its {key}", (whole[0], whole[1], whole[2])))
        _print(pooled[-1])
    return lines + pooled


def _by_group(rows: list[Row], c: Calibration) -> list[Line]:
    return [summary(v, errors([r for r in rows if getattr(r, k) == v], c)) for k, v in groups(rows)]


def _refusals(rows: list[Row], refused: Counter[str]) -> None:
    total = len(rows) + sum(refused.values())
    print(
        f"{total} aggregated vLLM rows, {sum(refused.values())} refused ({sum(refused.values()) / max(1, total):.1%})"
    )
    for reason, count in refused.most_common():
        print(f"  {count} x {reason}")
    if guessed := Counter(row.model for row in rows if row.guessed):
        print(f"  shape guessed from the name: {dict(guessed)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True, help="columns as in the sample; only a few are required")
    parser.add_argument("--splits", action="store_true", help="leave one GPU, model, precision out; refit each time")
    parser.add_argument("--store", action="store_true", help="with --splits: margins of the plan follow these errors")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--aiconfigurator", type=Path, help="a Python that has aiconfigurator")
    parser.add_argument("--most", type=int, default=300, help="rows to ask aiconfigurator about, evenly taken")
    given = parser.parse_args()
    rows, refused = read(given.rows)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    print(f"{today}; calibration of {json.loads(FILE.read_text())['date']}; |error| median, p90, signed median of")
    print("end to end | TTFT | TPOT")
    _refusals(rows, refused)
    if not rows:
        return
    out: dict[str, Any] = {"date": today, "rows": len(rows), "refused": dict(refused)}
    out["stored"] = [summary("all", errors(rows, CALIBRATION)), *_by_group(rows, CALIBRATION)]
    out["roofline"] = [summary("textbook roofline, uncalibrated", errors(rows, IDEAL))]
    if guessed := [row for row in rows if row.guessed]:
        out["stored"].append(summary("guessed shapes alone", errors(guessed, CALIBRATION)))
    for line in [*out["stored"], *out["roofline"]]:
        _print(line)
    if given.splits:
        out["splits"] = splits(rows, read(given.rows, engines=ENGINES)[0])
        if given.store:
            ERRORS.write_text(
                json.dumps({"date": today, "source": given.rows.name, "lines": out["splits"]}, indent=1) + "\n"
            )
    if given.aiconfigurator:
        out["aiconfigurator"] = _against(rows, given.aiconfigurator, given.most)
    if given.json:
        given.json.write_text(json.dumps(out, indent=1) + "\n")


def _against(rows: list[Row], python: Path, most: int) -> list[Line]:
    asked = rows[:: max(1, len(rows) // most)]
    answers = predicted(asked, python)
    both = [(row, answer) for row, answer in zip(asked, answers, strict=True) if answer]
    print(f"aiconfigurator answers {len(both)} of {len(asked)} rows asked")
    if not both:
        return []
    seen = [row for row, _ in both]
    first, each = (np.array([answer[i] for _, answer in both]) for i in (0, 1))
    ttft, tpot = np.array([r.ttft for r in seen]), np.array([r.tpot for r in seen])
    steps = np.array([r.output - 1 for r in seen])
    three = ((first + each * steps) / (ttft + tpot * steps) - 1, first / ttft - 1, each / tpot - 1)
    lines = [summary("aiconfigurator", three), summary("this model, same rows", errors(seen, CALIBRATION))]
    for line in lines:
        _print(line)
    return lines


if __name__ == "__main__":
    main()
