"""What a stack holds, as plain values: read from its name, the configuration and the plan. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from components.ground_specs import GroundSpec
from components.serving_specs import ServingSpec
from components.territory_specs import DnsSteeringSpec, NamesSpec
from stacks.catalog import catalogue
from stacks.config import Config
from stacks.plan import ground_checks, territory
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan
from stacks.plan.ground import ground
from stacks.plan.serving import serving
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused, Problem, near
from stacks.scope import OF_TERRITORIES, Layer, Scope, Territories, parse

CLOUDS = frozenset({"aws"})
"""The clouds whose regions are built."""

Spec = TypeVar("Spec")


@dataclass(frozen=True)
class Held:
    """What one stack is to make, and what its parts may take from others."""

    scope: Scope
    territories: Territories
    """The regions of each territory that this environment builds."""
    names: Mapping[str, NamesSpec]
    """By territory; those that the stack holds."""
    grounds: Mapping[str, GroundSpec]
    """By region; those that the stack holds, and those whose values its parts take."""
    serving: Mapping[str, ServingSpec]
    """By region; those that the stack holds."""
    steering: Mapping[str, DnsSteeringSpec]
    """By territory; those that the stack holds."""

    def territory_of(self, region: str) -> str:
        """The territory of a region."""
        return next(name for name, regions in self.territories.items() if region in regions)


def held(stack: str, config: Config) -> Held:
    """What a stack holds; raises `ConfigurationRefused` with every reason against it."""
    plan = make_fleet(config, catalogue(), size)
    territories = territories_of(config)
    scope = parse(stack, territories)
    regions = _regions(scope, territories)
    problems = _Problems()
    problems.add(_foreign(plan, regions))
    of_territory = {layer: [each.place for each in scope.parts if each.layer is layer] for layer in OF_TERRITORIES}
    made = Held(
        scope=scope,
        territories=territories,
        names=problems.gather(of_territory[Layer.NAMES], lambda name: territory.names(name, config, plan, catalogue())),
        grounds=problems.gather(regions, lambda name: ground(name, config, plan, catalogue())),
        serving=problems.gather(
            [part.place for part in scope.parts if part.layer is Layer.SERVING],
            lambda name: serving(name, config, plan, catalogue()),
        ),
        steering=problems.gather(
            of_territory[Layer.STEERING],
            lambda name: territory.steering(name, territories[name], config, plan, catalogue()),
        ),
    )
    problems.end()
    return made


def territories_of(config: Config) -> Territories:
    """The regions of each territory that are built: all, or those on the clouds of `rollout.clouds`.

    Raises `ConfigurationRefused` for a cloud that the environment has no region on.
    """
    wanted = config.rollout.clouds
    everything = {name: tuple(each.regions) for name, each in config.territories.items()}
    if not wanted:
        return everything
    known = sorted({region.partition("-")[0] for regions in everything.values() for region in regions})
    if unknown := sorted(set(wanted) - set(known)):
        raise ConfigurationRefused([_no_such_cloud(name, known) for name in unknown])
    found = {
        name: tuple(region for region in regions if region.partition("-")[0] in wanted)
        for name, regions in everything.items()
    }
    return {name: regions for name, regions in found.items() if regions}


def _regions(scope: Scope, territories: Territories) -> list[str]:
    """The regions whose ground the stack makes or reads."""
    own = [part.place for part in scope.parts if part.layer in (Layer.GROUND, Layer.SERVING)]
    steered = [
        region for part in scope.parts if part.layer is Layer.STEERING for region in sorted(territories[part.place])
    ]
    return list(dict.fromkeys([*own, *steered]))


class _Problems:
    """Gathers what every spec is refused for, so that all is told at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, problems: list[Problem]) -> None:
        self.found += [each for each in problems if each not in self.found]

    def gather(self, places: list[str], make: Callable[[str], Spec]) -> Mapping[str, Spec]:
        made = {}
        for place in places:
            try:
                made[place] = make(place)
            except ConfigurationRefused as refused:
                self.add(list(refused.problems))
        return made

    def end(self) -> None:
        if self.found:
            raise ConfigurationRefused(self.found)


def _foreign(plan: FleetPlan, regions: list[str]) -> list[Problem]:
    return [ground_checks.not_built(each) for each in plan.regions if each.name in regions and each.cloud not in CLOUDS]


def _no_such_cloud(name: str, known: list[str]) -> Problem:
    return Problem(
        where="meridian:rollout.clouds",
        what=f"no region of the environment is on {name}",
        why="a deployment of nothing would look like a success",
        fix=near(name, known),
    )
