"""The outer waist: what every region offers and takes, whatever runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.cluster import Cluster


@dataclass(frozen=True)
class Machine:
    """Where this checkout keeps what regions on this machine need; other clouds ignore it."""

    root: Path
    """The checkout."""
    state: Path
    """The stack's own folder: files, sockets and logs of its processes."""
    serving_python: Path
    """The interpreter of the environment that vLLM is installed in."""


@dataclass(frozen=True)
class TerritoryNames:
    """What the names layer of a territory gives its regions."""

    authority_certificate: pulumi.Output[str]
    """The certificate, PEM, that vouches for the territory's entries."""
    authority_private_key: pulumi.Output[str]
    """Its key, PEM; a secret."""
    steering_name: str
    """The name that clients of the territory resolve; every entry's certificate carries it."""


@dataclass(frozen=True)
class RegionInputs:
    """What a region takes besides its spec: values that only connect, never decide."""

    tenant_keys: Mapping[str, pulumi.Output[str]]
    """API key by tenant; secrets."""
    names: TerritoryNames
    machine: Machine


class Region(pulumi.ComponentResource):
    """What every region offers. A class per cloud fills these in."""

    endpoint: pulumi.Output[str]
    """Base address of the region's entry, e.g. `https://127.0.0.1:8443`. Known once it served a token."""
    entry_port: pulumi.Output[int]
    """Port of the entry; known once it served a token."""


@dataclass(frozen=True)
class Entry:
    """What steering needs of a region's entry on a cloud."""

    address: pulumi.Output[str]
    """Name (AWS) or IP address (GCP, Azure) of the load balancer."""
    zone_id: pulumi.Output[str] | None
    """Zone of the name for alias records; None where the address is an IP."""


@dataclass(frozen=True)
class GroundInputs:
    """What a region on a cloud takes besides its spec."""

    zone_id: pulumi.Output[str]
    """The DNS zone of the environment, from the names layer."""
    secrets: Mapping[str, pulumi.Output[str]]
    """Value by `GroundSpec.secrets`, from the names layer: the same in every region of the territory."""


class Ground(pulumi.ComponentResource):
    """What cloud APIs make of a region. A class per cloud fills these in; it takes `(name, spec, inputs, opts)`."""

    cluster: Cluster
    entry: Entry
    inner_entry: Entry | None
    """The private one where a region has two: the first is public then."""
