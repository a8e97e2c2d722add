"""Builds the translator inside Envoy Gateway's module: version and checksum are those of go.mod and go.sum here."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rehearsal.engine import go_tool
from rehearsal.engine.go_tool import Product
from rehearsal.engine.model import Progress

MODULE = "github.com/envoyproxy/gateway"
MODULE_FOLDER = Path(__file__).parent
PRODUCT = Product(
    "The gateway's translator", "the gateway's Kubernetes form cannot be tried on a real Envoy without it"
)
_SOURCES = ("go.mod", "go.sum", "translate.go")
_NOT_COMPILED = shutil.ignore_patterns("*_test.go", "testdata", "release-notes", "examples", "site", "test")


def ensure(root: Path, *, progress: Progress, env: Mapping[str, str]) -> Path:
    """Return the translator of the checkout `root`, building it under `root/.meridian/gateway` if need be.

    Its program uses packages that are internal to Envoy Gateway, so it is compiled in a copy of that module; the copy's
    own go.sum pins all else. Raises EngineError when Go is missing or too old, or a module cannot be fetched.
    """
    text = b"".join((MODULE_FOLDER / name).read_bytes() for name in _SOURCES)
    command = root.absolute() / ".meridian" / "gateway" / hashlib.sha256(text).hexdigest()[:16] / "translate"
    if command.is_file():
        return command
    tool = go_tool.find(env, progress=progress, folder=MODULE_FOLDER, product=PRODUCT)
    command.parent.mkdir(parents=True, exist_ok=True)
    progress("building Envoy Gateway's translator from Go modules; the first time takes minutes")
    fetched = json.loads(tool.read("mod", "download", "-json", MODULE))
    with tempfile.TemporaryDirectory(dir=command.parent) as folder:
        module = Path(folder) / "module"
        shutil.copytree(fetched["Dir"], module, ignore=_NOT_COMPILED, copy_function=shutil.copyfile)
        program = module / "cmd" / "meridian" / "main.go"
        # The module cache is read-only, folders too, and so is their copy.
        program.parent.parent.chmod(0o755)
        program.parent.mkdir()
        shutil.copyfile(MODULE_FOLDER / "translate.go", program)
        made = Path(folder) / "translate"
        inside = replace(tool, folder=module)
        built = 0
        for line in inside.messages(
            "build", "-v", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", str(made), str(program)
        ):
            built += line is not None
            if line is None:
                progress(f"{built} packages fetched or compiled")
        _make_writable(module)
        # Renamed whole, so that a run that is cut off leaves none, and of two at once the last one stands.
        made.rename(command)
    return command


def _make_writable(folder: Path) -> None:
    for inner in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        inner.chmod(0o755)
