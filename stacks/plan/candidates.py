"""Which machines could run a model in a region, and why the others could not."""

from collections.abc import Iterator
from dataclasses import dataclass

from stacks.catalog.model import CapacityType, Catalogue, Machine, Region
from stacks.config import Config
from stacks.config_fleet import Capacity
from stacks.plan.drain import chat_fits_spot
from stacks.plan.fleet_model import Candidate, Rejected, Rejection
from stacks.plan.sizer import Footprint, Sized, Sizer

GPUS_OF_A_MACHINE = (1, 2, 4, 8, 16)
"""GPUs of one machine that a replica may use: tensor parallel sizes."""

MACHINES_OF_A_REPLICA = (2, 4)
"""Pipeline stages tried where one machine cannot hold a model; each stage is a whole machine."""


TOO_SMALL = "KV cache tokens"
"""The constraint that a layout breaks which does not hold the model and one request."""


RDMA = "RDMA: EFA, InfiniBand or RoCE"


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
    for machine in _machines(place, catalogue):
        for foot in _footprints(machine):
            found = _judge(place, machine, foot, config, catalogue, sizer)
            if isinstance(found, Candidate):
                good.append(found)
            else:
                bad.append(_rejected(place, machine, foot, found))
        whole = bad[-1] if bad else None
        if whole and whole.machine == machine.name and whole.why.constraint == TOO_SMALL:
            more, less = _spanning(place, machine, whole, config, catalogue, sizer)
            good += more
            bad += less
    return tuple(good), tuple(bad)


def _machines(place: Place, catalogue: Catalogue) -> Iterator[Machine]:
    return (machine for _, machine in sorted(catalogue.machines.items()) if machine.cloud == place.region.cloud)


def _footprints(machine: Machine) -> Iterator[Footprint]:
    return (Footprint(gpus) for gpus in GPUS_OF_A_MACHINE if gpus <= machine.gpus)


def _spanning(
    place: Place, machine: Machine, whole: Rejected, config: Config, catalogue: Catalogue, sizer: Sizer
) -> tuple[list[Candidate], list[Rejected]]:
    """Replicas over several machines, as `whole`, one machine with all its GPUs, does not hold the model."""
    good, bad = [], []
    for nodes in MACHINES_OF_A_REPLICA:
        foot = Footprint(whole.gpus_per_replica, nodes)
        if not machine.has_rdma:
            bad.append(
                _rejected(place, machine, foot, Rejection("network between machines", machine.rdma or "none", RDMA))
            )
            break
        found = _judge(place, machine, foot, config, catalogue, sizer)
        if isinstance(found, Candidate):
            good.append(found)
            break
        bad.append(_rejected(place, machine, foot, found))
    return good, bad


def _rejected(place: Place, machine: Machine, foot: Footprint, why: Rejection) -> Rejected:
    return Rejected(place.region.name, machine.name, machine.gpu, foot.gpus * foot.nodes, foot.nodes, why)


def _judge(
    place: Place, machine: Machine, foot: Footprint, config: Config, catalogue: Catalogue, sizer: Sizer
) -> Candidate | Rejection:
    capacity = config.capacity
    if capacity is None:
        return Rejection("capacity", "not written", "written")
    if capacity.gpus and machine.gpu not in capacity.gpus:
        return Rejection("allowed GPUs", machine.gpu, ", ".join(sorted(capacity.gpus)))
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
    sized = sizer(model, model.demand[place.territory], machine, foot, capacity.utilisation)
    if isinstance(sized, Rejection):
        return sized
    spot = _spot_price(place, machine, config, catalogue, price.usd_per_hour)
    return _candidate(place, machine, foot, sized, baseline, price.usd_per_hour, spot, is_estimate=price.is_estimate)


def _candidate(
    place: Place,
    machine: Machine,
    foot: Footprint,
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
        gpus_per_replica=foot.gpus * foot.nodes,
        nodes_per_replica=foot.nodes,
        replicas_per_unit=machine.gpus // foot.gpus if foot.nodes == 1 else 1,
        replica_rps=sized.requests_per_second,
        concurrency=sized.concurrency,
        ttft_ms=sized.ttft_ms,
        tpot_ms=sized.tpot_ms,
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
    if not chat_fits_spot(config, catalogue, place.model, machine.cloud):
        return None
    price = catalogue.price(machine, place.region, "spot")
    return price.usd_per_hour if price and price.usd_per_hour < full else None
