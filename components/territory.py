"""The waists of what exists once per territory on clouds: what names and steering offer and take."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.region import Entry


class Names(pulumi.ComponentResource):
    """What must stand before a territory's regions. A class per DNS provider fills it in."""

    zone_id: pulumi.Output[str]
    """The zone that the territory's records are written to."""


@dataclass(frozen=True)
class SteeringInputs:
    """What steering is connected to: the entries of its own territory."""

    zone_id: pulumi.Output[str]
    entries: Mapping[str, Entry]
    """By region; every member of the spec has one."""


class Steering(pulumi.ComponentResource):
    """Sends clients to entries. A class per DNS provider fills it in."""

    endpoint: pulumi.Output[str]
    """Base address that clients of the territory use; known once every answer stands."""
