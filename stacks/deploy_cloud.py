"""Makes what a stack of an environment on clouds holds: names are looked up, grounds are made; the rest comes later."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pulumi

from components.region import Ground, GroundInputs
from stacks.catalog import catalogue
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import grounds
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused, Problem
from stacks.scope import Layer, parse

if TYPE_CHECKING:
    from components.ground_specs import GroundSpec
    from stacks.config import Config

GROUNDS = {"aws": ("components.aws.region", "AwsGround")}
"""Module and class by cloud; imported when needed, as the SDK of a cloud costs a second."""


def planned(stack: str, config: Config) -> tuple[GroundSpec, ...]:
    """The grounds that a stack holds, by its name; raises `ConfigurationRefused` with every reason against them."""
    plan = make_fleet(config, catalogue(), size)
    scope = parse(stack, {name: each.regions for name, each in config.territories.items()})
    regions = [part.place for part in scope.parts if part.layer is Layer.GROUND]
    if not regions:
        raise ConfigurationRefused([_not_built(stack)])
    return grounds(regions, config, plan, catalogue())


def deploy(specs: tuple[GroundSpec, ...]) -> dict[str, Ground]:
    """Make the grounds; one stack may hold one region or all."""
    return {spec.name: _ground(spec) for spec in specs}


def export(grounds: dict[str, Ground]) -> None:
    """Export per region what serving and steering take: nothing of it is secret."""
    pulumi.export("grounds", {name: _contract(made) for name, made in grounds.items()})


def _ground(spec: GroundSpec) -> Ground:
    module, name = GROUNDS[spec.name.partition("-")[0]]
    made: Ground = getattr(importlib.import_module(module), name)(
        spec.name, spec, GroundInputs(zone_id=_zone(spec)), None
    )
    return made


def _zone(spec: GroundSpec) -> pulumi.Output[str]:
    """The id of the hosted zone, which exists before anything here: a parent zone must delegate to it."""
    dns = importlib.import_module("components.aws.zone")
    found: pulumi.Output[str] = dns.zone_id(spec)
    return found


def _contract(made: Ground) -> dict[str, object]:
    cluster, entry, inner = made.cluster, made.entry, made.inner_entry
    return {
        "cluster": {
            "name": cluster.name,
            "endpoint": cluster.endpoint,
            "authority": cluster.authority,
            "registry": cluster.registry,
            "weights": cluster.weights,
            "identities": dict(cluster.identities),
        },
        "entry": {"address": entry.address, "zoneId": entry.zone_id},
        "innerEntry": inner and {"address": inner.address, "zoneId": inner.zone_id},
    }


def _not_built(stack: str) -> Problem:
    return Problem(
        where=f"stack {stack}",
        what="its layer is planned and not yet built: names, serving, steering",
        why="an empty deployment would look like a success",
        fix="deploy the environment in one stack, or a region's `<env>.<region>.ground`",
    )
