"""Run by an interpreter that has aiconfigurator: rows as JSON on stdin, [ttft, tpot] or null each on the last line."""

import contextlib
import json
import logging
import sys
from typing import Any

LOCAL = {"meta-llama/Llama-3.1-70B": "meta-llama/Meta-Llama-3.1-70B"}
"""Names under which it ships a configuration file, so that it needs no network."""


def answer(row: dict[str, Any]) -> list[float] | None:
    """Its prediction with the row's quantisation, else with the one it picks itself; None where it refuses both."""
    raw = row["raw"]
    stated = {key: raw[key] for key in ("gemm_quant_mode", "moe_quant_mode") if raw.get(key)}
    for modes in (stated, {"gemm_quant_mode": "bfloat16", "moe_quant_mode": raw.get("moe_quant_mode")}, {}):
        if got := _ask(row, modes):
            return got
    return None


def _ask(row: dict[str, Any], modes: dict[str, str]) -> list[float] | None:
    from aiconfigurator.cli.api import cli_estimate

    ranks, gpus = row["layout"]["attention_ranks"], row["layout"]["tensor_parallel"]
    dealt = row["layout"]["expert_parallel"]
    try:
        got = cli_estimate(
            LOCAL.get(row["model"], row["model"]),
            row["system"],
            backend_name="vllm",
            isl=int(row["isl"]),
            osl=int(row["osl"]),
            batch_size=max(1, int(row["batch"] / ranks)),
            tp_size=gpus // ranks,
            attention_dp_size=ranks,
            moe_tp_size=1 if dealt else gpus,
            moe_ep_size=gpus if dealt else 1,
            **modes,
        )
    except (Exception, SystemExit) as problem:  # it refuses in many ways
        print(f"{row['model']} {row['system']}: {type(problem).__name__}: {problem}"[:300], file=sys.stderr)
        return None
    return [float(got.ttft), float(got.tpot)]


def main() -> None:
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(sys.stderr):
        answers = [answer(row) for row in json.load(sys.stdin)]
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
