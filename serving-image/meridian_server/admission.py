"""Who may enter the engine now: the lane by `service_tier`, its share of the queue, the tenant's tokens."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from meridian_server.body import Request
from meridian_server.errors import Refusal
from meridian_server.hold import OVERLOADED, HeldStream
from meridian_server.identity import Caller
from meridian_server.settings import Lane, LaneName, Settings
from meridian_server.token_limits import OverLimit, Reservation, TokenLimits

BYTES_PER_TOKEN = 3
"""Prompt tokens are estimated as bytes of the engine's body by this: English text has about four bytes a token, code
about three, and JSON escapes other scripts to six bytes a character. What is estimated too low is taken at the end."""


@dataclass(frozen=True)
class Admitted:
    """A request inside the engine."""

    lane: LaneName
    prompt_tokens: int
    """Estimated."""
    reservation: Reservation | None


def lane_of(caller: Caller, service_tier: object) -> LaneName:
    """The lane of a request; raises a 403 `Refusal` when the tenant has no such lane."""
    if service_tier == "flex" and "batch" not in caller.lanes:
        text = "Your tenant has no batch lane, which `service_tier: flex` asks for. Leave `service_tier` out."
        raise Refusal(403, "lane_not_allowed", text, param="service_tier")
    if service_tier != "flex" and "chat" in caller.lanes:
        return "chat"
    if "batch" in caller.lanes:
        return "batch"
    raise Refusal(403, "lane_not_allowed", "Your tenant has no lane here. Ask the platform team for chat or batch.")


class Admission:
    """Counts of one replica."""

    def __init__(self, settings: Settings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._running: Counter[LaneName] = Counter()
        self.limits = TokenLimits(clock)

    def lane(self, name: LaneName) -> Lane:
        """The caps of a lane; raises a 400 `Refusal` for one that is not served here."""
        lane = self._settings.lanes.get(name)
        if lane is None:
            raise Refusal(400, "unknown_lane", f"The lane {name} is not served here.")
        return lane

    def enter(self, caller: Caller, name: LaneName, request: Request, size: int) -> Admitted:
        """Let a request of `size` bytes in, or raise a 429 `Refusal`; every entry is followed by one `leave`."""
        most = self.lane(name).max_in_flight
        if most is not None and self._running[name] >= most:
            text = f"The lane {name} is full. Wait for `Retry-After` and send the request again."
            raise Refusal(429, "overloaded", text, headers=OVERLOADED)
        prompt = min(-(-size // BYTES_PER_TOKEN), self._settings.engine.max_model_len * request.choices)
        reservation = self._reserve(caller, prompt + request.max_output_tokens)
        self._running[name] += 1
        return Admitted(name, prompt, reservation)

    def leave(self, admitted: Admitted, held: HeldStream, used: int | None) -> None:
        """A request came out: `used` tokens are charged; None when the engine did not say."""
        self._running[admitted.lane] -= 1
        if admitted.reservation is None:
            return
        if held.status >= 400:
            used = 0
        elif used is None:
            # Most events carry one token. Of an answer that does not stream nothing is known: it is charged whole.
            used = admitted.prompt_tokens + held.contents if held.streams else admitted.reservation.tokens
        self.limits.settle(admitted.reservation, used=used)

    def _reserve(self, caller: Caller, tokens: int) -> Reservation | None:
        if caller.tokens_per_minute is None:
            return None
        found = self.limits.reserve(caller.tenant, limit=caller.tokens_per_minute, tokens=tokens)
        if isinstance(found, OverLimit):
            text = (
                f"Your tenant's limit of {found.limit} tokens per minute on this replica is used up; this request needs"
                f" {tokens}, prompt and longest answer. Wait for `Retry-After`, or ask for fewer output tokens."
            )
            headers = (
                ("retry-after", str(found.retry_after)),
                ("x-ratelimit-limit-tokens", str(found.limit)),
                ("x-ratelimit-remaining-tokens", str(found.remaining)),
            )
            raise Refusal(429, "rate_limit_exceeded", text, headers=headers)
        return found
