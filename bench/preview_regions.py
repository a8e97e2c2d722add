"""Preview of fleets on AWS against a bare program: `python -m bench.preview_regions [--sizes 1,5,20] [--rounds 3]`.

Both programs register the same resources, with the same inputs and dependencies, through the same classes of the SDK,
to the same stand-ins. The bare one reads them from a file; ours reads a configuration, plans, and connects. What is
compared is the first preview of an empty stack: seconds, and the most memory (PSS) of the engine and all it started.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.engine import Engine, ensure
from rehearsal.rehearsing import Place, StackOf, Subject
from rehearsal.standins.attach import attached
from stacks import configfile
from stacks.catalog import catalogue

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "preview_regions.json"
STACK = "dev"
FIRST, MACHINE, GPU = "aws-eu-north-1", "g6.xlarge", "l4"

BARE = """
import importlib, inspect, json, pathlib
import pulumi
made = {}
def typed(token):
    package, module, name = token.split(":")
    return getattr(importlib.import_module(f"pulumi_{package}.{module.partition('/')[0]}"), name)
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
    made[each["urn"]] = cls(each["name"], **arguments(cls, each["inputs"]), opts=opts)
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
    found = {**values, "territories": {"eu": territory}, "capacity": capacity}
    return {f"meridian:{key}": value for key, value in found.items()}


def ours(regions: int) -> Subject:
    """Our program, as it is."""
    return Subject("meridian", ROOT, (StackOf(STACK),), fleet(regions), {}, {}, ("aws",), ROOT)


def bare(place: Place, folder: Path) -> Subject:
    """The flat program of the resources in a place's state."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: meridian\nruntime: python\n")
    (folder / "__main__.py").write_text(BARE)
    resources = [_flat(each) for each in place.state(STACK) if each.get("custom")]
    (folder / "resources.json").write_text(json.dumps(resources))
    return replace(place.subject, program=folder, config={})


def _flat(each: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in (each.get("inputs") or {}).items() if not name.startswith("__")}
    provider = (each.get("provider") or "").rpartition("::")[0]
    own = {"urn": each["urn"], "type": each["type"], "name": each["urn"].rpartition("::")[2], "inputs": said}
    return {**own, "provider": provider, "dependencies": each.get("dependencies") or []}


def previewed(folder: Path, subject: Subject, engine: Engine) -> dict[str, float]:
    """One preview of an empty stack with a world of its own."""
    with attached(folder / "world", cache=ROOT / ".meridian" / "cache" / "shapes", packages=("aws",)) as standins:
        place = Place(folder, subject, engine, standins)
        place.make()
        run = place.command("preview", STACK, memory=True)
    if run.code:
        message = f"the preview failed: {run.errors}"
        raise SystemExit(message)
    return {"seconds": run.seconds, "peakMib": run.peak_mib, "resources": sum(run.counts.values())}


def made(folder: Path, subject: Subject, engine: Engine) -> Place:
    """Our program, brought up once, for what the bare one is to register."""
    with attached(folder / "world", cache=ROOT / ".meridian" / "cache" / "shapes", packages=("aws",)) as standins:
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
    for key in ("seconds", "peakMib"):
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
