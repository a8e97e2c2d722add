"""The example's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi


@dataclass(frozen=True)
class Settings:
    """One configuration for every stack of the example."""

    domain: str
    owner: str
    """Goes into the tags of everything that has tags."""
    generation: int
    """Part of the names that a cloud does not give free again: raised when a fleet is made anew after a removal."""
    log_generation: int
    """Part of the names of logs: a change replaces them."""
    territories: Mapping[str, tuple[str, ...]]
    """The regions of each territory."""

    @property
    def log_name(self) -> str:
        """What is added to the name of a log."""
        return f"{self.generation}-{self.log_generation}"

    def tags(self, place: str) -> dict[str, str]:
        """The tags of what belongs to a territory or region."""
        return {"owner": self.owner, "place": place}


def settings() -> Settings:
    """Read the configuration of the running program."""
    config = pulumi.Config("example")
    territories: dict[str, Any] = config.require_object("territories")
    return Settings(
        domain=config.require("domain"),
        owner=config.require("owner"),
        generation=config.require_int("generation"),
        log_generation=config.require_int("logGeneration"),
        territories={name: tuple(regions) for name, regions in territories.items()},
    )


def located(region: str) -> str:
    """A region's name at its cloud: `eu-north-1` of `aws-eu-north-1`."""
    return region.partition("-")[2]
