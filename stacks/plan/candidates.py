"""Which machines could run a model in a region, and why the others could not."""

from collections.abc import Iterator
from dataclasses import dataclass

from stacks.catalog.model import CapacityType, Catalogue, Machine, Region
from stacks.config import Config
from stacks.config_fleet import Capacity
from stacks.plan.fleet_model import Candidate, Rejected, Rejection
from stacks.plan.sizer import Sized, Sizer

DRAIN_DELAY_SECONDS = 15
"""Seconds a pod still takes requests after it says not ready: `preStop` on Kubernetes."""

LAYOUTS = (1, 2, 4, 8, 16)
"""GPUs of one replica; a replica does not span machines here."""


@dataclass(frozen=True)
class Place:
    """A model in a region: what candidates are made for."""

    model: str
    territory: str
    region: Region


def candidates(
    place: Place, config: Config, catalogue: Catalogue, sizer: Sizer
) -> tuple[tuple[Candidate, ...], tuple[Rejected, ...]]:
    """Those that would do, and those that would not with the reason."""
    good, bad = [], []
    for machine, gpus in _layouts(place, catalogue):
        found = _judge(place, machine, gpus, config, catalogue, sizer)
        if isinstance(found, Candidate):
            good.append(found)
        else:
            bad.append(Rejected(place.region.name, machine.name, machine.gpu, gpus, found))
    return tuple(good), tuple(bad)


def _layouts(place: Place, catalogue: Catalogue) -> Iterator[tuple[Machine, int]]:
    for _, machine in sorted(catalogue.machines.items()):
        if machine.cloud == place.region.cloud:
            yield from ((machine, gpus) for gpus in LAYOUTS if gpus <= machine.gpus)


def generation_seconds(config: Config, model: str) -> float:
    """Seconds of chat's longest allowed answer at the promised pace, with the first token."""
    slo = config.models[model].slo
    if slo is None:
        return 0.0
    return slo.ttft_p95_ms / 1000 + config.lanes["chat"].max_output_tokens * slo.tpot_p95_ms / 1000


def _judge(
    place: Place, machine: Machine, gpus: int, config: Config, catalogue: Catalogue, sizer: Sizer
) -> Candidate | Rejection:
    capacity = config.capacity
    if capacity is None:
        return Rejection("capacity", "not written", "written")
    if capacity.gpus and machine.gpu not in capacity.gpus:
        return Rejection("allowed GPUs", machine.gpu, ", ".join(capacity.gpus))
    known = catalogue.available(machine, place.region)
    vouched = f"{place.region.name}/{machine.name}" in capacity.assume_available
    if known != "yes" and not (known == "unknown" and vouched):
        return Rejection("availability in the region", known, "yes")
    baseline = _baseline(machine, capacity)
    if baseline is None:
        return Rejection("sold as baseline", ", ".join(machine.capacity_types), capacity.baseline or "not spot alone")
    price = catalogue.price(machine, place.region, baseline)
    if price is None:
        return Rejection("price", "none in the catalogue", f"a price of {baseline}")
    model = config.models[place.model]
    sized = sizer(model, model.demand[place.territory], machine, gpus, capacity.utilisation)
    if isinstance(sized, Rejection):
        return sized
    spot = _spot_price(place, machine, config, catalogue, price.usd_per_hour)
    return _candidate(place, machine, gpus, sized, baseline, price.usd_per_hour, spot, is_estimate=price.is_estimate)


def _candidate(
    place: Place,
    machine: Machine,
    gpus: int,
    sized: Sized,
    baseline: CapacityType,
    usd: float,
    spot: float | None,
    *,
    is_estimate: bool,
) -> Candidate:
    return Candidate(
        region=place.region.name,
        machine=machine.name,
        gpu=machine.gpu,
        gpus_per_replica=gpus,
        replicas_per_node=machine.gpus // gpus,
        replica_rps=sized.requests_per_second,
        concurrency=sized.concurrency,
        baseline=baseline,
        usd_per_hour=usd,
        spot_usd_per_hour=spot,
        is_estimate=is_estimate,
        uncalibrated=sized.uncalibrated,
    )


def _baseline(machine: Machine, capacity: Capacity) -> CapacityType | None:
    if capacity.baseline is not None:
        return capacity.baseline if capacity.baseline in machine.capacity_types else None
    return next((kind for kind in machine.capacity_types if kind != "spot"), None)


def _spot_price(place: Place, machine: Machine, config: Config, catalogue: Catalogue, full: float) -> float | None:
    """None where spot is not sold or priced, saves nothing, or is lost before chat's longest answer ends."""
    if "spot" not in machine.capacity_types:
        return None
    notice = catalogue.spot_notice[machine.cloud][0]
    if DRAIN_DELAY_SECONDS + generation_seconds(config, place.model) > notice:
        return None
    price = catalogue.price(machine, place.region, "spot")
    return price.usd_per_hour if price and price.usd_per_hour < full else None
