"""Networks of regions: slots of an append-only table, so that a new region moves no other."""

import csv
from functools import cache
from ipaddress import IPv4Network
from itertools import combinations

from stacks.catalog.load import DATA
from stacks.config import Config
from stacks.problems import Problem


@cache
def slots() -> dict[str, int]:
    """Slot by region. Rows are appended, never moved or reused."""
    with (DATA / "cidr_slots.csv").open(newline="") as file:
        return {row["region"]: int(row["slot"]) for row in csv.DictReader(file)}


def cidr_of(region: str, config: Config) -> str:
    """The network of a region: a /16 of 10.0.0.0/8 by its slot, unless it is fixed."""
    return config.network.fixed_cidr.get(region) or f"10.{slots()[region]}.0.0/16"


def problems(config: Config) -> list[Problem]:
    """Networks that are none, or that overlap."""
    found, networks = [], {}
    regions = sorted({region for territory in config.territories.values() for region in territory.regions})
    for region in regions:
        if region not in slots() and region not in config.network.fixed_cidr:
            continue
        text = cidr_of(region, config)
        try:
            networks[region] = IPv4Network(text)
        except ValueError as error:
            found.append(_no_network(region, text, str(error)))
    for name in sorted(set(config.network.fixed_cidr) - set(regions)):
        found.append(
            Problem(
                where=f"meridian:network.fixedCidr.{name}",
                what=f"there is no region named {name!r} in any territory",
                why="its network would belong to nothing",
                fix=f"write one of: {', '.join(regions)}",
            )
        )
    found += [
        Problem(
            where=f"meridian:network.fixedCidr.{second if second in config.network.fixed_cidr else first}",
            what=f"{first} ({networks[first]}) and {second} ({networks[second]}) overlap",
            why="regions with one address space can never be joined, and a private door could not tell them apart",
            fix="write networks without common addresses, or leave them out: the plan has a slot for every region",
        )
        for first, second in combinations(sorted(networks), 2)
        if networks[first].overlaps(networks[second])
    ]
    return found


def _no_network(region: str, text: str, error: str) -> Problem:
    return Problem(
        where=f"meridian:network.fixedCidr.{region}",
        what=f"{text} is no network: {error}",
        why="subnets are cut from it",
        fix="write a private IPv4 network such as 10.20.0.0/16, with zero bits after the prefix",
    )
