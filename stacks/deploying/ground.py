"""The ground of a region, what it exports, and the waist as serving and steering take it from wherever it was made."""

import importlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

import pulumi

from components.cluster import Cluster
from components.ground_specs import GroundSpec
from components.region import Entry, GroundInputs
from stacks.deploying.names import TerritoryGives

EXPORT = "grounds"

GROUNDS = {"aws": ("components.aws.region", "AwsGround")}
"""Module and class by cloud; imported when needed, as the SDK of a cloud costs a second."""

ALIASED = frozenset({"aws"})
"""Clouds whose entries have a name, and a zone for aliases of it, instead of an address."""


@dataclass(frozen=True)
class Waist:
    """What a region's ground offers; nothing in it tells which stack made it."""

    cluster: Cluster
    entry: Entry
    inner_entry: Entry | None
    """The private entry of a region that has a public one too."""


def make(spec: GroundSpec, given: TerritoryGives) -> Waist:
    """Make a region's ground."""
    module, name = _module(spec), GROUNDS[_cloud(spec)][1]
    made = getattr(module, name)(spec.name, spec, GroundInputs(zone_id=given.zone_id, secrets=given.secrets), None)
    return Waist(cluster=made.cluster, entry=made.entry, inner_entry=made.inner_entry)


def exported(waist: Waist) -> Mapping[str, Any]:
    """What serving and steering take; nothing of it is secret."""
    cluster, entry, inner = waist.cluster, waist.entry, waist.inner_entry
    return {
        "cluster": {
            "name": cluster.name,
            "endpoint": cluster.endpoint,
            "authority": cluster.authority,
            "registry": cluster.registry,
            "weights": cluster.weights,
            "identities": dict(cluster.identities),
            "traits": asdict(cluster.traits),
        },
        "entry": {"address": entry.address, "zoneId": entry.zone_id},
        "innerEntry": inner and {"address": inner.address, "zoneId": inner.zone_id},
    }


def of_reference(spec: GroundSpec, values: pulumi.Output[Any]) -> Waist:
    """The waist as another stack exported it. How many values there are is the plan's to say, so the spec says it."""

    def read(*path: str) -> pulumi.Output[str]:
        return values.apply(lambda known: _at(known, path))

    cluster = Cluster(
        name=read("cluster", "name"),
        endpoint=read("cluster", "endpoint"),
        authority=read("cluster", "authority"),
        registry=read("cluster", "registry"),
        weights=read("cluster", "weights"),
        identities={each.name: read("cluster", "identities", each.name) for each in spec.identities},
        traits=_module(spec).TRAITS,
    )

    def entry(name: str) -> Entry:
        return Entry(address=read(name, "address"), zone_id=read(name, "zoneId") if _cloud(spec) in ALIASED else None)

    inner = entry("innerEntry") if spec.entry.visibility == "both" else None
    return Waist(cluster=cluster, entry=entry("entry"), inner_entry=inner)


def _at(values: Any, path: tuple[str, ...]) -> str:
    for name in path:
        values = values[name]
    return str(values)


def _cloud(spec: GroundSpec) -> str:
    return spec.name.partition("-")[0]


def _module(spec: GroundSpec) -> ModuleType:
    return importlib.import_module(GROUNDS[_cloud(spec)][0])
