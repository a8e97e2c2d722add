"""Makes the layers that a stack of an environment on clouds holds, in order; it connects, and decides nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import pulumi

from stacks.deploying import ground, names, serving, steering
from stacks.deploying.ground import Waist
from stacks.deploying.held import Held
from stacks.deploying.names import TerritoryGives
from stacks.deploying.references import References
from stacks.scope import Layer, Part


def deploy(held: Held) -> None:
    """Make everything that a stack holds, and export per layer what other stacks take."""
    _Deployment(held).run()


class _Deployment:
    """The parts of one stack. What a part takes comes from the same stack or from another one, and it cannot tell."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self.references = References(held.scope)
        self.given: dict[str, TerritoryGives] = {}
        self.waists: dict[str, Waist] = {}
        self.endpoints: dict[str, pulumi.Output[str]] = {}

    def run(self) -> None:
        makers: dict[Layer, Callable[[str], None]] = {
            Layer.NAMES: self._names,
            Layer.GROUND: self._ground,
            Layer.SERVING: self._serving,
            Layer.STEERING: self._steering,
        }
        for part in self.held.scope.parts:
            makers[part.layer](part.place)
        _export(names.EXPORT, {name: names.exported(each) for name, each in self.given.items()})
        _export(ground.EXPORT, {name: ground.exported(waist) for name, waist in self.waists.items()})
        _export(steering.EXPORT, {name: steering.exported(each) for name, each in self.endpoints.items()})

    def _names(self, territory: str) -> None:
        self.given[territory] = names.make(self.held.names[territory])

    def _ground(self, region: str) -> None:
        spec = self.held.grounds[region]
        self.waists[region] = ground.make(spec, self._given(self.held.territory_of(region), spec.secrets))

    def _serving(self, region: str) -> None:
        serving.make(self.held.serving[region], self.held.grounds[region], self._waist(region))

    def _steering(self, territory: str) -> None:
        spec = self.held.steering[territory]
        entries = {member.region: self._waist(member.region).entry for member in spec.members}
        self.endpoints[territory] = steering.make(spec, self._given(territory).zone_id, entries)

    def _given(self, territory: str, secrets: tuple[str, ...] = ()) -> TerritoryGives:
        if territory in self.given:
            return self.given[territory]
        return names.of_reference(self.references.of(Part(Layer.NAMES, territory), names.EXPORT), secrets)

    def _waist(self, region: str) -> Waist:
        if region in self.waists:
            return self.waists[region]
        values = self.references.of(Part(Layer.GROUND, region), ground.EXPORT)
        return ground.of_reference(self.held.grounds[region], values)


def _export(name: str, values: Mapping[str, Any]) -> None:
    """Only what this stack made: what it read from another one is that one's to export."""
    if values:
        pulumi.export(name, values)
