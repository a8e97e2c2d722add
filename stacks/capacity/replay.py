"""A replay of requests through the replicas of a fleet: a check of a plan's P95 under bursts, not what decides it.

Each replica is a server with continuous batching: in a step it makes one token for each running request and reads a
chunk of the next prompts. Step times come from `estimate`, with the plan's margin. Requests go to a replica by hash
with bounded load. Pure and seeded: the same arguments give the same result.
"""

import heapq
import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import simpy

from stacks.capacity.arrivals import Arrival
from stacks.capacity.model import Layout, Request, estimate
from stacks.capacity.shape import ModelShape

CHUNK_TOKENS = 2048
"""Prompt tokens of one step: the engine's `max_num_batched_tokens`."""

BOUND = 1.25
"""A replica with this much of the mean of active requests is passed over, as the gateway does it."""

_GRAIN = 64
"""Lengths are looked up in steps of so many tokens."""


@dataclass(frozen=True)
class Kind:
    """What one replica is: its step times follow from these alone."""

    shape: ModelShape
    layout: Layout
    concurrency: int
    """Requests that it generates side by side; more wait."""
    margin: float
    """Factor on every time."""

    @cached_property
    def _memory(self) -> dict[tuple[int, int], tuple[float, float]]:
        return {}

    def _times(self, batch: int, tokens: float) -> tuple[float, float]:
        """Seconds of a decoding step, and of reading a prompt of that length alone."""
        key = batch, max(1, round(tokens / _GRAIN))
        if key not in self._memory:
            got = estimate(self.shape, self.layout, batch=batch, request=Request(key[1] * _GRAIN, 1))
            self._memory[key] = got.decode_step_ms * self.margin / 1e3, got.prefill_ms * self.margin / 1e3
        return self._memory[key]

    @cached_property
    def _asked(self) -> tuple[float, float]:
        """Seconds before a first token beside its steps, and how much of a prefill delays those who decode."""
        one, two = (estimate(self.shape, self.layout, batch=batch, request=Request(1024, 256)) for batch in (1, 2))
        first = (one.ttft_ms - one.decode_step_ms - one.prefill_ms) * self.margin / 1e3
        return max(0.0, first), min(1.0, max(0.0, (two.tpot_ms - two.decode_step_ms) * 256 / two.prefill_ms))

    @property
    def first_seconds(self) -> float:
        """Server time before a first token."""
        return self._asked[0]

    def step(self, running: int, context: float, reading: Sequence[tuple[int, int]]) -> float:
        """Seconds of a step: `running` requests of mean `context`; `reading` holds (tokens now, whole prompt)."""
        prefill = sum(now / whole * self._times(1, whole)[1] for now, whole in reading)
        if not running:
            return prefill + self._times(1, _GRAIN)[0]
        decode = self._times(running, context)[0]
        return max(prefill, decode + prefill * self._asked[1]) if prefill else decode


@dataclass(frozen=True)
class Served:
    """What one request saw, in seconds."""

    arrival: Arrival
    ttft: float
    tpot: float | None
    """None for an answer of one token."""


@dataclass
class _Waiting:
    arrival: Arrival
    left: int
    """Prompt tokens not yet read."""
    first: float = 0.0


class _Replica:
    """One server: chat before batch, first come first served in a lane."""

    def __init__(self, env: simpy.Environment, kind: Kind, done: list[Served]) -> None:
        self.env, self.kind, self.done = env, kind, done
        self.queue: list[tuple[str, int, _Waiting]] = []
        self.running: list[tuple[int, int, _Waiting]] = []
        self.order = count()
        self.made = 0
        """Steps so far, which are tokens of each running request."""
        self.context = 0
        self.wake = env.event()
        env.process(self._work())

    @property
    def active(self) -> int:
        """Waiting and running requests."""
        return len(self.queue) + len(self.running)

    def take(self, arrival: Arrival) -> None:
        """Put a request into the queue; `batch` sorts after `chat` by its priority."""
        lane = "1" if arrival.lane == "batch" else "0"
        heapq.heappush(self.queue, (lane, next(self.order), _Waiting(arrival, arrival.prompt_tokens)))
        if not self.wake.triggered:
            self.wake.succeed()

    def _work(self) -> Generator[simpy.Event, Any, None]:
        while True:
            if not self.active:
                self.wake = self.env.event()
                yield self.wake
            read = self._read()
            mean = self.context / len(self.running) if self.running else 0.0
            chunks = [(now, one.arrival.prompt_tokens) for one, now in read]
            yield self.env.timeout(self.kind.step(len(self.running), mean, chunks))
            self._end_of_step()
            self._begin(read)

    def _read(self) -> list[tuple[_Waiting, int]]:
        """Prompts of this step: as many as fit the chunk and find a place."""
        room, places, read = CHUNK_TOKENS, self.kind.concurrency - len(self.running), []
        for _, _, one in heapq.nsmallest(max(0, min(places, len(self.queue), 64)), self.queue):
            now = min(room, one.left)
            if not now:
                break
            read.append((one, now))
            room -= now
        return read

    def _end_of_step(self) -> None:
        self.made += 1
        self.context += len(self.running)
        while self.running and self.running[0][0] <= self.made:
            _, _, one = heapq.heappop(self.running)
            self.context -= one.arrival.prompt_tokens + one.arrival.output_tokens
            self._finish(one, (self.env.now - one.first) / (one.arrival.output_tokens - 1))

    def _begin(self, read: Sequence[tuple[_Waiting, int]]) -> None:
        """Whoever's prompt is read through has its first token now."""
        for one, now in read:
            one.left -= now
        ready = [one for one, _ in read if not one.left]
        if not ready:
            return
        gone = {id(one) for one in ready}
        self.queue = [entry for entry in self.queue if id(entry[2]) not in gone]
        heapq.heapify(self.queue)
        for one in ready:
            one.first = self.env.now
            if one.arrival.output_tokens <= 1:
                self._finish(one, None)
                continue
            self.context += one.arrival.prompt_tokens + 1
            heapq.heappush(self.running, (self.made + one.arrival.output_tokens - 1, next(self.order), one))

    def _finish(self, one: _Waiting, tpot: float | None) -> None:
        ttft = one.first - one.arrival.second + self.kind.first_seconds
        self.done.append(Served(one.arrival, ttft, tpot))


def replay(kinds: Sequence[Kind], arrivals: Sequence[Arrival], *, seed: int, patience: float = 600) -> list[Served]:
    """What each request saw, in the order of their ends; those unfinished `patience` seconds after the last arrival are
    not in it."""
    env, chance, done = simpy.Environment(), random.Random(seed), list[Served]()  # noqa: S311 - a replay, no secret
    replicas = [_Replica(env, kind, done) for kind in kinds]

    def arrive() -> Generator[simpy.Event, Any, None]:
        for arrival in arrivals:
            yield env.timeout(max(0.0, arrival.second - env.now))
            _route(replicas, chance).take(arrival)

    env.process(arrive())
    if arrivals:
        env.run(until=arrivals[-1].second + patience)
    return done


def _route(replicas: Sequence[_Replica], chance: random.Random) -> _Replica:
    """The replica that a session's hash names, or the next one that has not more than its share."""
    start = chance.randrange(len(replicas))
    most = BOUND * (sum(replica.active for replica in replicas) + 1) / len(replicas)
    ring = (*replicas[start:], *replicas[:start])
    return next((replica for replica in ring if replica.active < most), ring[0])
