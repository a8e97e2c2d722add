"""What a recorded region comes to, in no cloud's words: rules are written against this, once for every cloud."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.components.contract.view_entry import EntrySeen


@dataclass(frozen=True)
class PlaneSeen:
    """A control plane."""

    name: str
    private: bool
    open_to: tuple[str, ...]
    """Addresses outside the network that reach it; (`0.0.0.0/0`,) where nothing narrows it."""
    secrets_key: str | None
    all_logs: bool
    implicit_admin: bool
    """Whoever made it, or a local account, may change everything."""
    deletion_protected: bool


@dataclass(frozen=True)
class PoolSeen:
    """A group of nodes."""

    name: str
    labels: Mapping[str, str]
    spot: bool
    zones: int
    machines: tuple[str, ...]
    public_address: bool
    disk_key: str | None
    metadata_closed: bool
    autoscaled: bool
    """Its number has bounds that differ."""
    size_ignored: bool
    taints: tuple[str, ...]
    """`key:effect`."""
    reservation: str | None
    rdma_cards: int
    placed_close: bool
    tags: Mapping[str, str]
    """On the machines themselves."""


@dataclass(frozen=True)
class StoreSeen:
    """Something that keeps data: bucket, registry, volume."""

    name: str
    purpose: str
    key: str | None
    public: bool
    versioned: bool | None
    tls_only: bool | None
    protected: bool
    erasable: bool
    """It can be deleted with what is in it."""
    immutable: bool | None
    scanned: bool | None
    locked_days: int | None
    locked_mode: str | None
    access_logged: bool | None
    kept_days: int | None


@dataclass(frozen=True)
class LogSeen:
    """Where logs are kept."""

    name: str
    key: str | None
    days: int
    key_lets_it: bool
    """The key's policy names it: else nothing is ever written, without a word."""


@dataclass(frozen=True)
class KeySeen:
    """A key."""

    id: str
    rotated: bool
    window_days: int
    protected: bool
    leaves_region: bool
    named: bool
    """An alias tells people what it is for."""


@dataclass(frozen=True)
class Said:
    """One statement of a policy."""

    owner: str
    kind: str
    """`key`, `bucket`, `endpoint`, `trust`, `identity`, `repository`."""
    effect: str
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Any]


@dataclass(frozen=True)
class Opening:
    """Traffic that is let in."""

    name: str
    owner: str
    cidr: str | None
    port: int | None
    protocol: str


@dataclass(frozen=True)
class View:
    """A region."""

    planes: tuple[PlaneSeen, ...]
    pools: tuple[PoolSeen, ...]
    stores: tuple[StoreSeen, ...]
    logs: tuple[LogSeen, ...]
    keys: tuple[KeySeen, ...]
    statements: tuple[Said, ...]
    openings: tuple[Opening, ...]
    internet_routes: tuple[str, ...]
    """Subnets with a way to the internet."""
    node_subnets: tuple[str, ...]
    public_subnets: tuple[str, ...]
    """Subnets that give what starts in them a public address."""
    flow_logged: bool
    trail: Mapping[str, bool]
    """Properties of the audit trail by name; empty where there is none."""
    strangers: tuple[str, ...]
    """What names a place outside the region."""
    private_services: frozenset[str]
    """Cloud services that nodes reach inside the network."""
    entries: tuple[EntrySeen, ...]
    edges: tuple[str, ...]
    """What takes or ends TLS connections outside of any region."""
