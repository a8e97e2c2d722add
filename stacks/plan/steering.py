"""Where clients of a local territory connect: addresses, ports and probes; pure."""

import hashlib

from components.specs import RegionSpec, SteeringSpec
from stacks.config import Config

PROXY, DNS = "proxy", "dns"

STEERING_PORT = 8443
"""Preferred port of the first territory's proxy, and the port of every entry behind DNS."""

REGION_PORT = 8543
"""Preferred entry port of the first region behind a proxy."""

NAME_SERVER_PORT = 8353
"""Preferred port of the first territory's name server."""

DOMAIN = "meridian.test"
"""Under `.test`, which RFC 6761 keeps out of the public DNS."""

LOOPBACK = "127.0.0.1"


def entry_ports(config: Config) -> dict[str, int]:
    """Preferred entry port by region. Behind DNS all entries of a territory share one: an answer carries no port."""
    regions = sorted(region for territory in config.territories.values() for region in territory.regions)
    if config.local.steering.provider == PROXY:
        return {region: config.local.ports.get(region, REGION_PORT + index) for index, region in enumerate(regions)}
    return {
        region: config.local.ports.get(region, config.local.steering.ports.get(name, STEERING_PORT))
        for name, territory in config.territories.items()
        for region in territory.regions
    }


def entry_port_is_fixed(region: str, config: Config) -> bool:
    """Whether another port than the preferred one would be wrong."""
    return config.local.steering.provider == DNS or region in config.local.ports


def entry_address(region: str, config: Config) -> str:
    """The loopback address of a region's entry; behind DNS one of its own, made of its name so that it is stable."""
    if config.local.steering.provider == PROXY:
        return LOOPBACK
    first, second, third = hashlib.sha256(region.encode()).digest()[:3]
    return f"127.{1 + first % 254}.{second}.{1 + third % 254}"


def steering(territory: str, regions: tuple[RegionSpec, ...], config: Config) -> SteeringSpec:
    """The steering of one territory."""
    wanted = config.local.steering
    index = sorted(config.territories).index(territory)
    named = wanted.ports.get(territory) if wanted.provider == PROXY else None
    first = STEERING_PORT if wanted.provider == PROXY else NAME_SERVER_PORT
    return SteeringSpec(
        provider=wanted.provider,
        name=f"{territory}.{DOMAIN}",
        probe_interval_seconds=wanted.probe_interval_seconds,
        unhealthy_after=wanted.unhealthy_after,
        ttl_seconds=wanted.ttl_seconds,
        preferred_port=named or first + index,
        port_is_fixed=named is not None,
        buffer_bytes=max(region.gateway.buffer_bytes for region in regions),
        stream_idle_seconds=max(region.gateway.stream_idle_seconds for region in regions),
    )
