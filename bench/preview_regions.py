"""Preview of fleets on AWS against a bare program: `python -m bench.preview_regions [--sizes 1,5,20] [--rounds 3]`.

Both programs register the same resources, with the same inputs and dependencies, through the same classes of the SDK,
to the same stand-ins. The bare one reads them from a file; ours reads a configuration, plans, and connects. What is
compared is the first preview of an empty stack: seconds, seconds of CPU (which a busy machine stretches less), and the
most memory (PSS) of the engine and all that it started.
"""

import argparse
import json
import os
import resource
import statistics
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.engine import Engine, ensure
from rehearsal.rehearsing import Place, StackOf, Subject
from rehearsal.standins.attach import attached
from stacks import configfile
from stacks.catalog import catalogue
from stacks.rehearse import controllers

PACKAGES = ("aws", "kubernetes")
ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "preview_regions.json"
STACK = "dev"
FIRST, MACHINE, GPU = "aws-eu-north-1", "g6.xlarge", "l4"

RPS = 1.0
"""Requests per second of each region."""

BARE = """
import importlib, inspect, json, pathlib
import pulumi
made = {}
def typed(token):
    package, module, name = token.split(":")
    group, _, version = module.partition("/")
    if package != "kubernetes":
        return getattr(importlib.import_module(f"pulumi_{package}.{group}"), name)
    try:
        return getattr(importlib.import_module(f"pulumi_kubernetes.{group.removesuffix('.k8s.io')}.{version}"), name)
    except (ImportError, AttributeError):
        return importlib.import_module("pulumi_kubernetes.apiextensions").CustomResource
def wire(name):
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.capitalize() for word in rest)
names = {}
def arguments(cls, inputs):
    if cls not in names:
        names[cls] = {wire(each): each for each in inspect.signature(cls._internal_init).parameters}
    return {names[cls][key]: value for key, value in inputs.items()}
for each in json.loads(pathlib.Path("resources.json").read_text()):
    before = [made[urn] for urn in each["dependencies"] if urn in made]
    if each["type"].startswith("pulumi:providers:"):
        made[each["urn"]] = pulumi.ProviderResource(each["type"].split(":")[-1], each["name"], each["inputs"])
        continue
    opts = pulumi.ResourceOptions(provider=made[each["provider"]], depends_on=before)
    cls = typed(each["type"])
    given = each["inputs"]
    if cls.__name__ != "CustomResource":
        given = arguments(cls, given)
    else:
        given = {"api_version": given["apiVersion"], **{key: given[key] for key in ("kind", "metadata", "spec")}}
    made[each["urn"]] = cls(each["name"], **given, opts=opts)
"""


def fleet(regions: int) -> Mapping[str, Any]:
    """The settings of `Pulumi.dev.yaml` with as many regions on AWS, all of one territory of every jurisdiction."""
    values, known = configfile.read(ROOT / "Pulumi.dev.yaml"), catalogue()
    machine = known.machines["aws", MACHINE]
    inside = {country for countries in known.jurisdictions.values() for country in countries}
    usable = [
        each.name
        for each in known.regions.values()
        if each.cloud == "aws"
        and each.country in inside - {"CN"}
        and (each.zones or 0) >= 2
        and known.available(machine, each) != "no"
        and each.name != FIRST
    ]
    chosen = [FIRST, *sorted(usable)[: regions - 1]]
    if len(chosen) < regions:
        message = f"the catalogue knows {len(chosen)} regions for this, not {regions}"
        raise SystemExit(message)
    territory = {**values["territories"]["eu"], "jurisdictions": sorted(known.jurisdictions), "regions": chosen}
    unknown = [name for name in chosen if known.available(machine, known.regions[name]) == "unknown"]
    vouched = [f"{name}/{MACHINE}" for name in unknown]
    capacity = {**values["capacity"], "gpus": [GPU], "assumeAvailable": vouched, "monthlyBudgetUsd": 1e9}
    found = {**values, "territories": {"eu": territory}, "capacity": capacity, "models": _models(values, regions)}
    return {f"meridian:{key}": value for key, value in found.items()}


def _models(values: Mapping[str, Any], regions: int) -> Mapping[str, Any]:
    """So much for each region that it serves with two replicas, as one must stay while the other is changed."""
    scaled = {}
    for name, model in values["models"].items():
        demand = model["demand"]["eu"]
        more = {**demand, "requestsPerSecond": RPS * regions}
        scaled[name] = {**model, "demand": {"eu": more}}
    return scaled


