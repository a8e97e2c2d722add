"""Builds the engine from Go modules: the versions and checksums are those of the go.mod and go.sum beside this file."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from rehearsal.engine import assembling, go_tool
from rehearsal.engine.errors import EngineError
from rehearsal.engine.go_tool import CACHE_VARIABLE, COLD_BUILD_BYTES, GoTool, Report
from rehearsal.engine.model import COMMAND, Progress, pinned_version

_SDK = "github.com/pulumi/pulumi/sdk/v3"
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"

_TAGS = "osusergo,grpcnotrace"
"""osusergo: no C library for user names. grpcnotrace: a smaller binary, and no trace pages nobody serves."""


def build(bin_folder: Path, *, progress: Progress, env: Mapping[str, str]) -> None:
    """Build the engine into `bin_folder`, with its helpers beside it. Raises EngineError before a doomed start.

    Takes three and a half minutes on two cores with empty caches, twelve seconds with full ones.
    """
    tool = go_tool.find(env, progress=progress)
    _refuse_full_disk(tool, bin_folder)
    bin_folder.mkdir(parents=True)
    progress(f"building the engine {pinned_version()} from Go modules; the first time takes minutes")
    total = _fetch(tool, progress)
    _compile(tool, bin_folder, total, progress)
    sdk = tool.read("list", "-m", "-f", "{{.Dir}}", _SDK).strip()
    assembling.assemble(bin_folder, sdk_module=Path(sdk))


def _refuse_full_disk(tool: GoTool, bin_folder: Path) -> None:
    modules, cache = (Path(line) for line in tool.read("env", "GOMODCACHE", "GOCACHE").split("\n")[:2])
    if _is_warm(modules, cache):
        return
    for folder in (bin_folder, modules, cache):
        free = shutil.disk_usage(_existing(folder)).free
        if free < COLD_BUILD_BYTES:
            raise EngineError(
                what=f"There are {free / 10**9:.1f} GB free for {folder}.",
                why=f"Building the Pulumi engine for the first time needs {COLD_BUILD_BYTES / 10**9:.0f} GB.",
                fix=f"Free some, or name a folder on another disk with {CACHE_VARIABLE}.",
            )


def _is_warm(modules: Path, cache: Path) -> bool:
    module = modules / "github.com" / "pulumi" / "pulumi" / "pkg" / f"v3@v{pinned_version()}"
    return module.is_dir() and any(cache.glob("0?"))


def _existing(folder: Path) -> Path:
    return next(candidate for candidate in (folder, *folder.parents) if candidate.exists())


def _fetch(tool: GoTool, progress: Progress) -> int:
    """Fetch the modules and return how many packages the engine has."""
    list_packages = ("list", "-deps", f"-tags={_TAGS}", _PACKAGE)
    fetched = 0
    report = Report(progress)
    for line in tool.messages(*list_packages):
        fetched += line is not None and line.startswith("go: downloading")
        report.now_and_then(f"fetched {fetched} modules")
    return len(tool.read(*list_packages).split())


def _compile(tool: GoTool, bin_folder: Path, total: int, progress: Progress) -> None:
    stamp = f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v{pinned_version()}"
    options = ["-buildvcs=false", f"-tags={_TAGS}", f"-ldflags=-s -w {stamp}"]
    compiled = 0
    report = Report(progress)
    for line in tool.messages("build", "-v", *options, "-o", str(bin_folder / COMMAND), _PACKAGE):
        # `go build -v` says one import path a line; its other messages are sentences.
        compiled += line is not None and " " not in line
        report.now_and_then(f"compiled {compiled} of at most {total} packages")
