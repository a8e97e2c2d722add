"""Run by an interpreter that has aiconfigurator: rows as JSON on stdin, [ttft, tpot] or null each on the last line."""

import contextlib
import json
import logging
import sys
from typing import Any


def answer(row: dict[str, Any]) -> list[float] | None:
    """One prediction; None where it refuses the model, system, precision or version."""
    from aiconfigurator.cli.api import cli_estimate

    layout, ranks = row["layout"], row["layout"]["attention_ranks"]
    gpus = layout["tensor_parallel"]
    dealt = layout["expert_parallel"]
    system = row["system"]
    try:
        got = cli_estimate(
            row["model"],
            system,
            backend_name="vllm",
            isl=int(row["isl"]),
            osl=int(row["osl"]),
            batch_size=max(1, int(row["batch"] / ranks)),
            tp_size=gpus // ranks,
            attention_dp_size=ranks,
            moe_tp_size=1 if dealt else gpus,
            moe_ep_size=gpus if dealt else 1,
            gemm_quant_mode=row["raw"].get("gemm_quant_mode") or None,
            moe_quant_mode=row["raw"].get("moe_quant_mode") or None,
        )
    except (Exception, SystemExit) as problem:  # it refuses in many ways
        print(f"{row['model']} {system}: {type(problem).__name__}: {problem}"[:300], file=sys.stderr)
        return None
    return [float(got.ttft), float(got.tpot)]


def main() -> None:
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(sys.stderr):
        answers = [answer(row) for row in json.load(sys.stdin)]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
