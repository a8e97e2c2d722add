"""What a gateway lets a tenant do: requests per minute, requests at once, suspension, lanes. On the real Envoy."""

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from components.local.certificates import Pair
from tests.components.conftest import FakeEngine
from tests.components.gateway import REGION, Gateway, bearer, tenant

pytestmark = pytest.mark.real

CHAT = "/v1/chat/completions"
PER_MINUTE = 1200
CONCURRENT = 5
TENANTS = (
    tenant("counted", requests_per_minute=PER_MINUTE),
    tenant("slow", requests_per_minute=30),
    tenant("narrow", concurrent_requests=CONCURRENT, tokens_per_minute_per_replica=700, lanes=("batch", "chat")),
    tenant("gone", suspended=True),
)


@pytest.fixture
def gateway(gateway_form: type[Gateway], tmp_path: Path, authority: Pair, engine: FakeEngine) -> Iterator[Gateway]:
    gateway = gateway_form(tmp_path, authority, engine, tenants=TENANTS)
    deadline = time.monotonic() + 10
    while gateway.client.get("/-/ready").status_code != 200:
        assert time.monotonic() < deadline
    engine.requests.clear()
    yield gateway
    gateway.stop()


def send(gateway: Gateway, name: str, count: int, *, workers: int = 16) -> list[httpx.Response]:
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda _: gateway.client.post(CHAT, headers=bearer(name), content=b"{}"), range(count)))


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_a_tenant_that_sends_without_pause_gets_its_limit_within_5_percent(gateway: Gateway) -> None:
    """A whole minute is not waited for: the bucket fills steadily, so the rate of some seconds is the rate of all."""
    send(gateway, "counted", 200)  # uses the burst up
    started = time.monotonic()
    passed = 0
    while time.monotonic() - started < 10:
        passed += sum(answer.status_code == 200 for answer in send(gateway, "counted", 30, workers=4))
    expected = PER_MINUTE / 60 * (time.monotonic() - started)
    assert expected * 0.95 <= passed <= expected * 1.05


def test_a_burst_passes_no_more_than_5_percent_of_a_minutes_requests(gateway: Gateway) -> None:
    started = time.monotonic()
    answers = send(gateway, "counted", 300)
    refilled = PER_MINUTE / 60 * (time.monotonic() - started)
    passed = sum(answer.status_code == 200 for answer in answers)
    assert PER_MINUTE * 0.05 - 1 <= passed <= PER_MINUTE * 0.05 + refilled + 1


def test_a_tenant_that_keeps_to_its_limit_is_never_refused(gateway: Gateway) -> None:
    for _ in range(60):
        assert gateway.client.post(CHAT, headers=bearer("counted"), content=b"{}").status_code == 200
        time.sleep(60 / PER_MINUTE)


def test_above_the_limit_the_answer_is_429_and_says_when_to_come_back(gateway: Gateway) -> None:
    answers = send(gateway, "slow", 3, workers=1)
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert code(answers[1]) == "rate_limit_exceeded"
    wait = int(answers[1].headers["retry-after"])
    assert 1 <= wait <= 2
    time.sleep(wait)
    assert send(gateway, "slow", 1)[0].status_code == 200


def test_a_limit_counts_every_generating_path_together(gateway: Gateway) -> None:
    paths = ("/v1/completions", "/v1/responses", CHAT)
    answers = [gateway.client.post(path, headers=bearer("slow"), content=b"{}") for path in paths]
    assert [answer.status_code for answer in answers] == [200, 429, 429]


def test_one_tenants_limit_is_not_anothers(gateway: Gateway) -> None:
    send(gateway, "slow", 5)
    assert Counter(answer.status_code for answer in send(gateway, "acme", 50)) == {200: 50}


