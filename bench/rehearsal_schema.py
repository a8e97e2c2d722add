"""Time to derive the shapes of a stack's types from the SDKs, and to read them: `python -m bench.rehearsal_schema`.

Each round is a process of its own for each cloud, with an empty folder of shapes first and the filled one after.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rehearsal.standins.replacing import TABLE

ROUNDS = 5
RESULTS = Path(__file__).parent / "results" / "rehearsal_schema.json"
ONE = """
import sys, time
from pathlib import Path
from rehearsal.standins.schemas import Schemas
start = time.perf_counter()
schemas = Schemas(sys.argv[1], Path(sys.argv[2]))
for token in sys.argv[3:]:
    assert schemas.shape(token) is not None, token
print(time.perf_counter() - start)
"""


def seconds(package: str, cache: Path, tokens: list[str]) -> float:
    """Seconds to have the shapes of `tokens`, the import of the SDK's modules included."""
    command = [sys.executable, "-c", ONE, package, str(cache), *tokens]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 2),
        "least": round(min(values), 2),
        "most": round(max(values), 2),
    }


def main() -> None:
    found: dict[str, dict[str, object]] = {}
    for package in ("aws", "gcp", "azure-native"):
        tokens = [token for token in TABLE if token.startswith(f"{package}:")]
        derived, kept = [], []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                derived.append(seconds(package, Path(folder), tokens))
                kept.append(seconds(package, Path(folder), tokens))
        found[package] = {"types": len(tokens), "derived_s": _spread(derived), "kept_s": _spread(kept)}
        print(package, found[package], flush=True)
    RESULTS.write_text(json.dumps({"date": time.strftime("%Y-%m-%d"), "rounds": ROUNDS, **found}, indent=1))


if __name__ == "__main__":
    main()
