"""The catalogue: every table whole, every fact with source and date, residency by country and not by name."""

import csv
from datetime import date, timedelta
from typing import get_args

import pytest

from stacks.catalog import CapacityType, catalogue
from stacks.catalog.load import DATA
from stacks.catalog.model import STALE_DAYS

FACTS = catalogue()
TABLES = {
    "machines.csv": ("cloud", "machine"),
    "availability.csv": ("cloud", "machine"),
    "prices.csv": ("cloud", "machine", "region", "kind"),
    "spot_savings.csv": ("cloud", "machine"),
    "spot_notice.csv": ("cloud",),
    "services.csv": ("cloud", "service"),
}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", TABLES)
def test_each_row_of_a_table_has_a_key_of_its_own_and_a_dated_source_for_each_figure(name: str) -> None:
    found = rows(name)
    keys = [tuple(row[column] for column in TABLES[name]) for row in found]
    assert keys
    assert len(keys) == len(set(keys))
    for row in found:
        if row.get("source"):
            assert date(2024, 1, 1) < date.fromisoformat(row["date"])
        else:
            assert name == "machines.csv" or not row["usd_per_hour"]


def test_every_row_speaks_of_a_known_machine_and_of_known_regions() -> None:
    known = set(FACTS.machines)
    assert set(FACTS.offers) == known
    assert {key[:2] for key in FACTS.prices} <= known
    assert set(FACTS.spot_savings) <= known
    strangers = {f"{cloud}-{region}" for (cloud, _), offer in FACTS.offers.items() for region in offer.regions} - set(
        FACTS.regions
    )
    assert strangers == set()
    assert {f"{key[0]}-{price.region}" for key, price in FACTS.prices.items()} <= set(FACTS.regions)


def test_machines_are_sold_somehow_and_spot_is_never_dearer() -> None:
    for machine in FACTS.machines.values():
        assert machine.capacity_types
        assert set(machine.capacity_types) <= set(get_args(CapacityType))
        assert machine.gpus >= 1
    for (cloud, name, kind), price in FACTS.prices.items():
        assert price.usd_per_hour > 0
        if kind == "spot":
            assert price.usd_per_hour < FACTS.prices[cloud, name, "on-demand"].usd_per_hour
    assert all(0 < saving < 0.9 for saving, _ in FACTS.spot_savings.values())


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        ("aws-eu-west-2", "UK", "EU"),
        ("gcp-europe-west2", "UK", "EU"),
        ("gcp-europe-west6", "CH", "EU"),
        ("aws-eu-central-2", "CH", "EU"),
        ("azure-norwayeast", "EEA", "EU"),
        ("aws-ap-southeast-2", "AU", "SG"),
        ("gcp-northamerica-south1", "MX", "US"),
        ("azure-swedencentral", "EU", "CH"),
        ("aws-eusc-de-east-1", "EU", "US"),
    ],
)
def test_a_region_lies_where_its_country_is_and_not_where_its_name_says(region: str, inside: str, outside: str) -> None:
    found = FACTS.lies_in(FACTS.regions[region])
    assert inside in found
    assert outside not in found


def test_availability_has_three_answers() -> None:
    p5 = FACTS.machines["aws", "p5.48xlarge"]
    a3 = FACTS.machines["gcp", "a3-highgpu-8g"]
    assert FACTS.available(p5, FACTS.regions["aws-eu-north-1"]) == "yes"
    assert FACTS.available(p5, FACTS.regions["aws-eu-west-1"]) == "unknown"
    assert FACTS.available(a3, FACTS.regions["gcp-europe-west6"]) == "no"
    assert FACTS.available(p5, FACTS.regions["gcp-europe-west4"]) == "no"


def test_spot_notice_is_what_the_clouds_say() -> None:
    assert {cloud: seconds for cloud, (seconds, _) in FACTS.spot_notice.items()} == {"aws": 120, "gcp": 30, "azure": 30}


def test_a_price_read_elsewhere_is_an_estimate() -> None:
    machine = FACTS.machines["gcp", "a3-highgpu-8g"]
    here = FACTS.price(machine, FACTS.regions["gcp-us-central1"], "on-demand")
    there = FACTS.price(machine, FACTS.regions["gcp-europe-west4"], "on-demand")
    assert here is not None and not here.is_estimate
    assert there is not None and there.is_estimate


def test_blocks_older_than_a_quarter_are_told() -> None:
    newest = max(origin.date for origin in FACTS.origins.values())
    oldest = min(origin.date for origin in FACTS.origins.values())
    assert FACTS.stale(oldest + timedelta(days=STALE_DAYS)) == ()
    assert len(FACTS.stale(newest + timedelta(days=STALE_DAYS + 1))) == len(FACTS.origins)
