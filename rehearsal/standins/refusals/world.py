"""What a refusal may ask of the world: which resources there are, and which names are still taken by dead ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Stored(Protocol):
    """A resource that exists. Inputs and outputs have the names on the wire."""

    @property
    def package(self) -> str:
        """`aws`, `gcp`, `azure-native` or `kubernetes`."""

    @property
    def token(self) -> str:
        """Its type, such as `aws:ec2/vpc:Vpc`."""

    @property
    def id(self) -> str:
        """What its cloud calls it."""

    @property
    def urn(self) -> str:
        """What the engine calls it."""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program said of it."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What its cloud says of it."""

    @property
    def provider(self) -> Mapping[str, Any]:
        """Configuration of its provider: region, project, location, …"""


class Gone(StrEnum):
    """Why the name of a deleted resource is not free."""

    SOFT_DELETED = "soft-deleted"
    NEVER_DELETED = "never-deleted"
    PENDING_DELETION = "pending-deletion"


@dataclass(frozen=True)
class Tombstone:
    """What a deleted resource leaves behind."""

    kind: Gone
    scope: str
    """Where its name stays taken: compared as text with that of a resource to be made; empty if no name is taken."""
    days: int | None
    """How long it stays, in days; None is for ever."""
    text: str
    """What the cloud says to whoever makes it again, and what to write instead."""


class World(Protocol):
    """All that one account, project, subscription or cluster holds.

    A world may also have `outside() -> Collection[str]`: ids, ARNs and names of what was there before any program, as a
    lookup answered with them or configuration names them. References to these are never refused.
    """

    def resources(self, package: str | None = None, token: str | None = None) -> Sequence[Stored]:
        """Return what exists, of one package or one type if told so."""

    def find(self, id: str) -> Stored | None:
        """Return the resource of that id."""

    def tombstones(self) -> Sequence[Tombstone]:
        """Return what deleted resources left behind and is not over yet."""


def from_outside(world: World, value: str) -> bool:
    """Tell whether a world says of an id, an ARN or a name that it was there before any program."""
    outside = getattr(world, "outside", None)
    return outside is not None and value in outside()
