"""Definitions of kinds that controllers bring (CRDs), from the Go modules that go.mod pins in the folder `crds`."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rehearsal.engine import go_tool
from rehearsal.engine.go_tool import GoTool
from rehearsal.engine.model import Progress
from rehearsal.lab.api import Api, Object
from rehearsal.lab.binaries import MODULES, PRODUCT

FOLDER = MODULES / "crds"

FILES: Mapping[str, tuple[str, ...]] = {
    "github.com/envoyproxy/gateway": ("charts/gateway-helm/charts/crds/crds/**/*.yaml",),
    "github.com/kedacore/keda/v2": ("config/crd/bases/keda.sh_*.yaml",),
    "sigs.k8s.io/lws": ("config/crd/bases/*.yaml",),
    "github.com/cert-manager/cert-manager": ("deploy/crds/*.yaml",),
    "github.com/prometheus-operator/prometheus-operator": tuple(
        f"example/prometheus-operator-crd/monitoring.coreos.com_{kind}.yaml"
        for kind in ("podmonitors", "servicemonitors", "prometheusrules")
    ),
    "github.com/aws/karpenter-provider-aws": ("pkg/apis/crds/*.yaml",),
}
"""Where the definitions lie in each module."""

ESTABLISHED_SECONDS = 60
WRITERS = 4


def ensure_definitions(root: Path, progress: Progress, env: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the definitions, fetching their modules once for the checkout `root`.

    They are kept as JSON under `root/.meridian/lab`: as YAML they take seconds to read. Raises EngineError when Go is
    missing or a module cannot be fetched.
    """
    kept = root.absolute() / ".meridian" / "lab" / f"definitions-{_key()}.json"
    if not kept.is_file():
        tool = go_tool.find(env, progress=progress, folder=FOLDER, product=PRODUCT)
        progress("fetching the definitions of kinds from Go modules")
        found = [*_own(), *(each for module in versions() for each in _of_module(tool, module))]
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = kept.with_suffix(".new")
        new.write_text(json.dumps(found), encoding="utf-8")
        new.rename(kept)
    return list(json.loads(kept.read_text(encoding="utf-8")))


@cache
def versions() -> Mapping[str, str]:
    """The pinned version of each module."""
    text = (FOLDER / "go.mod").read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^\t(\S+) (v\S+)$", text))


def define(api: Api, definitions: Iterable[Object]) -> None:
    """Apply definitions and wait until the API server serves every kind. Raises ApiRefused or TooLate."""
    wanted = list(definitions)
    with ThreadPoolExecutor(WRITERS) as writers:
        list(writers.map(api.apply, wanted))
    api.until(
        lambda: sorted({each["metadata"]["name"] for each in wanted} - _served(api) if wanted else ()),
        lambda missing: not missing,
        ESTABLISHED_SECONDS,
        "definitions are not established",
    )


def _served(api: Api) -> set[str]:
    found = api.list("apiextensions.k8s.io/v1", "CustomResourceDefinition")
    return {each["metadata"]["name"] for each in found if _is_established(each)}


def _is_established(definition: Object) -> bool:
    conditions = (definition.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _key() -> str:
    text = [file.read_bytes() for file in sorted(FOLDER.iterdir())] + [json.dumps(dict(FILES)).encode()]
    return hashlib.sha256(b"\0".join(text)).hexdigest()[:16]


def _own() -> list[dict[str, Any]]:
    """Definitions whose modules cannot be fetched, written from their documentation."""
    return [each for file in sorted(FOLDER.glob("*.yaml")) for each in _read(file)]


def _of_module(tool: GoTool, module: str) -> list[dict[str, Any]]:
    name = f"{module}@{versions()[module]}"
    tool.read("mod", "download", name)  # what goes wrong is told as text, with the checksum of go.sum
    folder = Path(json.loads(tool.read("mod", "download", "-json", name))["Dir"])
    files = sorted({file for pattern in FILES[module] for file in folder.glob(pattern)})
    return [each for file in files for each in _read(file)]


def _read(file: Path) -> list[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open(encoding="utf-8") as text:
        objects = [each for each in yaml.load_all(text, loader) if each]
    found = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    return [{name: value for name, value in each.items() if name != "status"} for each in found]
