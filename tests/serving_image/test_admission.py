"""Lanes by `service_tier`, their caps, and what a request is charged; through the whole middleware."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from meridian_server.middleware import Meridian
from meridian_server.token_limits import TokenLimits

from tests.serving_image.helpers import (
    CHAT,
    Answer,
    FakeEngine,
    Usage,
    ask,
    chat,
    once,
    proved,
    raw_settings,
    records,
    settings,
    streaming,
    through,
    token,
)  # fmt: skip

LIMIT = "100000"


@pytest.mark.parametrize(
    ("lanes", "tier", "priority"),
    [("chat,batch", None, 0), ("chat,batch", "auto", 0), ("chat,batch", "flex", 10), ("batch", None, 10)],
)
def test_the_lane_is_what_the_tenant_may_use_and_asked_for(
    tmp_path: Path, lanes: str, tier: str | None, priority: int
) -> None:
    engine = FakeEngine()
    through(engine, tmp_path, CHAT, proved(x_meridian_lanes=lanes), chat(service_tier=tier))
    assert engine.bodies[0]["priority"] == priority
    assert "service_tier" not in engine.bodies[0]


@pytest.mark.parametrize(("lanes", "tier"), [("chat", "flex"), ("", None), ("", "flex")])
def test_a_lane_the_tenant_does_not_have_is_403_with_advice(tmp_path: Path, lanes: str, tier: str | None) -> None:
    engine = FakeEngine()
    answer = through(engine, tmp_path, CHAT, proved(x_meridian_lanes=lanes), chat(service_tier=tier))
    assert (answer.status, answer.error["code"], engine.seen) == (403, "lane_not_allowed", [])


async def together(tmp_path: Path, work: Callable[[Meridian], Awaitable[Any]], engine: FakeEngine) -> Any:
    lanes = raw_settings(tmp_path)["lanes"]
    lanes["batch"]["max_in_flight"] = 1
    return await work(Meridian(engine, settings(tmp_path, lanes=lanes)))


def test_a_full_lane_is_429_and_the_other_lane_still_serves(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def wait(_: int) -> None:
        await go.wait()

    async def work(app: Meridian) -> list[Answer]:
        flex, headers = chat(service_tier="flex"), proved(x_meridian_lanes="chat,batch")
        first = asyncio.create_task(ask(app, CHAT, headers, flex))
        await asyncio.sleep(0.01)
        refused = await ask(app, CHAT, headers, flex)
        other = asyncio.create_task(ask(app, CHAT, headers, chat()))
        go.set()
        return [refused, await other, await first, await ask(app, CHAT, headers, flex)]

    refused, *served = once(together(tmp_path, work, FakeEngine(pause=wait)))
    assert (refused.status, refused.headers["retry-after"], refused.headers["x-meridian-overloaded"]) == (429, "1", "1")
    assert [answer.status for answer in served] == [200] * 3


def level_after(tmp_path: Path, engine: FakeEngine, body: bytes, **how: Any) -> int:
    """Tokens charged for one request."""

    async def work() -> int:
        app = Meridian(engine, settings(tmp_path))
        app.admission.limits = TokenLimits(lambda: 0.0)
        await ask(app, CHAT, proved(x_meridian_tokens_per_minute=LIMIT), body, **how)
        return int(LIMIT) - round(app.admission.limits._buckets["acme"].level)

    charged: int = once(work())
    return charged


@pytest.mark.parametrize("stream", [True, False])
def test_a_whole_answer_is_charged_what_the_engine_counted(tmp_path: Path, stream: bool) -> None:
    usage = Usage(prompt_tokens=70, completion_tokens=30)
    engine = streaming(token("a"), "[DONE]", usage=usage) if stream else FakeEngine(usage=usage)
    assert level_after(tmp_path, engine, chat(stream=stream)) == 100


def test_a_refusal_by_the_engine_costs_nothing(tmp_path: Path) -> None:
    assert level_after(tmp_path, FakeEngine(status=503, parts=[b"{}"], usage=None), chat()) == 0


def test_a_stream_that_broke_is_charged_its_prompt_and_what_was_sent(tmp_path: Path) -> None:
    one = level_after(tmp_path, streaming(token("a"), raises=True), chat(stream=True))
    three = level_after(tmp_path, streaming(*[token("a")] * 3, raises=True), chat(stream=True))
    assert (three - one, one < 1024) == (2, True)


def test_above_the_limit_a_request_is_429_with_the_time_to_wait(tmp_path: Path) -> None:
    async def work() -> tuple[Answer, Answer, FakeEngine]:
        engine = FakeEngine(usage=Usage(prompt_tokens=590, completion_tokens=10))
        app, headers = Meridian(engine, settings(tmp_path)), proved(x_meridian_tokens_per_minute="600")
        app.admission.limits = TokenLimits(lambda: 0.0)
        return await ask(app, CHAT, headers, chat()), await ask(app, CHAT, headers, chat(max_tokens=1)), engine

    served, refused, engine = once(work())
    assert (served.status, len(engine.seen)) == (200, 1)
    assert (refused.status, refused.error["code"]) == (429, "rate_limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["x-ratelimit-limit-tokens"] == "600"
    assert refused.headers["x-ratelimit-remaining-tokens"] == "0"
    assert [record["outcome"] for record in records(tmp_path)] == ["complete", "refused"]


@pytest.mark.parametrize(("begun", "status"), [(True, 200), (False, 503)])
def test_what_runs_when_the_drain_is_over_is_told(tmp_path: Path, begun: bool, status: int) -> None:
    async def work() -> Answer:
        reached, go = asyncio.Event(), asyncio.Event()

        async def wait(number: int) -> None:
            if number == int(begun):
                reached.set()
                await go.wait()

        app = Meridian(streaming(token("a"), token("b"), "[DONE]", pause=wait), settings(tmp_path))
        running = asyncio.create_task(ask(app, CHAT, proved(), chat(stream=True)))
        await reached.wait()
        await app._cut()
        go.set()
        return await running

    answer: Answer = once(work())
    assert (answer.status, answer.is_whole()) == (status, True)
    assert b'"replica_stopped"' in answer.body and b"[DONE]" not in answer.body


BUSY = '{"error": {"message": "busy", "type": "Service Unavailable", "param": null, "code": 503}}'
PATHS: dict[str, dict[str, Any]] = {
    CHAT: {"messages": []},
    "/v1/completions": {"prompt": "a"},
    "/v1/responses": {"input": "a"},
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("inside", [True, False])
def test_a_full_queue_is_429_on_every_path_streaming_or_not(tmp_path: Path, path: str, inside: bool) -> None:
    engine = streaming(BUSY, "[DONE]") if inside else FakeEngine(status=503, parts=[BUSY.encode()])
    body = json.dumps({"model": "tiny-llama", "stream": inside, **PATHS[path]}).encode()
    answer = through(engine, tmp_path, path, proved(), body)
    assert (answer.status, answer.headers["retry-after"], answer.headers["x-meridian-overloaded"]) == (429, "1", "1")
