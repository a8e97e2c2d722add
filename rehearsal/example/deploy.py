"""One program for every scope: makes the parts that its stack holds and takes the rest from other stacks."""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import pulumi

from rehearsal.example.settings import Settings, settings
from rehearsal.example.waist import Waist, waist
from stacks.scope import Layer, Part, Scope, parse


def main() -> None:
    """Make what the stack's name says."""
    made = settings()
    Deployment(made, parse(pulumi.get_stack(), made.territories)).run()


class Deployment:
    """The parts of one stack, and what they took from one another."""

    def __init__(self, made: Settings, scope: Scope) -> None:
        self.settings, self.scope = made, scope
        self.names: dict[str, dict[str, Any]] = {}
        self.waists: dict[str, Waist] = {}
        self._reference = cache(self._refer)

    def run(self) -> None:
        """Make every part in order, and export what other stacks take."""
        makers: dict[Layer, Callable[[str], None]] = {
            Layer.NAMES: self._names,
            Layer.GROUND: self._ground,
            Layer.SERVING: self._serving,
            Layer.STEERING: self._steering,
        }
        for part in self.scope.parts:
            makers[part.layer](part.place)
        if len(self.scope.parts) == 1:
            for values in [*self.names.values(), *(each.exported() for each in self.waists.values())]:
                for name, value in values.items():
                    pulumi.export(name, value)

    def _names(self, territory: str) -> None:
        from rehearsal.example.names import names

        self.names[territory] = names(territory, self.settings)

    def _ground(self, region: str) -> None:
        # The SDK of a cloud costs a second to import: only the clouds of this stack are.
        module = importlib.import_module(f"rehearsal.example.ground_{region.partition('-')[0]}")
        made = module.ground(region, self.settings, self._of_territory(self._territory(region), "domain"))
        self.waists[region] = waist(made.__getitem__)

    def _serving(self, region: str) -> None:
        from rehearsal.example.serving import serving

        serving(region, self.settings, self._waist(region))

    def _steering(self, territory: str) -> None:
        from rehearsal.example.steering import steering

        waists = {region: self._waist(region) for region in self.settings.territories[territory]}
        steering(territory, self.settings, self._of_territory(territory, "zone"), waists)

    def _waist(self, region: str) -> Waist:
        return self.waists.get(region) or waist(self._reference(Part(Layer.GROUND, region)).require_output)

    def _of_territory(self, territory: str, name: str) -> Any:
        if territory in self.names:
            return self.names[territory][name]
        return self._reference(Part(Layer.NAMES, territory)).require_output(name)

    def _refer(self, part: Part) -> pulumi.StackReference:
        stack = part.stack(self.scope.environment)
        return pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")

    def _territory(self, region: str) -> str:
        return next(name for name, regions in self.settings.territories.items() if region in regions)
