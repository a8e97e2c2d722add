"""What the plan asks of a capacity model, and no more."""

from collections.abc import Callable
from dataclasses import dataclass

from stacks.catalog.model import Machine
from stacks.config import Model
from stacks.config_fleet import ModelDemand
from stacks.plan.fleet_model import Rejection


@dataclass(frozen=True)
class Footprint:
    """What one replica stands on."""

    gpus: int
    """GPUs of each machine: the tensor parallel size."""
    nodes: int = 1
    """Machines: the pipeline stages. More than one only where a network with RDMA joins them."""


@dataclass(frozen=True)
class Sized:
    """One replica that meets the SLO."""

    requests_per_second: float
    """At the utilisation bound, caches cold; from the concurrency at p95 lengths and answers of mean length."""
    concurrency: int
    uncalibrated: bool
    """True when no measured point stands behind it; the figure carries a safety factor then."""
    ttft_ms: float
    """At that concurrency and p95 lengths, margin included."""
    tpot_ms: float


Sizer = Callable[[Model, ModelDemand, Machine, Footprint, float], "Sized | Rejection"]
"""(model, demand, machine, footprint, utilisation bound) -> size of a replica, or what stands against it."""
