"""What a client of a local stack sees."""

import json
import os
import re
import signal
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import psutil
import pytest

from components.local import supervisor
from tests.local.conftest import PROBE_SECONDS, REPLICA, STALL_SECONDS, Stack, client

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

STREAMS = 8
LONG_PREFIX = " ".join(f"clause {number} of the contract" for number in range(250))


def until(condition: Callable[[], bool], *, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def ready(stack: Stack) -> bool:
    outputs = stack.outputs()
    return httpx.get(f"{outputs['endpoint']}/-/ready", verify=trust(outputs), timeout=5).status_code == 200


def prefix_cache_hits(stack: Stack) -> float:
    """vLLM's own counter of prompt tokens found in the prefix cache, from the engine's port."""
    port = next(row["port"] for row in status(stack) if row["name"] == REPLICA)
    context = trust(stack.outputs())
    text = httpx.get(f"https://127.0.0.1:{port}/metrics", verify=context).text
    found = re.search(r"^vllm:prefix_cache_hits_total\{.*\} (\S+)$", text, re.MULTILINE)
    assert found, "vLLM reports no prefix-cache counter"
    return float(found[1])


def trust(outputs: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=outputs["caFile"])


def status(stack: Stack) -> list[dict[str, object]]:
    return list(json.loads(stack.meridian("status", stack.name, "--json").stdout))


def ask(caller: openai.OpenAI, prompt: str) -> None:
    caller.chat.completions.create(model="tiny-llama", messages=[{"role": "user", "content": prompt}], max_tokens=2)


def engine_core(stack: Stack) -> psutil.Process:
    return next(p for p in supervisor.members(stack.layout, program=REPLICA) if "EngineCore" in p.name())


def test_the_openai_client_streams_a_chat_completion_over_tls(stack: Stack) -> None:
    stream = client(stack.outputs()).chat.completions.create(
        model="tiny-llama",
        messages=[{"role": "user", "content": "Hello"}],
        max_tokens=20,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) > 5
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens == 20


def test_without_a_key_or_with_a_wrong_one_the_answer_is_401(stack: Stack) -> None:
    outputs = stack.outputs()
    outputs["tenants"]["nobody"] = {"key": "mk-guess"}
    with pytest.raises(openai.AuthenticationError):
        ask(client(outputs, "nobody"), "Hello")
    with httpx.Client(verify=trust(outputs)) as bare:
        assert bare.post(f"{outputs['endpoint']}/v1/chat/completions", json={}).status_code == 401


def test_the_engine_itself_answers_nobody_but_the_gateway(stack: Stack) -> None:
    port = next(row["port"] for row in status(stack) if row["name"] == REPLICA)
    outputs = stack.outputs()
    headers = {"x-meridian-tenant": "acme", "Authorization": f"Bearer {outputs['tenants']['acme']['key']}"}
    answer = httpx.get(f"https://127.0.0.1:{port}/v1/models", headers=headers, verify=trust(outputs))
    assert answer.status_code == 401


def test_a_tenants_second_request_hits_the_prefix_cache_and_another_tenants_does_not(stack: Stack) -> None:
    outputs = stack.outputs()
    ask(client(outputs, "acme"), f"{LONG_PREFIX} first question")
    before = prefix_cache_hits(stack)
    ask(client(outputs, "acme"), f"{LONG_PREFIX} second question")
    same_tenant = prefix_cache_hits(stack) - before
    ask(client(outputs, "beta"), f"{LONG_PREFIX} second question")
    other_tenant = prefix_cache_hits(stack) - before - same_tenant
    assert same_tenant > 500
    assert other_tenant == 0


def test_a_frozen_engine_is_not_ready_and_is_ready_again_when_it_moves(stack: Stack) -> None:
    core = engine_core(stack)
    os.kill(core.pid, signal.SIGSTOP)
    try:
        assert until(lambda: not ready(stack), seconds=3 * (STALL_SECONDS + PROBE_SECONDS))
    finally:
        os.kill(core.pid, signal.SIGCONT)
    assert until(lambda: ready(stack), seconds=3 * (STALL_SECONDS + PROBE_SECONDS))


def test_sigterm_under_load_ends_every_stream_well_and_the_replica_comes_back(stack: Stack) -> None:
    outputs = stack.outputs()
    endings: list[str] = []
    started = threading.Barrier(STREAMS + 1, timeout=60)

    def stream() -> None:
        body = {
            "model": "tiny-llama",
            "messages": [{"role": "user", "content": "Tell me a long story"}],
            "max_tokens": 700,
            "ignore_eos": True,
            "stream": True,
        }
        headers = {"Authorization": f"Bearer {outputs['tenants']['acme']['key']}"}
        url = f"{outputs['endpoint']}/v1/chat/completions"
        with httpx.stream("POST", url, json=body, headers=headers, verify=trust(outputs), timeout=120) as answer:
            lines = answer.iter_lines()
            first = next(lines)
            started.wait()
            endings.append("\n".join([first, *lines]))

    threads = [threading.Thread(target=stream) for _ in range(STREAMS)]
    for thread in threads:
        thread.start()
    started.wait()
    first_pid = supervisor.status(stack.layout, REPLICA).pid
    os.kill(first_pid, signal.SIGTERM)
    for thread in threads:
        thread.join(timeout=120)
    assert len(endings) == STREAMS
    assert all("data: [DONE]" in text for text in endings)
    bad = [
        line
        for text in endings
        for line in text.splitlines()
        if '"finish_reason":"abort"' in line or '{"error"' in line
    ]
    assert bad == []
    assert all(text.count('"delta"') > 500 for text in endings)
    assert until(lambda: ready(stack) and supervisor.status(stack.layout, REPLICA).pid != first_pid, seconds=180)


def test_the_audit_trail_names_tenants_and_tokens_and_holds_no_prompt(stack: Stack) -> None:
    ask(client(stack.outputs(), "beta"), "a sentence that nobody else may ever read")
    file = stack.layout.folder / "audit" / f"{REPLICA}.jsonl"
    # The record is written just after the client has its answer.
    assert until(lambda: '"tenant": "beta"' in file.read_text().splitlines()[-1], seconds=5)
    text = file.read_text()
    assert '"output_tokens": 2' in text.splitlines()[-1]
    assert "nobody else may ever read" not in text
    assert file.stat().st_mode & 0o077 == 0


def test_no_log_holds_a_prompt_or_a_key(stack: Stack) -> None:
    outputs = stack.outputs()
    phrase = "a phrase for the logs to miss"
    ask(client(outputs), phrase)
    keys = [tenant["key"] for tenant in outputs["tenants"].values()]
    logs = list(stack.layout.folder.rglob("log*"))
    assert len(logs) >= 2
    for log in logs:
        text = log.read_text()
        assert phrase not in text, log
        assert not any(key in text for key in keys), log
