"""A world in memory: what a rehearsal keeps on disk, for tests of the rules alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rehearsal.standins.refusals import Stored, Tombstone


@dataclass(frozen=True)
class Thing:
    """A resource that exists."""

    token: str
    id: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    provider: Mapping[str, Any] = field(default_factory=dict)

    @property
    def package(self) -> str:
        return self.token.split(":")[0]

    @property
    def urn(self) -> str:
        return f"urn:pulumi:test::test::{self.token}::{self.id}"


@dataclass(frozen=True)
class MemoryWorld:
    """Things and tombstones, found by going through them."""

    things: tuple[Thing, ...] = ()
    stones: tuple[Tombstone, ...] = ()

    def resources(self, package: str | None = None, token: str | None = None) -> Sequence[Stored]:
        return [one for one in self.things if package in (None, one.package) and token in (None, one.token)]

    def find(self, id: str) -> Stored | None:
        return next((one for one in self.things if one.id == id), None)

    def tombstones(self) -> Sequence[Tombstone]:
        return self.stones
