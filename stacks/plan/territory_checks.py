"""What is wrong with the names and the steering of a territory, found before a zone is asked for anything."""

from collections.abc import Collection, Iterator

from stacks.catalog.model import Catalogue, Region
from stacks.config import Config
from stacks.config_fleet import Steering
from stacks.plan.fleet_model import FleetPlan
from stacks.plan.ground_checks import account_problems, zone_problems
from stacks.problems import Problem, near

INTERVALS = (10, 30)
"""Seconds between health checks that Route 53 offers, from the API reference of CreateHealthCheck."""


def names_problems(territory: str, config: Config, catalogue: Catalogue, home: str | None) -> list[Problem]:
    """What stands against a territory's names; `home` is the region of AWS that its state names."""
    return [*account_problems(config), *zone_problems(config), *_home(territory, config, catalogue, home)]


def steering_problems(territory: str, regions: Collection[str], config: Config, plan: FleetPlan) -> list[Problem]:
    """What stands against steering clients of a territory to `regions`, those of its regions that are built."""
    if config.steering is None:
        return []
    return [*_interval(config.steering, config), *_drained(territory, regions, config, plan)]


def drained(regions: Collection[str], config: Config) -> frozenset[str]:
    """Those of a territory's regions that no client is sent to; a territory that goes as a whole serves to the last."""
    members = frozenset(regions)
    told = frozenset(config.steering.drained if config.steering else ())
    leaving = members & frozenset(config.rollout.retiring)
    return members & (told if leaving == members else told | leaving)


def _home(territory: str, config: Config, catalogue: Catalogue, home: str | None) -> Iterator[Problem]:
    if home is None:
        return
    allowed = {
        country
        for each in config.territories[territory].jurisdictions
        for country in catalogue.jurisdictions.get(each, ())
    }
    region = catalogue.regions.get(f"aws-{home}")
    if region is not None and region.country in allowed:
        return
    where = f"lies in {region.country}" if region else "is no region of AWS"
    yield Problem(
        where=f"meridian:territories.{territory}.state",
        what=f"{home} {where}, outside {', '.join(config.territories[territory].jurisdictions)}",
        why="state and its key hold what the territory has, and never leave its jurisdictions",
        fix=near(home, sorted(each.own_name for each in catalogue.regions.values() if _inside(each, allowed))),
    )


def _inside(region: Region, allowed: set[str]) -> bool:
    return region.cloud == "aws" and region.country in allowed


def _interval(steering: Steering, config: Config) -> Iterator[Problem]:
    if steering.provider != "route53" or config.network.entry == "private":
        return
    if steering.probe_interval_seconds not in INTERVALS:
        yield Problem(
            where="meridian:steering.probeIntervalSeconds",
            what=f"Route 53 does not check every {steering.probe_interval_seconds} s",
            why="it offers fast checks and standard ones, nothing between or beyond",
            fix=f"write {INTERVALS[0]} or {INTERVALS[1]}",
        )


def _drained(territory: str, regions: Collection[str], config: Config, plan: FleetPlan) -> Iterator[Problem]:
    known = sorted(each.name for each in plan.regions)
    said = config.steering.drained if config.steering else ()
    for where, named in (("meridian:steering.drained", said), ("meridian:rollout.retiring", config.rollout.retiring)):
        for name in sorted(set(named) - set(known)):
            yield Problem(
                where=where,
                what=f"there is no region named {name!r}",
                why="a drain that drains nothing would look like one that worked",
                fix=near(name, known),
            )
    if regions and drained(regions, config) == frozenset(regions):
        yield Problem(
            where="meridian:steering.drained",
            what=f"every region of {territory} is drained",
            why="its clients would be sent to nobody, and never to another territory",
            fix=f"leave one of these out: {', '.join(sorted(regions))}",
        )
