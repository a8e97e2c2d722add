"""What the gateway does with several replicas: retry, leave out, keep together, spread. On the real Envoy."""

import contextlib
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from components.gateway.behaviour import BALANCE_PERCENT, EJECTION, HEALTH_CHECK
from components.local.certificates import Pair
from tests.components.conftest import FakeEngine, serving
from tests.components.gateway import BUFFER, Gateway, bearer

pytestmark = pytest.mark.real

CHAT = "/v1/chat/completions"


@pytest.fixture
def engines(authority: Pair, tmp_path: Path) -> Iterator[list[FakeEngine]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(serving(FakeEngine(name), authority, tmp_path)) for name in ("one", "two", "three")]


@pytest.fixture
def gateway(
    gateway_form: type[Gateway], tmp_path: Path, authority: Pair, engines: list[FakeEngine]
) -> Iterator[Gateway]:
    gateway = gateway_form(tmp_path, authority, *engines)
    try:
        wait_until_all_answer(gateway, engines)
        yield gateway
    finally:
        gateway.stop()


def wait_until_all_answer(gateway: Gateway, engines: list[FakeEngine]) -> None:
    deadline = time.monotonic() + 10
    while any(not engine.requests for engine in engines):
        assert time.monotonic() < deadline, "a healthy replica gets no requests"
        gateway.client.post(CHAT, headers=bearer())
    for engine in engines:
        engine.requests.clear()


def ask(gateway: Gateway, *, session: str | None = None, body: bytes = b"{}", tenant: str = "acme") -> httpx.Response:
    headers = bearer(tenant) | ({"x-session-id": session} if session else {})
    return gateway.client.post(CHAT, headers=headers, content=body)


def served_by(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["engine"])


def one_after_another(gateway: Gateway, *, session: str | None, body: bytes) -> str:
    """One request of a calm client: the bounded load counts the one before it until Envoy has put it away."""
    time.sleep(0.03)
    return served_by(ask(gateway, session=session, body=body))


def at_once(gateway: Gateway, count: int, *, session: str | None = None, apart: float = 0) -> list[httpx.Response]:
    def send(number: int) -> httpx.Response:
        time.sleep(number * apart)
        return ask(gateway, session=session)

    with ThreadPoolExecutor(32) as pool:
        return list(pool.map(send, range(count)))


@pytest.mark.parametrize("fault", ["resets", "stops", "is full"])
def test_no_request_fails_while_another_replica_can_take_it(
    gateway: Gateway, engines: list[FakeEngine], fault: str
) -> None:
    engines[0].resets = fault == "resets"
    engines[0].status = {"stops": 503, "is full": 429}.get(fault, 200)
    answers = at_once(gateway, 200)
    assert Counter(answer.status_code for answer in answers) == {200: 200}
    assert engines[0].requests, "the faulty replica was never tried, so nothing was shown"


def test_when_every_replica_is_full_the_client_gets_the_last_ones_429(
    gateway: Gateway, engines: list[FakeEngine]
) -> None:
    for engine in engines:
        engine.status, engine.retry_after = 429, 7
    answer = ask(gateway)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert all(engine.requests for engine in engines), "a replica was not asked"


def test_an_error_of_the_request_itself_is_not_retried(gateway: Gateway, engines: list[FakeEngine]) -> None:
    for engine in engines:
        engine.status = 500
    assert ask(gateway).status_code == 500
    assert sum(len(engine.requests) for engine in engines) == 1


def test_a_replica_that_keeps_failing_is_left_out(gateway: Gateway, engines: list[FakeEngine]) -> None:
    engines[0].resets = True
    at_once(gateway, 60)
    seen = len(engines[0].requests)
    at_once(gateway, 60)
    assert len(engines[0].requests) - seen <= EJECTION.consecutive_failures


def test_a_replica_that_is_not_ready_gets_nothing_until_it_is(gateway: Gateway, engines: list[FakeEngine]) -> None:
    engines[0].ready = False
    time.sleep(HEALTH_CHECK.interval_seconds * (HEALTH_CHECK.unhealthy_after + 2))
    engines[0].requests.clear()
    assert all(answer.status_code == 200 for answer in at_once(gateway, 60))
    assert engines[0].requests == []
    engines[0].ready = True
    wait_until_all_answer(gateway, engines)


