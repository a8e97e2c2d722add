"""The catalogue's vocabulary and its questions. Facts about GPUs themselves are in `stacks.catalog.gpus`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Availability = Literal["yes", "no", "unknown"]
"""Unknown is neither: nothing is placed there unless the configuration vouches for it."""

CapacityType = Literal["on-demand", "spot", "reserved"]
PriceKind = Literal["on-demand", "spot", "committed"]

STALE_DAYS = 90
"""A block of facts older than this is warned of: clouds change prices and stock within a quarter."""


@dataclass(frozen=True)
class Origin:
    """Where a fact comes from, and when it was true."""

    source: str
    date: date


@dataclass(frozen=True)
class Region:
    """A region that a cloud offers."""

    name: str
    """`<cloud>-<region>`, e.g. `aws-eu-north-1`."""
    country: str
    """ISO 3166 code of the country that it lies in."""
    zones: int | None
    """Availability zones that a new account can use; None when unknown."""

    @property
    def cloud(self) -> str:
        """The cloud's short name."""
        return self.name.partition("-")[0]

    @property
    def own_name(self) -> str:
        """The name that the cloud itself uses."""
        return self.name.partition("-")[2]


@dataclass(frozen=True)
class Machine:
    """A machine type with GPUs."""

    cloud: str
    name: str
    gpu: str
    """Key of `stacks.catalog.gpus.GPUS`."""
    gpus: int
    gpu_memory_gib: float
    """Memory of one GPU as the cloud states it, in GiB."""
    link: str
    """How its GPUs are joined: `nvlink`, `nvlink-bridge` (pairs), `pcie` or `none`."""
    rdma: str
    """The network between machines by its name, empty when it has none of its own."""
    capacity_types: tuple[CapacityType, ...]
    """How it is sold at all; large GCP and AWS types come by reservation only."""

    @property
    def has_rdma(self) -> bool:
        """Whether GPUs of several machines reach each other's memory: GPUDirect over TCP does not count."""
        return self.rdma.startswith(("EFA", "InfiniBand", "RoCE"))


@dataclass(frozen=True)
class Price:
    """What one machine costs for an hour, in USD."""

    usd_per_hour: float
    origin: Origin
    region: str
    """Where the price was read; another region than asked for makes it an estimate."""
    is_estimate: bool
    """True when it was read in another region or put together from two dated facts."""


@dataclass(frozen=True)
class Offer:
    """Where a machine type is listed, and what an absence from that list means."""

    regions: frozenset[str]
    absent_means: Availability
    origin: Origin


@dataclass(frozen=True)
class Catalogue:
    """Everything known of what can be bought, without network."""

    regions: Mapping[str, Region]
    jurisdictions: Mapping[str, frozenset[str]]
    """Countries of each jurisdiction, e.g. `EU`."""
    machines: Mapping[tuple[str, str], Machine]
    """By cloud and machine name."""
    offers: Mapping[tuple[str, str], Offer]
    prices: Mapping[tuple[str, str, PriceKind], Price]
    spot_savings: Mapping[tuple[str, str], tuple[float, Origin]]
    """Median saving as a share of the on-demand price, a fact with a date of its own."""
    spot_notice: Mapping[str, tuple[int, Origin]]
    """Seconds between warning and loss of a spot machine, by cloud."""
    services: Mapping[tuple[str, str], tuple[float, Origin] | None]
    """USD per hour of what a region needs besides machines; None has no price in hand."""
    origins: Mapping[str, Origin]
    """Origin of each block, for the warning about age."""

    def available(self, machine: Machine, region: Region) -> Availability:
        """Whether `machine` can be bought in `region`, as far as is known."""
        if machine.cloud != region.cloud:
            return "no"
        offer = self.offers[machine.cloud, machine.name]
        return "yes" if region.own_name in offer.regions else offer.absent_means

    def offered_in(self, gpu: str) -> tuple[str, ...]:
        """Every region known to offer a GPU, sorted."""
        return tuple(
            sorted(
                {
                    f"{machine.cloud}-{region}"
                    for key, machine in self.machines.items()
                    if machine.gpu == gpu
                    for region in self.offers[key].regions
                }
            )
        )

    def price(self, machine: Machine, region: Region, capacity: CapacityType) -> Price | None:
        """The hourly price; None when there is none. A reservation without commitment bills as on-demand."""
        own = region.own_name
        if capacity == "reserved":
            committed = self.prices.get((machine.cloud, machine.name, "committed"))
            return _in(own, committed) if committed else self.price(machine, region, "on-demand")
        direct = self.prices.get((machine.cloud, machine.name, capacity))
        if direct is not None or capacity == "on-demand":
            return _in(own, direct)
        full = self.prices.get((machine.cloud, machine.name, "on-demand"))
        saving = self.spot_savings.get((machine.cloud, machine.name))
        if full is None or saving is None:
            return None
        older = min((full.origin, saving[1]), key=lambda origin: origin.date)
        return Price(full.usd_per_hour * (1 - saving[0]), older, full.region, is_estimate=True)

    def lies_in(self, region: Region) -> tuple[str, ...]:
        """Jurisdictions that hold a region, sorted."""
        return tuple(sorted(name for name, countries in self.jurisdictions.items() if region.country in countries))

    def stale(self, today: date) -> tuple[str, ...]:
        """A line for every block that is older than `STALE_DAYS`."""
        return tuple(
            f"{block}: {origin.source} is of {origin.date}, {(today - origin.date).days} days old"
            for block, origin in sorted(self.origins.items())
            if (today - origin.date).days > STALE_DAYS
        )


def _in(region: str, price: Price | None) -> Price | None:
    if price is None:
        return None
    return Price(price.usd_per_hour, price.origin, price.region, is_estimate=price.region != region)
