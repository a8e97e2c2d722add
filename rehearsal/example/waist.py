"""What a region's ground offers to everything above it, whichever cloud it is on and whichever stack holds it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from pulumi import Input


@dataclass(frozen=True)
class Waist:
    """The values that cross from ground to serving and steering. None of them tells whether they came by value, from
    the same stack, or by reference, from another one."""

    cluster: Input[str]
    """The cluster's name."""
    endpoint: Input[str]
    """URL of its API server."""
    authority: Input[str]
    """The certificate authority of the API server, base64."""
    registry: Input[str]
    """Where the region's images are."""
    log: Input[str]
    """Id of the region's audit log."""
    entry: Input[str]
    """The entry's IP address, or its DNS name where the cloud moves addresses."""
    entry_zone: Input[str]
    """Hosted zone of that DNS name, for an alias; empty for an address."""

    def exported(self) -> dict[str, Input[str]]:
        """The stack outputs of a stack that holds the ground alone."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # asdict would copy Outputs


def waist(read: Callable[[str], Any]) -> Waist:
    """The waist whose values `read` gives by name: the one place where one is made."""
    return Waist(**{field.name: read(field.name) for field in fields(Waist)})
