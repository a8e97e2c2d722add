"""The names layer of a territory, and what it exports: its zone, and the secrets that its regions share."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.local.keys import KEY_PREFIX, RandomKey
from components.territory_specs import NamesSpec

EXPORT = "names"


@dataclass(frozen=True)
class TerritoryGives:
    """What the regions of a territory take from its names."""

    zone_id: pulumi.Output[str]
    secrets: Mapping[str, pulumi.Output[str]]
    """Value by name; the same in every region, so that a client's key is good wherever it is sent."""


def make(spec: NamesSpec) -> TerritoryGives:
    """Make a territory's names, and draw its secrets."""
    module = importlib.import_module("components.steering.route53_names")
    made = module.Route53Names(f"{spec.territory}-names", spec)
    drawn = {each: _draw(f"{spec.territory}-{each.replace('/', '-')}") for each in spec.secrets}
    return TerritoryGives(zone_id=made.zone_id, secrets=drawn)


def exported(given: TerritoryGives) -> Mapping[str, Any]:
    """What grounds and steering take; the secrets stay encrypted by the territory's own key."""
    return {"zoneId": given.zone_id, "secrets": dict(given.secrets)}


def of_reference(values: pulumi.Output[Any], secrets: tuple[str, ...]) -> TerritoryGives:
    """The same as another stack exported it. Which secrets there are is the plan's to say."""

    def secret(name: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(values.apply(lambda known: str(known["secrets"][name])))

    return TerritoryGives(
        zone_id=pulumi.Output.unsecret(values.apply(lambda known: str(known["zoneId"]))),
        secrets={name: secret(name) for name in secrets},
    )


def _draw(name: str) -> pulumi.Output[str]:
    return RandomKey(name, prefix=KEY_PREFIX, opts=pulumi.ResourceOptions()).value