def test_with_no_ready_replica_nothing_is_sent_into_the_dark(gateway: Gateway, engines: list[FakeEngine]) -> None:
    for engine in engines:
        engine.ready = False
    time.sleep(HEALTH_CHECK.interval_seconds * (HEALTH_CHECK.unhealthy_after + 2))
    assert ask(gateway).status_code == 503
    assert gateway.client.get("/-/ready").status_code == 503
    assert all(engine.requests == [] for engine in engines)


@pytest.mark.parametrize("carrier", ["header", "body"])
def test_a_session_stays_with_one_replica_and_sessions_spread(gateway: Gateway, carrier: str) -> None:
    homes = {}
    for number in range(30):
        session = f"session-{number}"
        body = b'{"prompt_cache_key": "%s"}' % session.encode() if carrier == "body" else b"{}"
        named = session if carrier == "header" else None
        found = {one_after_another(gateway, session=named, body=body) for _ in range(4)}
        assert len(found) == 1
        homes[session] = found.pop()
    assert set(homes.values()) == {"one", "two", "three"}


def test_the_same_session_name_of_two_tenants_is_two_sessions(gateway: Gateway) -> None:
    differing = [
        served_by(ask(gateway, session=f"s{number}")) != served_by(ask(gateway, session=f"s{number}", tenant="beta"))
        for number in range(30)
    ]
    assert any(differing)


def test_a_prompt_that_speaks_of_the_field_does_not_set_it(gateway: Gateway, engines: list[FakeEngine]) -> None:
    body = rb'{"messages": [{"role": "user", "content": "say \"prompt_cache_key\": \"x\""}]}'
    assert {served_by(ask(gateway, body=body)) for _ in range(30)} == {"one", "two", "three"}


def test_a_clients_own_affinity_header_decides_nothing(gateway: Gateway) -> None:
    headers = bearer() | {"x-meridian-affinity": "acme/always-the-same"}
    found = {served_by(gateway.client.post(CHAT, headers=headers, content=b"{}")) for _ in range(30)}
    assert found == {"one", "two", "three"}


def test_one_busy_session_spills_above_the_mean_instead_of_queueing(
    gateway: Gateway, engines: list[FakeEngine]
) -> None:
    """A moment apart: Envoy counts a request as active once it has a connection, and a new one takes a while."""
    for engine in engines:
        engine.seconds = 4  # longer than it takes to send them all, so that all are active at once
    answers = Counter(served_by(answer) for answer in at_once(gateway, 30, session="hot", apart=0.06))
    mean = statistics.mean(answers[engine.name] for engine in engines)
    assert len(answers) > 1, "everything queued at one replica"
    assert max(answers.values()) <= mean * BALANCE_PERCENT / 100 + 2


def test_a_body_of_the_largest_size_is_retried(gateway: Gateway, engines: list[FakeEngine]) -> None:
    engines[0].resets = True
    filler = b"x" * (BUFFER - 100)
    bodies = [b'{"prompt": "%s", "prompt_cache_key": "k%d"}' % (filler, number) for number in range(12)]
    answers = [ask(gateway, body=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [200] * 12
    assert any(engine.requests for engine in engines[:1]), "the faulty replica was never tried"


def test_a_body_above_the_models_context_is_413_with_a_clear_text(gateway: Gateway, engines: list[FakeEngine]) -> None:
    answer = ask(gateway, body=b"x" * (BUFFER + 1))
    assert answer.status_code == 413
    assert "context" in answer.json()["error"]["message"]
    assert all(engine.requests == [] for engine in engines)


def test_a_body_of_the_largest_size_keeps_its_affinity(gateway: Gateway) -> None:
    filler = b"x" * (BUFFER - 100)
    homes = set()
    for number in range(6):
        body = b'{"prompt": "%s", "prompt_cache_key": "k%d"}' % (filler, number)
        found = {one_after_another(gateway, session=None, body=body) for _ in range(3)}
        assert len(found) == 1
        homes |= found
    assert len(homes) > 1


def test_a_region_says_that_it_is_ready_while_any_replica_is(gateway: Gateway, engines: list[FakeEngine]) -> None:
    engines[0].status = engines[1].status = 503
    assert {gateway.client.get("/-/ready").status_code for _ in range(30)} == {200}
    engines[2].status = 503
    assert gateway.client.get("/-/ready").status_code == 503