def ours(regions: int) -> Subject:
    """Our program, as it is."""
    return Subject("meridian", ROOT, (StackOf(STACK),), fleet(regions), {}, {}, PACKAGES, ROOT)


def bare(place: Place, folder: Path) -> Subject:
    """The flat program of the resources in a place's state."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: meridian\nruntime: python\n")
    (folder / "__main__.py").write_text(BARE)
    resources = [_flat(each) for each in place.state(STACK) if _is_cloud(each)]
    (folder / "resources.json").write_text(json.dumps(resources))
    return replace(place.subject, program=folder, config={})


def _is_cloud(each: Mapping[str, Any]) -> bool:
    """Whether a resource is a cloud's; the few keys that the program draws itself are no part of the comparison."""
    return bool(each.get("custom")) and not str(each["type"]).startswith("pulumi-python:")


def _flat(each: Mapping[str, Any]) -> dict[str, Any]:
    told = (each.get("inputs") or {}).items()
    said = {name: _plain(value) for name, value in told if not name.startswith("__")}
    provider = (each.get("provider") or "").rpartition("::")[0]
    own = {"urn": each["urn"], "type": each["type"], "name": each["urn"].rpartition("::")[2], "inputs": said}
    return {**own, "provider": provider, "dependencies": each.get("dependencies") or []}


def _plain(value: Any) -> Any:
    """A value without its secrets, which the state keeps encrypted."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "ciphertext" in value:
        return "a secret"
    return {key: _plain(each) for key, each in value.items()}


def _clouds(folder: Path) -> AbstractContextManager[dict[str, str]]:
    """Stand-ins with a world of their own, whose clusters have their controllers."""
    shapes = ROOT / ".meridian" / "cache" / "shapes"
    return attached(folder / "world", cache=shapes, packages=PACKAGES, before=controllers())


def previewed(folder: Path, subject: Subject, engine: Engine) -> dict[str, float]:
    """One preview of an empty stack with a world of its own."""
    with _clouds(folder) as standins:
        place = Place(folder, subject, engine, standins)
        place.make()
        before = _cpu()
        run = place.command("preview", STACK, memory=True)
        cpu = _cpu() - before
    if run.code:
        message = f"the preview failed: {run.errors}"
        raise SystemExit(message)
    spent = {"seconds": run.seconds, "cpuSeconds": cpu, "peakMib": run.peak_mib}
    return {**spent, "resources": sum(run.counts.values())}


def _cpu() -> float:
    """Seconds of CPU that ended children and theirs have had; the stand-ins have not ended yet, and do not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def made(folder: Path, subject: Subject, engine: Engine) -> Place:
    """Our program, brought up once, for what the bare one is to register."""
    with _clouds(folder) as standins:
        place = Place(folder, subject, engine, standins)
        place.make()
        run = place.command("up", STACK)
    if run.code:
        message = f"the fleet did not come up: {run.errors}"
        raise SystemExit(message)
    return place


def ratios(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Ours over bare, round by round: median, least and most."""
    found = {}
    for key in ("seconds", "cpuSeconds", "peakMib"):
        values = [each["ours"][key] / each["bare"][key] for each in rounds]
        found[key] = {"median": statistics.median(values), "low": min(values), "high": max(values)}
    medians = {
        form: {key: statistics.median(each[form][key] for each in rounds) for key in rounds[0][form]}
        for form in ("ours", "bare")
    }
    return {"rounds": len(rounds), "median": medians, "ratio": found}


def main() -> None:
    """Measure the sizes asked for; sizes measured before stay in the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1,5,20")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    engine = ensure(ROOT, progress=print, env=os.environ)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sizes": {}}
    for size in given.sizes.split(","):
        with tempfile.TemporaryDirectory() as folder:
            subject = ours(int(size))
            flat = bare(made(Path(folder) / "made", subject, engine), Path(folder) / "program")
            rounds = []
            for number in range(given.rounds):
                forms = [("ours", subject), ("bare", flat)]
                # Each form is first in turn, so that what warms up counts for neither.
                order = forms if number % 2 == 0 else forms[::-1]
                rounds.append({form: previewed(Path(folder) / f"{form}{number}", each, engine) for form, each in order})
                print(size, number, json.dumps(rounds[-1]), flush=True)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        kept["sizes"][size] = {"measured": when, "load": os.getloadavg()[0], "cores": os.cpu_count(), **ratios(rounds)}
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
