"""The export contract: one map, by territory."""

import pulumi

from stacks.deploy import Territory


def export(territories: dict[str, Territory]) -> None:
    """Export `territories`: per territory the endpoint, the CA file and the tenants' keys (secret)."""
    pulumi.export("territories", {name: _contract(territory) for name, territory in territories.items()})


def _contract(territory: Territory) -> dict[str, object]:
    return {
        "endpoint": territory.endpoint,
        "nameServer": territory.name_server,
        "caFile": territory.authority_file,
        "regions": {name: region.endpoint for name, region in territory.regions.items()},
        "tenants": {name: {"key": key} for name, key in territory.tenant_keys.items()},
    }
