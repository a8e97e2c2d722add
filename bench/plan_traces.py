"""Summaries of public request traces: percentiles of lengths, and arrivals by ten seconds.

`python -m bench.plan_traces FOLDER` writes `stacks/capacity/arrivals.json`. It reads, in FOLDER,
`AzureLLMInferenceTrace_{conv,code}.csv` (Azure/AzurePublicDataset) and `conversation_trace.jsonl` (kvcache-ai/Mooncake,
FAST25 traces). Only the summaries are kept here.
"""

import csv
import json
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.spread import percentile

TARGET = Path(__file__).parents[1] / "stacks" / "capacity" / "arrivals.json"
BIN_SECONDS = 10
AZURE = "Azure/AzurePublicDataset, AzureLLMInferenceTrace 2023, CC-BY"
MOONCAKE = "kvcache-ai/Mooncake, FAST25 release conversation_trace.jsonl"

Row = tuple[float, int, int]
"""Second, prompt tokens, output tokens."""


def azure(file: Path) -> list[Row]:
    with file.open(newline="") as lines:
        rows = [
            (datetime.fromisoformat(row["TIMESTAMP"][:26]), int(row["ContextTokens"]), int(row["GeneratedTokens"]))
            for row in csv.DictReader(lines)
        ]
    return [((moment - rows[0][0]).total_seconds(), prompt, output) for moment, prompt, output in rows]


def mooncake(file: Path) -> list[Row]:
    rows = (json.loads(line) for line in file.read_text().splitlines())
    return [(row["timestamp"] / 1000, row["input_length"], row["output_length"]) for row in rows]


def summary(rows: list[Row], source: str) -> dict[str, Any]:
    """Whole bins alone count, so that the last one is not short."""
    bins = int(rows[-1][0] // BIN_SECONDS)
    counts = Counter(int(second // BIN_SECONDS) for second, _, _ in rows)
    by_bin = [counts[number] for number in range(bins)]
    minutes = [sum(by_bin[start : start + 6]) for start in range(0, bins - 5, 6)]
    mean = sum(by_bin) / bins
    return {
        "source": source,
        "requests": len(rows),
        "mean_rps": round(mean / BIN_SECONDS, 4),
        "busiest_minute_over_mean": round(max(minutes) / 6 / mean, 3),
        "prompt_tokens": _lengths([prompt for _, prompt, _ in rows]),
        "output_tokens": _lengths([output for _, _, output in rows]),
        "bin_seconds": BIN_SECONDS,
        "relative_rate": [round(count / mean, 3) for count in by_bin],
    }


def _lengths(values: list[int]) -> dict[str, int]:
    ordered = [float(value) for value in sorted(values)]
    return {f"p{share}": round(percentile(ordered, share / 100)) for share in (5, 25, 50, 75, 90, 95, 99)}


def main(folder: Path) -> None:
    found = {
        "azure-conversation": summary(azure(folder / "AzureLLMInferenceTrace_conv.csv"), AZURE),
        "azure-code": summary(azure(folder / "AzureLLMInferenceTrace_code.csv"), AZURE),
        "mooncake-conversation": summary(mooncake(folder / "conversation_trace.jsonl"), MOONCAKE),
    }
    lines = [f" {json.dumps(name)}: {json.dumps(values)}" for name, values in found.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
