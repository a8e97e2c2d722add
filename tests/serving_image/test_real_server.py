"""The real server, vLLM and all, with a tiny model. One start serves the tests down to the drain, which ends it."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.serving_image import real
from tests.serving_image.helpers import CHAT, SECRET_PROMPT, proved
from tests.serving_image.real import Server, alive, eventually

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]

LONG_PREFIX = " ".join(f"Item {number} of the contract is unchanged." for number in range(80))
REPLICA_BYTES = 3.5e9
"""What a replica of the tiny model may need, PSS."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = real.start(tmp_path_factory.mktemp("server"))
    yield started
    real.end(started)


def message(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


async def stream(url: str, tokens: int, begun: asyncio.Semaphore | None = None) -> list[str]:
    """The data lines of a streamed answer; `begun` is released at the first."""
    body = {"model": "tiny-llama", "messages": message("Tell me more."), "max_tokens": tokens, "stream": True}
    lines: list[str] = []
    async with (
        httpx.AsyncClient(timeout=180) as client,
        client.stream("POST", url + CHAT, headers=dict(proved()), json={**body, "ignore_eos": True}) as answer,
    ):
        if answer.status_code != 200:
            return [str(answer.status_code)]
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                lines.append(line[6:])
                if len(lines) == 1 and begun:
                    begun.release()
    return lines


def finish_reasons(lines: list[str]) -> list[str]:
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    return [
        choice["finish_reason"] for chunk in chunks for choice in chunk.get("choices", []) if choice["finish_reason"]
    ]


def test_a_chat_completion_streams_to_its_end_mark(server: Server) -> None:
    lines = asyncio.run(stream(server.url, 40))
    assert lines[-1] == "[DONE]"
    assert finish_reasons(lines) == ["length"]
    text = "".join(json.loads(line)["choices"][0]["delta"].get("content") or "" for line in lines[:-1])
    assert len(text) > 40


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (CHAT, {"messages": message(SECRET_PROMPT), "max_tokens": 4}),
        ("/v1/completions", {"prompt": SECRET_PROMPT, "max_tokens": 4}),
        ("/v1/responses", {"input": SECRET_PROMPT, "max_output_tokens": 4}),
    ],
)
def test_every_inference_path_answers_and_its_tokens_are_in_the_audit_trail(
    server: Server, path: str, fields: dict[str, Any]
) -> None:
    answer = server.post(path, **fields)
    assert answer.status_code == 200
    record = server.record(answer)
    assert (record["path"], record["outcome"], record["output_tokens"]) == (path, "complete", 4)
    assert record["prompt_tokens"] > 4


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/completions"])
def test_the_other_streams_are_whole_too(server: Server, path: str) -> None:
    prompt: dict[str, dict[str, Any]] = {
        "/v1/responses": {"input": "hi", "max_output_tokens": 8},
        "/v1/completions": {"prompt": "hi", "max_tokens": 8},
    }
    answer = server.post(path, stream=True, **prompt[path])
    text = answer.text
    assert '"error"' not in text
    assert ("event: response.completed" if path == "/v1/responses" else "data: [DONE]") in text
    record = server.record(answer)
    assert (record["outcome"], record["output_tokens"]) == ("complete", 8)


def test_an_openai_client_can_use_it(server: Server) -> None:
    openai = pytest.importorskip("openai")
    headers = {name.decode(): value.decode() for name, value in proved() if name != b"content-type"}
    client = openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", default_headers=headers)
    answer = client.chat.completions.create(model="tiny-llama", messages=message("hi"), max_tokens=3)
    assert answer.usage.completion_tokens == 3
    assert [model.id for model in client.models.list()] == ["tiny-llama"]


def test_a_request_without_the_engine_key_is_refused_with_401(server: Server) -> None:
    for headers in ({}, {"x-meridian-tenant": "acme"}, {"x-meridian-tenant": "acme", "x-meridian-engine-key": "guess"}):
        answer = httpx.post(server.url + CHAT, headers=headers, json={"messages": message("hi")}, timeout=10)
        assert answer.status_code == 401