def test_the_list_of_models_is_not_counted(gateway: Gateway) -> None:
    answers = [gateway.client.get("/v1/models", headers=bearer("slow")) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert send(gateway, "slow", 1)[0].status_code == 200


def test_exactly_as_many_requests_as_allowed_are_under_way_at_once(gateway: Gateway, engine: FakeEngine) -> None:
    engine.seconds = 2
    answers = send(gateway, "narrow", 20, workers=20)
    assert Counter(answer.status_code for answer in answers) == {200: CONCURRENT, 429: 20 - CONCURRENT}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert code(refused) == "concurrency_limit_exceeded"
    assert int(refused.headers["retry-after"]) >= 1
    assert len(engine.requests) == CONCURRENT
    engine.seconds = 0
    assert Counter(answer.status_code for answer in send(gateway, "narrow", 20, workers=2)) == {200: 20}


def test_a_forged_tenant_header_uses_up_nothing_of_that_tenants(gateway: Gateway, engine: FakeEngine) -> None:
    engine.seconds = 1
    forged = bearer("acme") | {"X-Meridian-Tenant": "narrow"}
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: gateway.client.post(CHAT, headers=forged, content=b"{}"), range(20)))
    assert Counter(answer.status_code for answer in answers) == {200: 20}
    assert {request["headers"]["x-meridian-tenant"] for request in engine.requests} == {"acme"}


def test_a_client_that_goes_away_gives_its_place_back(gateway: Gateway, engine: FakeEngine) -> None:
    engine.seconds = 3

    async def leave() -> None:
        context = ssl.create_default_context(cafile=str(gateway.authority_file))
        async with httpx.AsyncClient(base_url=gateway.client.base_url, verify=context, timeout=0.5) as client:
            calls = [client.post(CHAT, headers=bearer("narrow"), content=b"{}") for _ in range(CONCURRENT)]
            outcomes = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(outcome, httpx.ReadTimeout) for outcome in outcomes)

    asyncio.run(leave())
    time.sleep(0.2)
    engine.seconds = 0
    assert Counter(answer.status_code for answer in send(gateway, "narrow", CONCURRENT)) == {200: CONCURRENT}


@pytest.mark.parametrize("fault", ["resets", "not there"])
def test_a_replicas_fault_is_never_told_as_the_tenants_limit(gateway: Gateway, engine: FakeEngine, fault: str) -> None:
    if fault == "resets":
        engine.resets = True
    else:
        engine.ready = False
        time.sleep(4)
    for answer in send(gateway, "acme", 20):
        assert (answer.status_code, code(answer)) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1


def test_a_suspended_tenant_is_told_so_and_reaches_nothing(gateway: Gateway, engine: FakeEngine) -> None:
    for answer in [*send(gateway, "gone", 3), gateway.client.get("/v1/models", headers=bearer("gone"))]:
        assert (answer.status_code, code(answer)) == (403, "tenant_suspended")
    assert engine.requests == []


def test_lanes_and_the_share_of_tokens_are_stamped(gateway: Gateway, engine: FakeEngine) -> None:
    forged = {"x-meridian-lanes": "batch,chat", "x-meridian-tokens-per-minute": "999999"}
    for name in ("narrow", "acme"):
        assert gateway.client.post(CHAT, headers=bearer(name) | forged, content=b"{}").status_code == 200
    narrow, acme = (request["headers"] for request in engine.requests)
    assert (narrow["x-meridian-lanes"], narrow["x-meridian-tokens-per-minute"]) == ("batch,chat", "700")
    assert acme["x-meridian-lanes"] == "chat"
    assert "x-meridian-tokens-per-minute" not in acme


def test_every_answer_names_the_region(gateway: Gateway) -> None:
    answers = [
        gateway.client.get("/v1/models", headers=bearer()),
        gateway.client.get("/v1/models"),
        gateway.client.get("/nowhere"),
        gateway.client.get("/v1/models", headers=bearer("gone")),
        *send(gateway, "slow", 2, workers=1),
    ]
    assert [answer.headers.get("x-meridian-region") for answer in answers] == [REGION] * len(answers)
