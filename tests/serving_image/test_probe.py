"""An idle engine proves itself; a busy one is believed by its token counters."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from meridian_server.probe import Prober, engine_tokens
from prometheus_client import REGISTRY, Counter

from tests.serving_image.helpers import FakeEngine, once, settings

FAST = {"stall_seconds": 0.5, "probe_interval_seconds": 0.1}


def prober(engine: Any, folder: Path, tokens: Any) -> Prober:
    return Prober(engine, settings(folder, readiness=FAST), salt="own salt", tokens=tokens)


async def watched(found: Prober, seconds: float) -> None:
    watching = asyncio.create_task(found.run())
    await asyncio.sleep(seconds)
    watching.cancel()


def test_an_idle_engine_is_asked_for_one_token_with_a_salt_of_its_own_before_everyone_else(tmp_path: Path) -> None:
    engine = FakeEngine()
    once(watched(prober(engine, tmp_path, lambda: 0.0), 0.1))
    probe = engine.bodies[0]
    assert (probe["max_tokens"], probe["cache_salt"], probe["model"]) == (1, "own salt", "tiny-llama")
    assert probe["priority"] < min(lane.priority for lane in settings(tmp_path).lanes.values())


@pytest.mark.slow
def test_a_served_probe_makes_the_server_ready(tmp_path: Path) -> None:
    engine = FakeEngine()
    found = prober(engine, tmp_path, lambda: float(len(engine.seen)))
    once(watched(found, 1.2))
    assert found.readiness.reason_against(alive=True, draining=False) is None


def test_a_probe_that_is_answered_without_a_token_proves_nothing(tmp_path: Path) -> None:
    found = prober(FakeEngine(status=200), tmp_path, lambda: 0.0)
    once(watched(found, 0.3))
    assert found.readiness.reason_against(alive=True, draining=False) == "no token served yet"


@pytest.mark.slow
def test_a_probe_that_fails_does_not_end_the_watch(tmp_path: Path) -> None:
    engine = FakeEngine(raises=True)
    once(watched(prober(engine, tmp_path, lambda: 0.0), 1.3))
    assert len(engine.seen) > 1


@pytest.mark.slow
def test_an_engine_that_hangs_is_not_ready_though_its_health_is_good(tmp_path: Path) -> None:
    hang = asyncio.Event()

    async def engine(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/health":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return
        await hang.wait()

    async def work() -> tuple[bool, str | None]:
        found = prober(engine, tmp_path, lambda: 5.0)
        await watched(found, 1.5)
        alive = await found.engine_is_alive()
        return alive, found.readiness.reason_against(alive=alive, draining=False)

    alive, reason = once(work())
    assert alive
    assert reason == "no token for 0.5 s while requests run"


def test_the_engines_tokens_are_read_from_its_own_counters() -> None:
    counter = Counter("vllm:generation_tokens", "Generated tokens.", ["engine"])
    try:
        before = engine_tokens()
        counter.labels("0").inc(3)
        assert engine_tokens() - before == 3
    finally:
        REGISTRY.unregister(counter)
