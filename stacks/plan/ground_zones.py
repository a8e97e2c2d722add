"""Which zones of a region are used."""

from components.aws.addresses import LETTERS
from stacks.config import Config
from stacks.plan.fleet_model import RegionFleet
from stacks.plan.ground_facts import MOST_ZONES


def zones_of(region: RegionFleet, config: Config) -> tuple[str, ...]:
    """The cloud's names of the zones, sorted; empty where nothing is known of them."""
    if region.name in config.network.zones:
        return tuple(sorted(config.network.zones[region.name]))
    location = region.name.partition("-")[2]
    return tuple(f"{location}{letter}" for letter in LETTERS[: min(region.zones or 0, MOST_ZONES)])
