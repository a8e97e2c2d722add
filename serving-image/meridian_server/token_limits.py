"""Tokens per minute of a tenant in this replica: reserved before, settled after; pure, in memory.

A bucket holds N tokens and gains N/60 a second. A request that is larger than the bucket may start
when it is full and leaves it in debt, or it could never be served.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

SWEEP_SECONDS = 60
"""How often idle tenants with full buckets are forgotten; an empty bucket is full after so long."""


@dataclass(frozen=True)
class OverLimit:
    """Why a request has to wait."""

    limit: int
    """Tokens per minute."""
    remaining: int
    """Whole tokens in the bucket now; 0 in debt."""
    retry_after: int
    """Whole seconds until the request fits, at least 1."""


@dataclass
class Reservation:
    """Tokens taken for one request until it is settled."""

    tenant: str
    tokens: int
    settled: bool = False


@dataclass
class _Bucket:
    limit: int
    level: float
    at: float
    open: int = 0

    def refill(self, now: float) -> None:
        passed = max(0.0, now - self.at)
        self.at = max(self.at, now)
        self.level = min(self.limit, self.level + passed * self.limit / 60)


class TokenLimits:
    """The buckets of all tenants; `clock` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._swept = clock()

    def reserve(self, tenant: str, *, limit: int, tokens: int) -> Reservation | OverLimit:
        """Take tokens, or say how long to wait; the latest limit counts."""
        now = self._clock()
        self._sweep(now)
        bucket = self._buckets.setdefault(tenant, _Bucket(limit, limit, now))
        bucket.refill(now)
        bucket.limit, bucket.level = limit, min(bucket.level, limit)
        missing = min(tokens, limit) - bucket.level
        if missing > 0:
            wait = max(1, math.ceil(missing * 60 / limit))
            return OverLimit(limit, max(0, math.floor(bucket.level)), wait)
        bucket.level -= tokens
        bucket.open += 1
        return Reservation(tenant, tokens)

    def settle(self, reservation: Reservation, *, used: int) -> None:
        """Give back what was not used, or take what was used beyond; a second time changes nothing."""
        if reservation.settled:
            return
        reservation.settled = True
        bucket = self._buckets[reservation.tenant]
        bucket.refill(self._clock())
        bucket.open -= 1
        bucket.level = min(bucket.limit, bucket.level + reservation.tokens - used)

    def tenants(self) -> int:
        """How many tenants are remembered."""
        return len(self._buckets)

    def _sweep(self, now: float) -> None:
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now
        for tenant, bucket in list(self._buckets.items()):
            bucket.refill(now)
            if not bucket.open and bucket.level >= bucket.limit:
                del self._buckets[tenant]
