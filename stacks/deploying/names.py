"""The names layer of a territory, and what it exports."""

import importlib
from collections.abc import Mapping
from typing import Any

import pulumi

from components.territory_specs import NamesSpec

EXPORT = "names"


def make(spec: NamesSpec) -> pulumi.Output[str]:
    """Make a territory's names; returns the id of the zone."""
    module = importlib.import_module("components.steering.route53_names")
    zone_id: pulumi.Output[str] = module.Route53Names(f"{spec.territory}-names", spec).zone_id
    return zone_id


def exported(zone_id: pulumi.Output[str]) -> Mapping[str, Any]:
    """What grounds and steering take; nothing of it is secret."""
    return {"zoneId": zone_id}


def of_reference(values: pulumi.Output[Any]) -> pulumi.Output[str]:
    """The zone's id as another stack exported it."""
    return values.apply(lambda known: str(known["zoneId"]))
