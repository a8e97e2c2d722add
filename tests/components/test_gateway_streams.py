"""Streams through a gateway: never cut, never begun twice. On the real Envoy."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from components.local.certificates import Pair
from tests.components.conftest import FakeEngine, serving
from tests.components.gateway import Gateway, bearer

pytestmark = pytest.mark.real

CHAT = "/v1/chat/completions"
IDLE_SECONDS = 2


@pytest.fixture
def engines(authority: Pair, tmp_path: Path) -> Iterator[list[FakeEngine]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(serving(FakeEngine(name), authority, tmp_path)) for name in ("one", "two")]


@pytest.fixture
def gateway(
    gateway_form: type[Gateway], tmp_path: Path, authority: Pair, engines: list[FakeEngine]
) -> Iterator[Gateway]:
    gateway = gateway_form(tmp_path, authority, *engines, stream_idle_seconds=IDLE_SECONDS)
    deadline = time.monotonic() + 10
    while gateway.client.get("/-/ready").status_code != 200:
        assert time.monotonic() < deadline
    for engine in engines:
        engine.requests.clear()
    yield gateway
    gateway.stop()


def arrivals(gateway: Gateway) -> list[float]:
    started = time.monotonic()
    with gateway.client.stream("POST", CHAT, headers=bearer(), content=b"{}") as answer:
        assert answer.status_code == 200
        return [time.monotonic() - started for line in answer.iter_lines() if line.startswith("data:")]


def test_a_stream_longer_than_the_idle_limit_is_whole_and_comes_as_it_is_made(
    gateway: Gateway, engines: list[FakeEngine]
) -> None:
    for engine in engines:
        engine.events, engine.seconds = 8, IDLE_SECONDS / 4
    times = arrivals(gateway)
    assert len(times) == 8
    assert times[-1] > IDLE_SECONDS
    assert times[0] < times[-1] / 2, "the events came together, so the gateway held them back"


def test_a_stream_that_is_silent_for_the_idle_limit_is_given_up(gateway: Gateway, engines: list[FakeEngine]) -> None:
    for engine in engines:
        engine.events, engine.seconds = 2, IDLE_SECONDS * 2
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        arrivals(gateway)


def test_a_stream_that_breaks_off_is_not_begun_again(gateway: Gateway, engines: list[FakeEngine]) -> None:
    for engine in engines:
        engine.events, engine.breaks_off = 3, True
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        arrivals(gateway)
    assert sum(len(engine.requests) for engine in engines) == 1
