"""The catalogue's files as values."""

import csv
import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import get_args

from stacks.catalog.model import CapacityType, Catalogue, Machine, Offer, Origin, Price, PriceKind, Region, Service

DATA = Path(__file__).parent / "data"


@cache
def catalogue() -> Catalogue:
    """The catalogue of this version, read once."""
    places = json.loads((DATA / "regions.json").read_text())
    offers = {(row["cloud"], row["machine"]): _offer(row) for row in _rows("availability.csv")}
    prices: dict[tuple[str, str, PriceKind], tuple[Price, ...]] = {}
    for row in _rows("prices.csv"):
        key = row["cloud"], row["machine"], _kind(row["kind"])
        prices[key] = (*prices.get(key, ()), _price(row))
    savings = {
        (row["cloud"], row["machine"]): (float(row["saving_percent_median"]) / 100, _origin(row))
        for row in _rows("spot_savings.csv")
    }
    notices = {row["cloud"]: (int(row["notice_seconds"]), _origin(row)) for row in _rows("spot_notice.csv")}
    services = {(row["cloud"], row["service"]): _service(row) for row in _rows("services.csv")}
    return Catalogue(
        regions={name: Region(name, fact["country"], fact["zones"]) for name, fact in places["regions"].items()},
        jurisdictions={name: frozenset(countries) for name, countries in places["jurisdictions"].items()},
        machines={(row["cloud"], row["machine"]): _machine(row) for row in _rows("machines.csv")},
        offers=offers,
        prices=prices,
        spot_savings=savings,
        spot_notice=notices,
        services=services,
        origins={
            "regions": _origin(places["country"]),
            "zones": _origin(places["zones"]),
            **_oldest("availability", ((cloud, offer.origin) for (cloud, _), offer in offers.items())),
            **{
                name: origin
                for kind in get_args(PriceKind)
                for name, origin in _oldest(
                    f"{kind} prices",
                    ((key[0], each.origin) for key in prices if key[2] == kind for each in prices[key]),
                ).items()
            },
            **_oldest(
                "service prices",
                ((cloud, one.origin) for (cloud, _), one in services.items() if one.origin is not None),
            ),
            **_oldest("spot savings", ((cloud, origin) for (cloud, _), (_, origin) in savings.items())),
        },
    )


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _origin(row: dict[str, str]) -> Origin:
    return Origin(source=row["source"], date=date.fromisoformat(row["date"]))


def _offer(row: dict[str, str]) -> Offer:
    absent = row["absent_means"]
    if absent not in ("no", "unknown"):
        message = f"availability.csv: {row['machine']}: absent_means is {absent!r}"
        raise ValueError(message)
    return Offer(frozenset(row["regions"].split()), "no" if absent == "no" else "unknown", _origin(row))


def _kind(text: str) -> PriceKind:
    return next(kind for kind in get_args(PriceKind) if kind == text)


def _price(row: dict[str, str]) -> Price:
    return Price(float(row["usd_per_hour"]), _origin(row), row["region"], is_estimate=False)


def _service(row: dict[str, str]) -> Service:
    usd = float(row["usd_per_hour"]) if row["usd_per_hour"] else None
    return Service(usd, row["by_use"], _origin(row) if row["source"] else None)


def _machine(row: dict[str, str]) -> Machine:
    sold: tuple[CapacityType, ...] = tuple(
        kind for kind in get_args(CapacityType) if kind in row["capacity_types"].split()
    )
    return Machine(
        cloud=row["cloud"],
        name=row["machine"],
        gpu=row["gpu"],
        gpus=int(row["gpus"]),
        gpu_memory_gib=float(row["gpu_memory_gib"]),
        link=row["link"],
        rdma=row["rdma"],
        capacity_types=sold,
    )


def _oldest(block: str, origins: Iterable[tuple[str, Origin]]) -> dict[str, Origin]:
    found: dict[str, Origin] = {}
    for cloud, origin in origins:
        name = f"{block} of {cloud}"
        found[name] = min((found.get(name, origin), origin), key=lambda each: each.date)
    return found
