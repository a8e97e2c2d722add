"""The gateway's promises with real engines behind it: steering, two replicas and their gateway, as clients see them."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from components.local.layout import Layout
from tests.drills.conftest import CONCURRENT, REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE
from tests.local.conftest import Stack
from tests.local.test_real_1_serving import trust

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

CHAT = "/v1/chat/completions"
REPLICAS = ("local-north-tiny-llama-0", "local-north-tiny-llama-1")


class Clients:
    """Callers of one territory, by tenant."""

    def __init__(self, stack: Stack) -> None:
        self.outputs = json.loads(stack.done("outputs", stack.name, "--json"))["eu"]
        self.http = httpx.Client(base_url=self.outputs["endpoint"], verify=trust(self.outputs), timeout=60)
        self.layout = Layout(stack.state, "local-north")

    def ask(
        self, tenant: str, *, tokens: int = 1, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        key = self.outputs["tenants"][tenant]["key"]
        content = {
            "model": "tiny-llama",
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": tokens,
            "ignore_eos": True,
        } | body
        return self.http.post(CHAT, json=content, headers={"Authorization": f"Bearer {key}"} | (headers or {}))

    def audited(self, tenant: str, *, at_least: int = 0) -> list[dict[str, Any]]:
        """What the replicas noted of a tenant; a record is written just after the client has its answer."""
        deadline = time.monotonic() + 5
        while len(found := self._noted(tenant)) < at_least and time.monotonic() < deadline:
            time.sleep(0.02)
        return found

    def _noted(self, tenant: str) -> list[dict[str, Any]]:
        lines = [
            line
            for replica in REPLICAS
            if (file := self.layout.folder / "audit" / f"{replica}.jsonl").exists()
            for line in file.read_text().splitlines()
        ]
        records = [json.loads(line) for line in lines if line.endswith("}")]
        return [record for record in records if record["tenant"] == tenant]


@pytest.fixture(scope="module")
def clients(drilled: Stack) -> Iterator[Clients]:
    here = Clients(drilled)
    yield here
    here.http.close()


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_an_answer_names_the_region_that_gave_it(clients: Clients) -> None:
    answer = clients.ask("drill-eu")
    assert (answer.status_code, answer.headers["x-meridian-region"]) == (200, "local-north")


def test_no_key_an_unknown_path_a_suspended_tenant_and_a_prompt_above_the_context_are_told_apart(
    clients: Clients,
) -> None:
    assert clients.http.post(CHAT, json={}).status_code == 401
    suspended = clients.ask("gone")
    assert (suspended.status_code, code(suspended)) == (403, "tenant_suspended")
    assert clients.audited("gone") == []
    key = {"Authorization": f"Bearer {clients.outputs['tenants']['drill-eu']['key']}"}
    assert clients.http.post("/v1/chat/completions/batch", json={}, headers=key).status_code == 404
    large = clients.http.post(CHAT, content=b"x" * 2_000_000, headers=key)
    assert large.status_code == 413 and "context" in large.json()["error"]["message"]


def test_requests_per_minute_are_within_five_percent_of_the_limit(clients: Clients) -> None:
    drained = 0
    while clients.ask("counted").status_code == 200:
        drained += 1
        assert drained < REQUESTS_PER_MINUTE, "no request was ever refused"
    passed, refused, began = 0, [], time.monotonic()
    while time.monotonic() - began < 15:
        answer = clients.ask("counted")
        passed += answer.status_code == 200
        refused += [answer] if answer.status_code == 429 else []
        time.sleep(0.02)
    expected = REQUESTS_PER_MINUTE / 60 * (time.monotonic() - began)
    assert refused and all(int(answer.headers["retry-after"]) >= 0 for answer in refused)
    assert abs(passed - expected) <= max(2, 0.05 * expected), f"{passed} passed, {expected:.1f} expected"


def test_requests_at_the_same_time_above_the_limit_are_refused_with_when_to_come_back(clients: Clients) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: clients.ask("narrow", tokens=300), range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: CONCURRENT, 429: 8 - CONCURRENT}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in answers if answer.status_code == 429)


def test_tokens_per_minute_are_shared_by_the_replicas_of_a_region(clients: Clients) -> None:
    used, answer = 0, clients.ask("metered", tokens=200)
    began = time.monotonic()
    while answer.status_code == 200:
        used += answer.json()["usage"]["total_tokens"]
        assert used < 3 * TOKENS_PER_MINUTE, "tokens are not limited"
        answer = clients.ask("metered", tokens=200)
    refilled = TOKENS_PER_MINUTE / 60 * (time.monotonic() - began)
    assert (answer.status_code, code(answer)) == (429, "rate_limit_exceeded")
    assert int(answer.headers["retry-after"]) > 0
    assert 0.75 * TOKENS_PER_MINUTE <= used <= 1.05 * (TOKENS_PER_MINUTE + refilled), (
        f"{used} used, {refilled} refilled"
    )
    assert {record["replica"] for record in clients.audited("metered") if record["status"] == 200} == set(REPLICAS)


def test_what_a_client_forges_changes_neither_tenant_nor_lane(clients: Clients) -> None:
    forged = {"X-Meridian-Tenant": "drill-us", "x-meridian-lanes": "batch", "X-Vllm-Priority": "-100"}
    before = len(clients.audited("drill-eu"))
    assert clients.ask("drill-eu", headers=forged).status_code == 200
    assert clients.audited("drill-us") == []
    records = clients.audited("drill-eu", at_least=before + 1)
    assert len(records) == before + 1
    assert {record["lane"] for record in records} <= {"chat", ""}


def test_batch_is_asked_for_by_service_tier_and_only_a_tenant_of_that_lane_gets_it(clients: Clients) -> None:
    refused = clients.ask("drill-eu", service_tier="flex")
    assert (refused.status_code, code(refused)) == (403, "lane_not_allowed")
    assert clients.ask("bulk", service_tier="flex").status_code == 200
    assert {record["lane"] for record in clients.audited("bulk", at_least=1)} == {"batch"}


def test_a_session_stays_with_one_replica_while_load_is_low(clients: Clients) -> None:
    homes = set()
    for number in range(12):
        earlier = clients.audited("bulk")
        for _ in range(4):
            assert clients.ask("bulk", headers={"x-session-id": f"s{number}"}).status_code == 200
            time.sleep(0.05)
        records = clients.audited("bulk", at_least=len(earlier) + 4)
        took = Counter(record["replica"] for record in records) - Counter(record["replica"] for record in earlier)
        assert took.total() == 4 and len(took) == 1, f"session s{number} was served by {dict(took)}"
        homes |= set(took)
    assert homes == set(REPLICAS)
