"""What a plan costs against the best fleet of one GPU type bought on demand, found by brute force.

`python -m bench.plan_cost` takes ten demands for three regions of the EU, each with the same capacity model, the same
events and the same rollout for both. The brute force tries every GPU, every machine and layout of it in each region and
every number of machines, buys nothing as spot, and keeps the cheapest that survives. A ratio under 1 is a cheaper plan.
`no spot` is the plan without spot: what mixing GPUs alone gives, and what the plan's search misses where it is above 1.
"""

import copy
import itertools
import json
from math import ceil, inf
from pathlib import Path
from typing import Any

from stacks import configfile
from stacks.catalog import catalogue
from stacks.config import Config, parse
from stacks.plan import sizing
from stacks.plan.candidates import Place, candidates
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import Candidate, FleetPlan

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results" / "plan_cost.json"
TRACES = ROOT / "stacks" / "capacity" / "arrivals.json"
L70, L8 = "meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"
EVERY_GPU: list[str] = []


def demand(rps: float, burst: float, prompt: tuple[int, int], output: tuple[int, int]) -> dict[str, Any]:
    return {
        "requestsPerSecond": rps,
        "burst": burst,
        "promptTokens": {"p50": prompt[0], "p95": prompt[1]},
        "outputTokens": {"p50": output[0], "p95": output[1]},
    }


def of_trace(name: str) -> dict[str, Any]:
    """The rate, burst and lengths that a trace had."""
    found = json.loads(TRACES.read_text())[name]
    lengths = [(found[key]["p50"], found[key]["p95"]) for key in ("prompt_tokens", "output_tokens")]
    return demand(found["mean_rps"], max(1.0, found["busiest_minute_over_mean"]), *lengths)


def patterns() -> dict[str, tuple[str, dict[str, Any], dict[str, float]]]:
    """By name: the model, its demand, its SLO."""
    usual, loose = {"ttftP95Ms": 2000, "tpotP95Ms": 50}, {"ttftP95Ms": 6000, "tpotP95Ms": 80}
    chat = ((900, 3500), (250, 900))
    return {
        "prod's eu": (L70, demand(12, 2, *chat), usual),
        "a tenth of it": (L70, demand(1.2, 2, *chat), usual),
        "eight times it": (L70, demand(96, 2, *chat), usual),
        "no burst": (L70, demand(12, 1, *chat), usual),
        "long prompts": (L70, demand(4, 2, (5000, 12000), (150, 400)), loose),
        "long answers": (L70, demand(4, 2, (400, 1500), (900, 2500)), loose),
        "8B chat": (L8, demand(30, 2, *chat), {"ttftP95Ms": 1500, "tpotP95Ms": 50}),
        "trace: Azure conversation": (L70, of_trace("azure-conversation"), loose),
        "trace: Azure code": (L70, of_trace("azure-code"), loose),
        "trace: Mooncake conversation": (L8, of_trace("mooncake-conversation"), {"ttftP95Ms": 20000, "tpotP95Ms": 80}),
    }


def stack(source: str, asked: dict[str, Any], slo: dict[str, float], spot: float) -> Config:
    values = copy.deepcopy(configfile.read(ROOT / "Pulumi.prod.yaml"))
    values["territories"] = {"eu": values["territories"]["eu"]}
    values["tenants"] = {"acme": values["tenants"]["acme"] | {"models": ["model"]}}
    values["models"] = {
        "model": values["models"]["llama-70b"] | {"source": source, "slo": slo, "demand": {"eu": asked}}
    }
    values["capacity"] |= {"gpus": EVERY_GPU, "spotShare": spot, "monthlyBudgetUsd": 1e10}
    values["rollout"] = {}
    values["drain"] = {"timeoutSeconds": 600}
    return parse(values)


def hourly(plan: FleetPlan) -> float:
    return sum(pool.usd_per_hour for fleet in plan.models for pool in fleet.pools)


def brute_force(config: Config) -> tuple[float, str]:
    """USD per hour of the cheapest fleet of one GPU, and that GPU."""
    facts = catalogue()
    asked = config.models["model"].demand["eu"]
    need = asked.requests_per_second * asked.burst
    regions = sorted(config.territories["eu"].regions)
    found = [candidates(Place("model", "eu", facts.regions[name]), config, facts, sizing.size)[0] for name in regions]
    best = (inf, "none")
    for gpu in sorted({each.gpu for region in found for each in region}):
        ways = [_useful([each for each in region if each.gpu == gpu]) for region in found]
        for three in itertools.product(*ways):
            best = min(best, (_cheapest_counts(three, need, best[0]), gpu))
    return best


def _useful(ways: list[Candidate]) -> list[Candidate]:
    """Without those that some whole number of another replaces for no more money and no larger replica."""
    kept: list[Candidate] = []
    for each in sorted(ways, key=lambda one: (one.unit_rps, one.unit_usd)):
        if not any(
            ceil(each.unit_rps / other.unit_rps - 1e-9) * other.unit_usd <= each.unit_usd
            and other.replica_rps <= each.replica_rps
            for other in kept
        ):
            kept.append(each)
    return kept


def _cheapest_counts(three: tuple[Candidate, ...], need: float, most: float) -> float:
    """USD per hour of the best numbers of machines for one candidate per region; `most` ends hopeless searches.

    With one region lost and one replica away in one of the other two, the rest carries the need.
    """
    a, b, c = three
    best = most
    for first in range(1, _enough(a, need) + 1):
        if first * a.unit_usd >= best:
            break
        for second in range(1, _enough(b, need) + 1):
            paid = first * a.unit_usd + second * b.unit_usd
            if paid >= best:
                break
            if first * a.unit_rps + second * b.unit_rps - max(a.replica_rps, b.replica_rps) < need:
                continue
            missing = max(
                need + max(b.replica_rps, c.replica_rps) - second * b.unit_rps,
                need + max(a.replica_rps, c.replica_rps) - first * a.unit_rps,
            )
            best = min(best, paid + max(1, ceil(missing / c.unit_rps - 1e-9)) * c.unit_usd)
    return best


def _enough(one: Candidate, need: float) -> int:
    """Machines that carry everything alone, twice over: more are never cheaper."""
    return ceil(2 * need / one.unit_rps) + 2


def main() -> None:
    rows = {}
    print(
        f"{'demand':30}{'plan $/h':>10}{'no spot $/h':>12}{'best single $/h':>16}  GPU       {'ratio':>6}{'no spot':>9}"
    )
    for name, (source, asked, slo) in patterns().items():
        single, gpu = brute_force(stack(source, asked, slo, 0))
        plan, plain = (hourly(make_fleet(stack(source, asked, slo, s), catalogue(), sizing.size)) for s in (0.5, 0.0))
        rows[name] = {
            "plan_usd_h": plan,
            "plan_without_spot_usd_h": plain,
            "best_single_gpu_usd_h": single,
            "gpu": gpu,
            "ratio": plan / single,
            "ratio_without_spot": plain / single,
        }
        print(f"{name:30}{plan:10.2f}{plain:12.2f}{single:16.2f}  {gpu:10}{plan / single:6.2f}{plain / single:9.2f}")
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")


if __name__ == "__main__":
    main()
