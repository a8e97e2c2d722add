"""What the entries of a recorded region come to, in no cloud's words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Attack = Literal["none", "body", "beside"]
"""Where a request holds what WAFs look for: nowhere, in its body, or in any one other part: path, query, header."""


@dataclass(frozen=True)
class Asked:
    """A request as far as a WAF looks at it."""

    path: str
    method: str = "POST"
    attack: Attack = "none"
    above_rate: bool = False
    """Its address has asked more than the plan lets one address ask."""


@dataclass(frozen=True)
class ListenerSeen:
    """Where an entry takes connections."""

    name: str
    port: int
    least_tls: str | None
    """The lowest version that it speaks, e.g. `1.3`; None where it speaks without TLS."""
    place: str
    """The cloud's name of the region where TLS ends."""
    names: frozenset[str]
    """On its certificate."""
    issued: bool
    """It waits until the certificate is valid."""
    guarded: bool
    """It waits until the WAF stands before it and writes its log."""


@dataclass(frozen=True)
class BackendSeen:
    """What an entry sends requests to."""

    encrypted: bool
    port: int | None
    pools: frozenset[str]
    probe_path: str | None
    probe_encrypted: bool


@dataclass(frozen=True)
class WafSeen:
    """The WAF before an entry."""

    verdicts: Callable[[Asked], frozenset[bool]]
    """Whether a request passes, with each of the attacks that may be meant."""
    fails_closed: bool
    """Nothing passes while it does not answer."""
    rate: int | None
    """Requests of one address in five minutes."""
    logged: bool
    told: frozenset[str]
    """Secrets that its log or its samples tell: `keys`, `prompts`."""


@dataclass(frozen=True)
class EntrySeen:
    """A front door."""

    name: str
    public: bool
    clients: tuple[str, ...]
    """Addresses that reach it."""
    guards: frozenset[str]
    """Owners of the openings that let clients in."""
    listeners: tuple[ListenerSeen, ...]
    backend: BackendSeen | None
    waf: WafSeen | None
    logged: bool
    """Every request, and every connection that never became one."""
    silence_seconds: int
    """After so much silence it ends a stream."""
    strict: bool
    """Requests that two servers may read in two ways are refused."""
    protected: bool
