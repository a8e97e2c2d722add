"""`python -m rehearsal.engine ensure`: print where the engine is, setting it up if need be."""

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from rehearsal.engine import EngineError, ensure


def main() -> int:
    """Run the command and return its exit code: 0, or 1 when there is no engine to be had."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.engine")
    parser.add_argument("action", choices=["ensure"], help="find the engine, or fetch or build it")
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parents[2], help="the checkout; this one if left out"
    )
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    given = parser.parse_args()
    try:
        engine = ensure(given.root, progress=_say, env=os.environ)
    except EngineError as error:
        _fail(error, as_json=given.json)
        return 1
    except KeyboardInterrupt:
        return 130
    if given.json:
        print(json.dumps({**dataclasses.asdict(engine), "bin_folder": str(engine.bin_folder)}))
    else:
        print(f"Pulumi {engine.version} in {engine.bin_folder} ({engine.source})")
    return 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(error: EngineError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"error": {"what": error.what, "why": error.why, "fix": error.fix}}))
        return
    for line in (error.what, error.why, error.fix):
        _say(line)


if __name__ == "__main__":
    sys.exit(main())
