"""When a server is ready: it generated a token, the engine lives, and what runs makes progress; pure.

vLLM's own `/health` says 200 while nothing is generated. Progress is read from the engine's own
token counters, so that a long answer that does not stream counts as progress too. Queue length
never matters: a busy engine is a ready engine.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Readiness:
    """The state machine; times are seconds of `clock`."""

    stall_seconds: float
    probe_interval_seconds: float
    clock: Callable[[], float]
    proved: bool = False
    """Whether a token was generated since start; stays true."""
    running: int = 0
    """Client requests and probes inside the engine."""
    _tokens: float = 0
    _progress_at: float = field(default=0)
    _served_at: float = field(default=float("-inf"))

    def started(self) -> None:
        """A request went into the engine."""
        if self.running == 0:
            self._progress_at = self.clock()
        self.running += 1

    def ended(self) -> None:
        """A request came out of the engine, whatever its outcome."""
        self.running -= 1

    def observe(self, tokens: float) -> None:
        """Note the engine's count of processed tokens."""
        if tokens == self._tokens:
            return
        self._tokens = tokens
        self.proved = True
        self._progress_at = self._served_at = self.clock()

    def stalled(self) -> bool:
        """Whether requests run and none got a token for too long."""
        return self.running > 0 and self.clock() - self._progress_at > self.stall_seconds

    def wants_probe(self) -> bool:
        """Whether the engine is idle and its last proof is old."""
        return self.running == 0 and self.clock() - self._served_at >= self.probe_interval_seconds

    def reason_against(self, *, alive: bool, draining: bool) -> str | None:
        """Why the server is not ready; None when it is."""
        if draining:
            return "draining"
        if not alive:
            return "the engine is dead"
        if not self.proved:
            return "no token served yet"
        if self.stalled():
            return f"no token for {self.stall_seconds:g} s while requests run"
        return None
