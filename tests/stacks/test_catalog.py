"""The catalogue: every table whole, every fact with source and date, residency by country and not by name."""

import csv
from datetime import date, timedelta
from typing import get_args

import pytest

from stacks.catalog import CapacityType, catalogue
from stacks.catalog.load import DATA
from stacks.catalog.model import STALE_DAYS
from stacks.plan.cidr import slots

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
        figures = [row[column] for column in ("usd_per_hour", "by_use") if row.get(column)]
        if row.get("source"):
            assert date(2020, 1, 1) < date.fromisoformat(row["date"]) <= date(2026, 11, 25)
            assert figures or name not in ("services.csv", "prices.csv")
        else:
            assert name == "machines.csv" or not figures, "no figure without a source"


def test_every_row_speaks_of_a_known_machine_and_of_known_regions() -> None:
    known = set(FACTS.machines)
    assert set(FACTS.offers) == known
    assert {key[:2] for key in FACTS.prices} <= known
    assert set(FACTS.spot_savings) <= known
    strangers = {f"{cloud}-{region}" for (cloud, _), offer in FACTS.offers.items() for region in offer.regions} - set(
        FACTS.regions
    )
    assert strangers == set()
    read_in = {f"{key[0]}-{price.region}" for key, prices in FACTS.prices.items() for price in prices}
    assert read_in <= set(FACTS.regions)


def test_machines_are_sold_somehow_and_spot_is_never_dearer() -> None:
    for machine in FACTS.machines.values():
        assert machine.capacity_types
        assert set(machine.capacity_types) <= set(get_args(CapacityType))
        assert machine.gpus >= 1
    for (cloud, name, kind), prices in FACTS.prices.items():
        for price in prices:
            assert price.usd_per_hour > 0
            place = FACTS.regions[f"{cloud}-{price.region}"]
            full = FACTS.price(FACTS.machines[cloud, name], place, "on-demand")
            assert full is not None
            assert kind == "on-demand" or price.usd_per_hour < full.usd_per_hour, "what binds or may be lost is cheaper"
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


def test_a_price_read_elsewhere_is_an_estimate_and_one_of_the_region_itself_comes_first() -> None:
    high, mega = (FACTS.machines["gcp", f"a3-{name}-8g"] for name in ("highgpu", "megagpu"))
    here = FACTS.price(high, FACTS.regions["gcp-us-central1"], "on-demand")
    there = FACTS.price(high, FACTS.regions["gcp-europe-west4"], "on-demand")
    assert here is not None and there is not None
    assert not here.is_estimate and not there.is_estimate
    assert here.usd_per_hour < there.usd_per_hour
    elsewhere = FACTS.price(mega, FACTS.regions["gcp-europe-west4"], "on-demand")
    assert elsewhere is not None and elsewhere.is_estimate and elsewhere.region != "europe-west4"


def test_a_longer_commitment_is_cheaper_where_its_price_is_known_and_unknown_elsewhere() -> None:
    place, machine = FACTS.regions["gcp-europe-west4"], FACTS.machines["gcp", "a3-highgpu-8g"]
    full = FACTS.price(machine, place, "reserved")
    one, three = FACTS.committed_price(machine, place, 1), FACTS.committed_price(machine, place, 3)
    assert full is not None and one is not None and three is not None
    assert three.usd_per_hour < one.usd_per_hour < full.usd_per_hour
    assert FACTS.committed_price(machine, place, 0) is None
    assert FACTS.committed_price(FACTS.machines["aws", "p5.48xlarge"], FACTS.regions["aws-us-east-1"], 3) is None


def test_every_region_lies_in_a_country_and_every_cloud_has_notice_and_the_same_questions_of_cost() -> None:
    assert all(len(region.country) == 2 and region.country.isupper() for region in FACTS.regions.values())
    assert all(region.zones is None or 1 <= region.zones <= 6 for region in FACTS.regions.values())
    assert all(countries for countries in FACTS.jurisdictions.values())
    clouds = {machine.cloud for machine in FACTS.machines.values()}
    assert clouds == {region.cloud for region in FACTS.regions.values()} == set(FACTS.spot_notice)
    for cloud in clouds:
        told = " ".join(service for owner, service in FACTS.services if owner == cloud)
        for question in (
            "control plane",
            "load balancer",
            "WAF",
            "NAT" if cloud != "aws" else "endpoints",
            "logs",
            "egress",
        ):
            assert question in told


def test_what_has_no_price_is_none_and_never_nothing() -> None:
    assert all(one.usd_per_hour is None or one.usd_per_hour > 0 for one in FACTS.services.values())
    assert FACTS.services["aws", "egress"].usd_per_hour is None


def test_blocks_older_than_a_quarter_are_told() -> None:
    newest = max(origin.date for origin in FACTS.origins.values())
    oldest = min(origin.date for origin in FACTS.origins.values())
    assert FACTS.stale(oldest + timedelta(days=STALE_DAYS)) == ()
    assert len(FACTS.stale(newest + timedelta(days=STALE_DAYS + 1))) == len(FACTS.origins)


def test_every_region_has_a_network_of_its_own() -> None:
    found = slots()
    assert set(found) >= set(FACTS.regions)
    assert len(set(found.values())) == len(found)
    assert all(1 <= slot <= 255 for slot in found.values())
