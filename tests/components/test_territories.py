"""No request crosses a territory, whatever is dead: every combination of dead regions, on the real Envoy."""

import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.gateway.steering_envoy import Entry, Steering, steering_bootstrap
from components.local.certificates import Pair
from tests.components.conftest import ENGINE_NAME, FakeEngine, serving
from tests.components.gateway import BUFFER, RunningEnvoy

pytestmark = pytest.mark.real

TERRITORIES = {"eu": ("north", "south"), "us": ("west",)}
REGIONS = tuple(region for regions in TERRITORIES.values() for region in regions)
NOTICED_SECONDS = 12
REQUESTS = 12


@pytest.fixture
def regions(authority: Pair, tmp_path: Path) -> Iterator[dict[str, FakeEngine]]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(serving(FakeEngine(name), authority, tmp_path)) for name in REGIONS}


@pytest.fixture
def steered(tmp_path: Path, authority: Pair, regions: dict[str, FakeEngine]) -> Iterator[dict[str, RunningEnvoy]]:
    with contextlib.ExitStack() as stack:
        running = {}
        for name, members in TERRITORIES.items():
            folder = tmp_path / name
            folder.mkdir()
            running[name] = started(name, [regions[member] for member in members], folder, authority)
            stack.callback(running[name].stop)
        yield running


def started(territory: str, members: list[FakeEngine], folder: Path, authority: Pair) -> RunningEnvoy:
    steering = Steering(
        territory=territory,
        entries=tuple(Entry(one.name, "127.0.0.1", one.port, ENGINE_NAME, rank) for rank, one in enumerate(members)),
        probe_interval_seconds=1,
        unhealthy_after=2,
        buffer_bytes=BUFFER,
        stream_idle_seconds=300,
    )
    return RunningEnvoy(folder, authority, lambda listener, **files: steering_bootstrap(steering, listener, **files))


def wait_until(steering: RunningEnvoy, expected: str | None) -> None:
    """Until the territory is served by the expected region, or says 503 where none is left."""
    deadline = time.monotonic() + NOTICED_SECONDS
    while (found := served_by(steering)) != expected:
        assert time.monotonic() < deadline, f"{found} instead of {expected}"
        time.sleep(0.1)


def served_by(steering: RunningEnvoy) -> str | None:
    answer = steering.client.post("/v1/chat/completions", content=b"{}")
    if answer.status_code == 200:
        return str(answer.json()["engine"])
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    return None


def test_every_combination_of_dead_regions_keeps_every_request_in_its_territory(
    steered: dict[str, RunningEnvoy], regions: dict[str, FakeEngine]
) -> None:
    for dead in itertools.product([False, True], repeat=len(REGIONS)):
        gone = {region for region, is_dead in zip(REGIONS, dead, strict=True) if is_dead}
        for name, engine in regions.items():
            engine.ready = name not in gone
            engine.resets = name in gone
        for territory, members in TERRITORIES.items():
            expected = next((member for member in members if member not in gone), None)
            wait_until(steered[territory], expected)
            for engine in regions.values():
                engine.requests.clear()
            assert {served_by(steered[territory]) for _ in range(REQUESTS)} == {expected}, f"dead: {gone}"
            reached = {name for name, engine in regions.items() if engine.requests}
            assert reached <= {expected} - {None} | (set(members) & gone), (
                f"{territory} reached {reached}, dead: {gone}"
            )