def test_the_unguarded_paths_of_vllm_are_closed(server: Server) -> None:
    for path in ("/tokenize", "/invocations", "/v1/chat/completions/batch", "/pause", "/docs", "/version"):
        assert server.post(path, messages=message("hi")).status_code == 404


def test_a_long_prefix_is_found_again_by_its_tenant_and_by_no_other(server: Server) -> None:
    def hits(tenant: str, question: str) -> float:
        before = server.metric("vllm:prefix_cache_hits_total")
        assert server.post(CHAT, tenant, messages=message(LONG_PREFIX + question), max_tokens=1).status_code == 200
        return server.metric("vllm:prefix_cache_hits_total") - before

    first, again, other = hits("acme", "What?"), hits("acme", "Why?"), hits("other", "What?")
    assert again > 1000, "tokens of the prefix come from the cache"
    assert first < 100
    assert other < 100


def test_every_metric_of_the_running_engine_is_in_the_contract(server: Server) -> None:
    contract = set(json.loads((real.SERVER / "image.json").read_text())["builds"]["cpu"]["metrics"])
    families = text_string_to_metric_families(httpx.get(f"{server.url}/metrics", timeout=10).text)
    found = {family.name for family in families if family.name.startswith("vllm:")}
    found = {name for name in found if not name.endswith("_created")}  # the client library adds these
    assert len(found) > 20
    assert {name for name in found if not {name, f"{name}_total"} & contract} == set()


def test_a_template_from_the_client_is_never_used(server: Server) -> None:
    plain = server.post(CHAT, messages=message("hi"), max_tokens=1).json()["usage"]["prompt_tokens"]
    own = server.post(CHAT, messages=message("hi"), max_tokens=1, chat_template_kwargs={"chat_template": "word " * 200})
    assert own.status_code in (200, 400)
    if own.status_code == 200:
        assert own.json()["usage"]["prompt_tokens"] == plain


def test_a_client_that_leaves_stops_its_generation(server: Server) -> None:
    before = server.metric("vllm:generation_tokens_total")
    body = {"model": "tiny-llama", "messages": message("hi"), "max_tokens": 1024, "stream": True, "ignore_eos": True}
    with server.client() as client, client.stream("POST", CHAT, headers=dict(proved()), json=body) as answer:
        next(answer.iter_lines())
    eventually(lambda: server.metric("vllm:num_requests_running") == 0, 30)
    assert server.metric("vllm:generation_tokens_total") - before < 900
    assert server.record(answer)["outcome"] == "incomplete"


def test_more_requests_than_the_queue_holds_are_told_to_come_back(server: Server) -> None:
    async def work() -> list[httpx.Response]:
        body = {"model": "tiny-llama", "messages": message("hi"), "max_tokens": 150, "ignore_eos": True}
        async with httpx.AsyncClient(timeout=120, limits=httpx.Limits(max_connections=None)) as client:
            requests = [
                client.post(server.url + CHAT, headers=dict(proved()), json={**body, "stream": number % 2 == 0})
                for number in range(3 * real.QUEUE)
            ]
            return await asyncio.gather(*requests)

    answers = asyncio.run(work())
    refused = [answer for answer in answers if answer.status_code != 200]
    assert refused
    assert {answer.status_code for answer in refused} == {429}, [answer.text[:300] for answer in refused]
    assert all("retry-after" in answer.headers for answer in refused)
    assert all(answer.headers["x-meridian-overloaded"] == "1" for answer in refused)
    assert server.ready().status_code == 200


