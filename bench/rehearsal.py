"""What stand-ins and the program's structure cost: `python -m bench.rehearsal [--sizes 100,500,2000] [--rounds 3]`.

Three forms of the same resources, one after the other in each round: the example program with stand-ins; a bare
program that registers the same resources flat, with the same dependencies, with stand-ins; and the bare program with a
provider that checks nothing. The first over the second is what the structure costs, the second over the third what the
stand-ins cost.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal.engine import Engine, ensure
from rehearsal.rehearsing import Place, Subject
from rehearsal.standins.attach import attached
from stacks.catalog.load import DATA
from stacks.rehearse import EXAMPLE, subject_of
from stacks.workspace import workspace

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "rehearsal.json"
PER_REGION = 46
"""Resources of the example for each region, nearly: ground, serving and steering."""
STEPS = (("preview", "preview"), ("up", "up"), ("nothing to do", "preview"))
FORMS = ("example", "bare", "echo")

BARE = """
import json, pathlib
import pulumi
MODULES = json.loads(pathlib.Path("modules.json").read_text())
import importlib
for name in MODULES:
    importlib.import_module(name)  # a person would write the SDK's classes
made = {}
for each in json.loads(pathlib.Path("resources.json").read_text()):
    before = [made[urn] for urn in each["dependencies"] if urn in made]
    if each["type"].startswith("pulumi:providers:"):
        made[each["urn"]] = pulumi.ProviderResource(each["type"].split(":")[-1], each["name"], each["inputs"])
        continue
    opts = pulumi.ResourceOptions(provider=made[each["provider"]], depends_on=before)
    made[each["urn"]] = pulumi.CustomResource(each["type"], each["name"], each["inputs"], opts)
"""


def example(regions: int) -> Subject:
    """The example with as many regions, of AWS and Google Cloud in turn."""
    with (DATA / "cidr_slots.csv").open(newline="") as file:
        known = [row["region"] for row in csv.DictReader(file)]
    usable = [
        name for name in known if name.startswith(("aws-", "gcp-")) and "-cn-" not in name and "-gov-" not in name
    ]
    subject = subject_of(workspace(), EXAMPLE, layers=False)
    return replace(subject, config={**subject.config, "example:territories": {"eu": usable[:regions]}})


def bare(place: Place, folder: Path) -> Subject:
    """A flat program of the resources in a place's state."""
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: example\nruntime: python\n")
    (folder / "__main__.py").write_text(BARE)
    resources = [_flat(each) for each in place.state(EXAMPLE) if each["type"] != "pulumi:pulumi:Stack"]
    (folder / "resources.json").write_text(json.dumps(resources))
    (folder / "modules.json").write_text(json.dumps(sorted({_module(each["type"]) for each in resources} - {""})))
    return replace(place.subject, program=folder)


def _flat(each: Mapping[str, Any]) -> dict[str, Any]:
    inputs = {name: value for name, value in (each.get("inputs") or {}).items() if not name.startswith("__")}
    name = each["urn"].rpartition("::")[2]
    provider = (each.get("provider") or "").rpartition("::")[0]
    own = {"urn": each["urn"], "type": each["type"], "name": name, "inputs": inputs, "provider": provider}
    return {**own, "dependencies": each.get("dependencies") or []}


def _module(token: str) -> str:
    package, module, _ = token.split(":")
    if package == "pulumi":
        return ""
    if package == "kubernetes":
        return f"pulumi_kubernetes.{module.replace('.k8s.io', '').replace('/', '.')}"
    return f"pulumi_{package.replace('-', '_')}.{module.partition('/')[0]}"


@contextmanager
def echo() -> Iterator[dict[str, str]]:
    """The provider that checks nothing."""
    command = [sys.executable, "-m", "bench.rehearsal_echo"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    name, _, ports = process.stdout.readline().strip().partition("=")
    try:
        yield {name: ports}
    finally:
        process.kill()
        process.wait()


def measured(place: Place) -> dict[str, dict[str, float]]:
    """Seconds, memory and resources of each step of a fresh stack."""
    place.make()
    found = {}
    for step, verb in STEPS:
        run = place.command(verb, EXAMPLE, memory=True)
        if run.code:
            message = f"{step} failed: {run.errors}"
            raise SystemExit(message)
        found[step] = {"seconds": run.seconds, "peakMib": run.peak_mib, "resources": sum(run.counts.values())}
    return found


def round_of(engine: Engine, regions: int, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """One round of all forms, in a folder of its own."""
    found, cache = {}, ROOT / ".meridian" / "cache" / "shapes"
    subject = example(regions)
    with attached(folder / "example" / "world", cache=cache) as standins:
        place = Place(folder / "example", subject, engine, standins)
        found["example"] = measured(place)
    flat = bare(place, folder / "program")
    with attached(folder / "bare" / "world", cache=cache) as standins:
        found["bare"] = measured(Place(folder / "bare", flat, engine, standins))
    with echo() as standins:
        found["echo"] = measured(Place(folder / "echo", flat, engine, standins))
    return found


def summary(rounds: list[dict[str, dict[str, dict[str, float]]]]) -> dict[str, Any]:
    """Medians by form and step, and the two ratios with their spread over the rounds."""
    forms = {
        form: {
            step: {key: statistics.median(each[form][step][key] for each in rounds) for key in rounds[0][form][step]}
            for step, _ in STEPS
        }
        for form in FORMS
    }
    ratios = {
        name: {
            step: _ratio([each[own][step]["seconds"] / each[base][step]["seconds"] for each in rounds])
            for step, _ in STEPS
        }
        for name, own, base in (("structure", "example", "bare"), ("standIns", "bare", "echo"))
    }
    return {"rounds": len(rounds), "median": forms, "ratio": ratios}


def _ratio(values: list[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def main() -> None:
    """Measure the sizes asked for; sizes measured before stay in the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="100,500,2000")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    engine = ensure(ROOT, progress=print, env=os.environ)
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"sizes": {}}
    for size in given.sizes.split(","):
        rounds = []
        for number in range(given.rounds):
            with tempfile.TemporaryDirectory() as folder:
                rounds.append(round_of(engine, max(1, round(int(size) / PER_REGION)), Path(folder)))
            print(size, number, json.dumps(rounds[-1]), flush=True)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        kept["sizes"][size] = {"measured": when, "cores": os.cpu_count(), **summary(rounds)}
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
