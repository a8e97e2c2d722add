"""The steering of a territory, and what it exports."""

import importlib
from collections.abc import Mapping
from typing import Any

import pulumi

from components.region import Entry
from components.territory import SteeringInputs
from components.territory_specs import DnsSteeringSpec

EXPORT = "steering"


def make(spec: DnsSteeringSpec, zone_id: pulumi.Output[str], entries: Mapping[str, Entry]) -> pulumi.Output[str]:
    """Make a territory's steering; returns the address that its clients use."""
    module = importlib.import_module("components.steering.route53")
    inputs = SteeringInputs(zone_id=zone_id, entries=entries)
    endpoint: pulumi.Output[str] = module.Route53Steering(f"{spec.territory}-steering", spec, inputs).endpoint
    return endpoint


def exported(endpoint: pulumi.Output[str]) -> Mapping[str, Any]:
    """What application teams and `./meridian outputs` read."""
    return {"endpoint": endpoint}