def test_an_engine_that_hangs_is_noticed_and_so_is_its_return(server: Server) -> None:
    stated = real.STALL_SECONDS + real.PROBE_SECONDS
    core = server.core()
    core.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        eventually(lambda: server.ready().status_code == 503, 3 * stated)
        noticed = time.monotonic() - began
        assert httpx.get(f"{server.url}/health", timeout=5).status_code == 200, "vLLM's own health sees nothing"
        assert httpx.get(f"{server.url}/-/live", timeout=5).status_code == 200
    finally:
        core.send_signal(signal.SIGCONT)
    began = time.monotonic()
    eventually(lambda: server.ready().status_code == 200, 3 * stated)
    print(
        f"\nhang noticed after {noticed:.1f} s (stated {stated} s), ready again after {time.monotonic() - began:.1f} s"
    )


def test_a_replica_fits_its_memory(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {}
    for pid in server.processes():
        process = psutil.Process(pid)
        name = process.name() if "VLLM" in process.name() else " ".join(process.cmdline()[1:3])
        sizes[f"{pid} {name[:40]}"] = process.memory_full_info().pss
    with capsys.disabled():
        print("\n" + "\n".join(f"{size / 1e6:8.0f} MB PSS  {name}" for name, size in sizes.items()))
        print(f"{sum(sizes.values()) / 1e6:8.0f} MB PSS in all")
    assert sum(sizes.values()) < REPLICA_BYTES


def test_nothing_is_written_outside_its_folders_and_no_prompt_anywhere(server: Server) -> None:
    foreign = [
        file.path
        for pid in server.processes()
        for file in psutil.Process(pid).open_files()
        if "w" in file.mode and not Path(file.path).is_relative_to(server.folder) and not file.path.startswith("/dev/")
    ]
    assert foreign == []
    kept = [server.log(), (server.folder / "audit.jsonl").read_text()]
    assert not [text for text in kept if SECRET_PROMPT in text or "Item 7 of the contract" in text]


def test_a_stop_under_load_ends_every_stream_the_right_way(server: Server) -> None:
    pids = server.processes()

    async def work() -> list[list[str]]:
        begun = asyncio.Semaphore(0)
        streams = [asyncio.create_task(stream(server.url, 400, begun)) for _ in range(10)]
        for _ in range(8):
            await begun.acquire()
        server.process.terminate()
        return await asyncio.gather(*streams)

    answers = asyncio.run(work())
    assert [lines[-1] for lines in answers] == ["[DONE]"] * 10
    assert {reason for lines in answers for reason in finish_reasons(lines)} == {"length"}
    assert server.process.wait(30) == 0
    assert alive(pids) == []


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Server]:
    started = real.start(tmp_path)
    yield started
    real.end(started)


def test_a_killed_parent_leaves_no_process_behind(another: Server) -> None:
    pids = another.processes()
    assert len(pids) >= 4
    another.process.kill()
    another.process.wait()
    eventually(lambda: not alive(pids), 10)


def test_a_killed_engine_is_told_to_its_clients_and_ends_the_server_with_an_error(another: Server) -> None:
    pids = another.processes()

    async def work() -> list[str]:
        begun = asyncio.Semaphore(0)
        streaming = asyncio.create_task(stream(another.url, 1000, begun))
        await begun.acquire()
        os.kill(another.core().pid, signal.SIGKILL)
        return await streaming

    lines = asyncio.run(work())
    assert any('"error"' in line for line in lines)
    assert another.process.wait(60) == 1
    assert "ended by itself" in another.log()
    assert alive(pids) == []
    assert another.records()[-1]["outcome"] == "incomplete"


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    started = real.start(tmp_path, drain_seconds=0)
    yield started
    real.end(started)


def test_streams_that_outlast_the_drain_are_told_that_the_replica_stopped(hasty: Server) -> None:
    pids = hasty.processes()

    async def work() -> list[list[str]]:
        begun = asyncio.Semaphore(0)
        streams = [asyncio.create_task(stream(hasty.url, 1000, begun)) for _ in range(6)]
        for _ in streams:
            await begun.acquire()
        hasty.process.terminate()
        return await asyncio.gather(*streams)

    answers = asyncio.run(work())
    assert [json.loads(lines[-1])["error"]["code"] for lines in answers] == ["replica_stopped"] * 6
    assert hasty.process.wait(30) == 0
    assert alive(pids) == []
