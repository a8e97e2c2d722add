"""How long a plan takes: the committed prod stack, and up to 60 regions and 20 models.

`python -m bench.plan` prints medians and spreads of seven runs and writes
`bench/results/plan.json`. Each run forgets what the capacity model remembers between calls. Python's modules and the
catalogue are read once per command and not counted.
"""

import copy
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from stacks import configfile
from stacks.capacity.shapes import SHAPES
from stacks.catalog import Catalogue, catalogue
from stacks.config import parse
from stacks.plan import sizing
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "plan.json"
RUNS = 7
REGIONS, MODELS = (15, 30, 60), (5, 10, 20)
TARGETS = {"prod": 1.0, "60 regions, 20 models": 10.0}
GPUS = ("h100", "h100-nvl", "h200", "a100-80", "l40s", "l4", "a10g")
SMALL = [name for name, shape in sorted(SHAPES.items()) if shape.parameters < 40e9]


def large(facts: Catalogue, regions: int, models: int) -> dict[str, Any]:
    """A stack of that size: territories of three regions each, by jurisdiction; each model is asked for in all."""
    values = copy.deepcopy(configfile.read(ROOT / "Pulumi.prod.yaml"))
    demand = values["models"]["llama-70b"]["demand"]["eu"]
    sold = [name for name in sorted(facts.regions) if _sells(facts, name)]
    assert len(sold) >= regions, f"only {len(sold)} regions sell what is needed"
    # Of every cloud alike: each has machines of its own, and AWS has most.
    homes = [sold[place * len(sold) // regions] for place in range(regions)]
    names = [f"t{number}" for number in range(len(homes) // 3)]
    state = values["territories"]["eu"]["state"]
    values["territories"] = {
        name: {
            "jurisdictions": sorted(facts.jurisdictions),
            "regions": homes[3 * place : 3 * place + 3],
            "state": state,
        }
        for place, name in enumerate(names)
    }
    values["models"] = {
        f"m{number}": {
            "source": SMALL[number % len(SMALL)],
            "revision": f"{number:040x}",
            "precision": "fp8",
            "slo": {"ttftP95Ms": 8000 + 10 * number, "tpotP95Ms": 100},
            "demand": {name: {**demand, "requestsPerSecond": 1 + number % 5} for name in names},
        }
        for number in range(models)
    }
    values["tenants"] = {f"tenant-{name}": {"territory": name, "models": ["m0"]} for name in names}
    values["capacity"] = {"survive": ["region", "spot"], "gpus": list(GPUS), "spotShare": 0.5, "monthlyBudgetUsd": 1e10}
    values["rollout"] = {}
    values["drain"] = {"timeoutSeconds": 300}
    return values


def _sells(facts: Catalogue, name: str) -> bool:
    """Whether a machine that holds the largest of these models can be bought there for certain."""
    region = facts.regions[name]
    return bool(facts.lies_in(region)) and any(
        facts.available(machine, region) == "yes"
        and machine.gpu in GPUS
        and machine.gpus * machine.gpu_memory_gib >= 160
        and any(kind != "spot" and facts.price(machine, region, kind) for kind in machine.capacity_types)
        for machine in facts.machines.values()
    )


def measured(cases: dict[str, Callable[[], object]]) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU seconds of each run, all cases in every round, so that what disturbs the machine disturbs all."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for _ in range(RUNS):
        for name, call in cases.items():
            sizing.forget()
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            found[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def main() -> None:
    start = time.perf_counter()
    facts = catalogue()
    reading = time.perf_counter() - start
    stacks = {"prod": configfile.read(ROOT / "Pulumi.prod.yaml")}
    stacks |= {f"{r} regions, {m} models": large(facts, r, m) for r in REGIONS for m in MODELS}
    runs = measured({name: partial(_plan, values, facts) for name, values in stacks.items()})
    rows = {}
    print(f"reading the catalogue, once: {reading * 1e3:.0f} ms; {RUNS} rounds, seconds\n")
    print(f"{'case':24}{'median':>8}{'lowest':>8}{'highest':>9}{'CPU':>8}{'target':>8}")
    for name, found in runs.items():
        walls, cpu = sorted(wall for wall, _ in found), statistics.median(cpu for _, cpu in found)
        middle = statistics.median(walls)
        rows[name] = {"median_s": middle, "lowest_s": walls[0], "highest_s": walls[-1], "cpu_median_s": cpu}
        target = f"{TARGETS[name]:.0f}" if name in TARGETS else ""
        print(f"{name:24}{middle:8.3f}{walls[0]:8.3f}{walls[-1]:9.3f}{cpu:8.3f}{target:>8}")
    ratios = _ratios(rows)
    for text, ratio in ratios.items():
        print(f"{text}: {ratio:.2f} times the CPU time")
    told = {"reading_catalogue_s": reading, "rounds": RUNS, "cases": rows, "cpu_ratios": ratios}
    RESULTS.write_text(json.dumps(told, indent=2) + "\n")


def _plan(values: dict[str, Any], facts: Catalogue) -> FleetPlan:
    return make_fleet(parse(values), facts, sizing.size)


def _ratios(rows: dict[str, Any]) -> dict[str, float]:
    """Twice the regions, or twice the models: about twice the time where it is linear."""
    found = {}
    for regions in REGIONS[:-1]:
        name = f"{regions} -> {2 * regions} regions, {MODELS[-1]} models"
        ends = [rows[f"{count} regions, {MODELS[-1]} models"]["cpu_median_s"] for count in (2 * regions, regions)]
        found[name] = ends[0] / ends[1]
    for models in MODELS[:-1]:
        name = f"{models} -> {2 * models} models, {REGIONS[-1]} regions"
        ends = [rows[f"{REGIONS[-1]} regions, {count} models"]["cpu_median_s"] for count in (2 * models, models)]
        found[name] = ends[0] / ends[1]
    return found


if __name__ == "__main__":
    main()
