"""aiconfigurator's prediction of the same rows, by an interpreter that has it; it is no dependency of the project."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from bench.capacity_rows import Row

SCRIPT = Path(__file__).with_name("aiconfigurator_script.py")


def predicted(rows: list[Row], python: Path) -> list[list[float] | None]:
    """TTFT and TPOT in ms per row; None where it refuses."""
    asked = [
        {
            "model": row.model, "system": row.raw["system"], "precision": row.precision, "batch": row.batch,
            "isl": row.prompt, "osl": row.output, "layout": asdict(row.layout), "raw": row.raw,
        }
        for row in rows
    ]  # fmt: skip
    done = subprocess.run([python, SCRIPT], input=json.dumps(asked), capture_output=True, text=True, check=True)
    answers: list[list[float] | None] = json.loads(done.stdout.splitlines()[-1])
    return answers
