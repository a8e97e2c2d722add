"""How a region's network is cut into subnets: pure, and no zone moves when another is added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

LETTERS = "abcdefg"
"""Zones of a region end with one of these; each has its own place, whatever other zones are used."""

SMALLEST_PREFIX = 21
"""With a /21 a zone has 256 addresses for nodes and pods, and 32 for the load balancer, the least an ALB accepts."""


@dataclass(frozen=True)
class ZoneSubnets:
    """The subnets of one zone."""

    nodes: str
    entry: str


def subnets(cidr: str, zones: Sequence[str]) -> Mapping[str, ZoneSubnets]:
    """Subnets by zone: an eighth of the network for nodes and pods, a 64th for the load balancer.

    Raises ValueError when a zone does not end with one of `LETTERS` or the network is smaller than `SMALLEST_PREFIX`.
    """
    network = IPv4Network(cidr)
    if network.prefixlen > SMALLEST_PREFIX:
        message = f"{cidr} is too small: a region needs a /{SMALLEST_PREFIX} or larger"
        raise ValueError(message)
    *eighths, last = network.subnets(prefixlen_diff=3)
    entries = list(last.subnets(prefixlen_diff=3))
    return {
        zone: ZoneSubnets(nodes=str(eighths[place]), entry=str(entries[place]))
        for zone, place in ((zone, LETTERS.index(zone[-1:])) for zone in zones)
    }
