"""The committed stack files as values, and what tests of the plan do with them."""

import copy
from pathlib import Path
from typing import Any

import pytest

from stacks import configfile
from stacks.catalog import Machine, catalogue
from stacks.config import Model, parse
from stacks.config_fleet import ModelDemand
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan, Rejection
from stacks.plan.sizer import Footprint, Sized, Sizer
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused

ROOT = Path(__file__).parents[2]
PROD: dict[str, Any] = configfile.read(ROOT / "Pulumi.prod.yaml")
DEV: dict[str, Any] = configfile.read(ROOT / "Pulumi.dev.yaml")


def changed(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a path of keys joined by slashes; `...` takes the key out."""
    found = copy.deepcopy(values)
    *parents, last = path.split("/")
    inner = found
    for part in parents:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return found


def planned(values: dict[str, Any]) -> FleetPlan:
    """The plan by the real capacity model."""
    return make_fleet(parse(values), catalogue(), size)


def unbudgeted(values: dict[str, Any]) -> dict[str, Any]:
    """The same with money for everything."""
    return changed(values, "capacity/monthlyBudgetUsd", 1e10)


def refusal(values: dict[str, Any]) -> str:
    """The text of the refusal."""
    with pytest.raises(ConfigurationRefused) as refused:
        planned(values)
    return str(refused.value)


def linear(scale: float) -> Sizer:
    """A sizer of round figures, so that the choice of machines is tested without the model of GPUs."""

    def sizer(model: Model, demand: ModelDemand, machine: Machine, foot: Footprint, bound: float) -> Sized | Rejection:
        speed = {"l4": 0.4, "l40s": 1.1, "h100": 4.0, "h100-nvl": 3.5, "h200": 5.1}.get(machine.gpu)
        if speed is None:
            return Rejection("speed", "none", "some")
        return Sized(speed * foot.gpus**0.9 * scale, 8, uncalibrated=False, ttft_ms=100, tpot_ms=10)

    return sizer


def spanning() -> dict[str, Any]:
    """A model of 810 GB on machines of 640 GB."""
    values = unbudgeted(changed(PROD, "models/llama-70b/source", "meta-llama/Llama-3.1-405B-Instruct"))
    values["models"]["llama-70b"] |= {"precision": "bf16", "slo": {"ttftP95Ms": 10000, "tpotP95Ms": 200}}
    values["drain"] = {"timeoutSeconds": 600}
    values["capacity"]["gpus"] = ["h100"]
    values["territories"] = {"eu": values["territories"]["eu"]}
    values["territories"]["eu"]["regions"] = ["aws-eu-north-1", "azure-swedencentral"]
    values["tenants"] = {"acme": values["tenants"]["acme"]}
    del values["models"]["llama-70b"]["demand"]["us"]
    values["rollout"] = {}
    return values


def shared(regions: list[str]) -> dict[str, Any]:
    """The small environment with so many requests that each of two regions serves them by two replicas."""
    values = unbudgeted(changed(DEV, "models/llama-8b/demand/eu/requestsPerSecond", 0.5))
    return changed(values, "territories/eu/regions", regions)
