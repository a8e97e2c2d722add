"""What exists once per territory on clouds: its names and its steering. Frozen values, no defaults, no Pulumi."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NamesSpec:
    """What must stand before any region of a territory: its zone, who may certify its name, and the proof of it."""

    territory: str
    environment: str
    name: str
    """The name that clients of the territory use, e.g. `eu.inference.example.com`."""
    zone: str
    """DNS zone that holds it; somebody made and delegated it before."""
    account: str
    """The account that the zone lies in; a login to another one is refused."""
    home: str
    """The cloud's own name of the region, inside the territory, that calls are made from."""
    issuers: tuple[str, ...]
    """Certificate authorities that may certify the name and what lies below it, sorted; nobody else may."""
    proves: bool
    """Whether regions need the proof of the territory's name in this account."""
    secrets: tuple[str, ...]
    """Names of what is drawn once for the territory and kept by every region of it: keys of gateway and tenants."""
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MemberSpec:
    """A region as steering sees it."""

    region: str
    name: str
    """Its own name, e.g. `aws-eu-north-1.eu.inference.example.com`; answered even while it is drained."""
    aws_region: str | None
    """Where it is, for distances: a region of AWS, or None and `coordinates`."""
    coordinates: tuple[str, str] | None
    """Latitude and longitude in degrees, for regions of other clouds."""
    drained: bool
    """True while no client is sent there: its record is not there at all."""


@dataclass(frozen=True)
class DnsSteeringSpec:
    """DNS that sends clients of one territory to its nearest healthy entry, and to no other territory's."""

    territory: str
    environment: str
    name: str
    account: str
    home: str
    members: tuple[MemberSpec, ...]
    """Every region of the territory that is steered to, sorted by name. What is not here is never answered."""
    sink: str
    """IPv4 address that is answered when no member is healthy: nobody's, so that no request leaves the territory."""
    ttl_seconds: int
    """Of answers whose time is ours to say; a load balancer's own name keeps its cloud's."""
    probed: bool
    """Whether health checkers on the internet can reach the entries."""
    probe_interval_seconds: int
    failure_threshold: int
    probe_path: str
    probe_body: str
    """What the probe's answer holds when the region served a token lately."""
    tags: tuple[tuple[str, str], ...]
