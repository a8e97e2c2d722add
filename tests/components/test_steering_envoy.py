"""The steering of a territory, on the real Envoy in front of servers that play regions."""

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from components.gateway.steering_envoy import Entry, Steering, steering_bootstrap
from components.local.certificates import Pair
from tests.components.conftest import ENGINE_NAME, FakeEngine, serving
from tests.components.gateway import BUFFER, RunningEnvoy

pytestmark = pytest.mark.real

CHAT = "/v1/chat/completions"
OUT_OF_ROTATION_SECONDS = 4
"""Probes every second, two of them failed, and time to look."""


@pytest.fixture
def regions(authority: Pair, tmp_path: Path) -> Iterator[list[FakeEngine]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(serving(FakeEngine(name), authority, tmp_path)) for name in ("north", "south")]


@pytest.fixture
def steering(tmp_path: Path, authority: Pair, regions: list[FakeEngine]) -> Iterator[RunningEnvoy]:
    territory = Steering(
        territory="test",
        entries=tuple(
            Entry(region.name, "127.0.0.1", region.port, ENGINE_NAME, rank) for rank, region in enumerate(regions)
        ),
        probe_interval_seconds=1,
        unhealthy_after=2,
        buffer_bytes=BUFFER,
        stream_idle_seconds=300,
    )
    running = RunningEnvoy(
        tmp_path,
        authority,
        lambda listener, **files: steering_bootstrap(territory, listener, **files),
    )
    wait_for(running, 200)
    yield running
    running.stop()


def wait_for(steering: RunningEnvoy, status: int) -> None:
    deadline = time.monotonic() + 10
    while steering.client.get("/-/ready").status_code != status:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def ask(steering: RunningEnvoy, count: int, body: bytes = b"{}") -> list[httpx.Response]:
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda _: steering.client.post(CHAT, content=body), range(count)))


def served(answers: list[httpx.Response]) -> Counter[str]:
    assert Counter(answer.status_code for answer in answers) == {200: len(answers)}
    return Counter(str(answer.json()["engine"]) for answer in answers)


def test_everything_goes_to_the_first_region_while_it_is_healthy(steering: RunningEnvoy) -> None:
    assert served(ask(steering, 100)) == {"north": 100}


def test_a_region_that_is_not_ready_is_left_until_it_is_again(
    steering: RunningEnvoy, regions: list[FakeEngine]
) -> None:
    regions[0].ready = False
    time.sleep(OUT_OF_ROTATION_SECONDS)
    assert served(ask(steering, 60)) == {"south": 60}
    regions[0].ready = True
    time.sleep(OUT_OF_ROTATION_SECONDS)
    assert served(ask(steering, 60)) == {"north": 60}


def test_no_request_without_an_answer_fails_before_probes_notice(
    steering: RunningEnvoy, regions: list[FakeEngine]
) -> None:
    regions[0].resets = True
    assert served(ask(steering, 60, body=b"x" * (BUFFER - 1))) == {"south": 60}
    assert regions[0].requests, "the broken region was never tried, so nothing was shown"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_a_region_answers_stands(steering: RunningEnvoy, regions: list[FakeEngine], status: int) -> None:
    regions[0].status = status
    assert steering.client.post(CHAT, content=b"{}").status_code == status
    assert [len(region.requests) for region in regions][1] == 0


def test_with_no_healthy_region_the_answer_is_503_and_when_to_come_back(
    steering: RunningEnvoy, regions: list[FakeEngine]
) -> None:
    for region in regions:
        region.ready = False
    wait_for(steering, 503)
    time.sleep(OUT_OF_ROTATION_SECONDS)
    for region in regions:
        region.requests.clear()
    answer = steering.client.post(CHAT, content=b"{}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert all(region.requests == [] for region in regions)


def test_the_key_and_the_body_pass_unchanged(steering: RunningEnvoy, regions: list[FakeEngine]) -> None:
    headers = {"Authorization": "Bearer something", "x-session-id": "s"}
    assert steering.client.post(CHAT, headers=headers, content=b"x" * BUFFER).status_code == 200
    arrived = regions[0].requests[-1]
    assert arrived["bytes"] == BUFFER
    assert (
        headers.items()
        <= {
            "Authorization": arrived["headers"]["authorization"],
            "x-session-id": arrived["headers"]["x-session-id"],
        }.items()
    )
