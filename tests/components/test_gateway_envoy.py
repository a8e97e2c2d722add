"""The gateway's behaviour, on the real Envoy in front of a small engine."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from components.gateway.behaviour import INFERENCE_PATHS
from components.local.certificates import Pair
from tests.components.conftest import FakeEngine
from tests.components.gateway import BUFFER, ENGINE_KEY, KEYS, REGION, Gateway, bearer

pytestmark = pytest.mark.real


@pytest.fixture
def gateway(gateway_form: type[Gateway], tmp_path: Path, authority: Pair, engine: FakeEngine) -> Iterator[Gateway]:
    gateway = gateway_form(tmp_path, authority, engine)
    yield gateway
    gateway.stop()


def test_the_tenant_is_stamped_from_the_key_and_the_key_goes_no_further(gateway: Gateway, engine: FakeEngine) -> None:
    for tenant, key in KEYS.items():
        assert gateway.client.get("/v1/models", headers=bearer(tenant)).status_code == 200
        headers = engine.requests[-1]["headers"]
        assert headers["x-meridian-tenant"] == tenant
        assert headers["x-meridian-engine-key"] == ENGINE_KEY
        assert key not in json.dumps(headers)


def test_what_a_client_writes_in_the_platforms_headers_never_arrives(gateway: Gateway, engine: FakeEngine) -> None:
    spoofed = {
        "X-Meridian-Tenant": "beta",
        "x-meridian-engine-key": "guess",
        "x-meridian-lane": "batch",
        "X-Meridian-Affinity": "one",
        "x-meridian-priority": "-1",
        "x_meridian_tenant": "beta",
        "x-envoy-upstream-rq-timeout-ms": "1",
        "x-envoy-max-retries": "100",
        "X-MERIDIAN-anything": "x",
        "X-Vllm-Priority": "-100",
        "X-data-parallel-rank": "3",
    }
    assert gateway.client.get("/v1/models", headers=bearer() | spoofed).status_code == 200
    headers = engine.requests[-1]["headers"]
    assert headers["x-meridian-tenant"] == "acme"
    assert headers["x-meridian-engine-key"] == ENGINE_KEY
    ours = {"x-meridian-tenant", "x-meridian-lanes", "x-meridian-engine-key"}
    assert {name for name in headers if name.startswith(("x-meridian", "x_meridian", "x-envoy"))} == ours
    assert not {"x-vllm-priority", "x-data-parallel-rank"} & set(headers)


def test_a_tenant_header_sent_twice_arrives_once_and_is_ours(gateway: Gateway, engine: FakeEngine) -> None:
    twice = [*bearer().items(), ("X-Meridian-Tenant", "beta"), ("x-meridian-tenant", "beta")]
    assert gateway.client.get("/v1/models", headers=twice).status_code == 200
    assert engine.requests[-1]["headers"]["x-meridian-tenant"] == "acme"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"x-api-key": KEYS["acme"]}])
def test_without_a_known_key_the_answer_is_401_in_openai_form(
    gateway: Gateway, engine: FakeEngine, headers: dict[str, str]
) -> None:
    answer = gateway.client.get("/v1/models", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"
    assert engine.requests == []


def test_every_inference_path_passes_and_only_with_its_method(gateway: Gateway, engine: FakeEngine) -> None:
    for path in INFERENCE_PATHS:
        assert gateway.client.request(path.method, path.path, headers=bearer()).status_code == 200
        other = "GET" if path.method == "POST" else "POST"
        assert gateway.client.request(other, path.path, headers=bearer()).status_code == 404
    assert len(engine.requests) == len(INFERENCE_PATHS)


@pytest.mark.parametrize(
    "path",
    [
        "/tokenize",
        "/invocations",
        "/metrics",
        "/v1/chat/completions/batch",
        "/v1/chat/completions/",
        "/v1/../metrics",
        "/v1%2fmodels",
        "//v1/models",
        "/",
    ],
)
def test_any_other_path_is_refused_and_never_reaches_the_engine(
    gateway: Gateway, engine: FakeEngine, path: str
) -> None:
    answer = gateway.client.get(httpx.URL(gateway.client.base_url, raw_path=path.encode()), headers=bearer())
    assert answer.status_code in (400, 404)
    assert engine.requests == []


def test_readiness_needs_no_key_and_says_what_the_engine_says(gateway: Gateway, engine: FakeEngine) -> None:
    assert gateway.client.get("/-/ready").status_code == 200
    engine.status = 503
    assert gateway.client.get("/-/ready").status_code == 503


def test_a_body_as_large_as_the_plan_allows_passes(gateway: Gateway, engine: FakeEngine) -> None:
    assert gateway.client.post("/v1/completions", headers=bearer(), content=b"x" * BUFFER).status_code == 200
    assert engine.requests[-1]["bytes"] == BUFFER


def test_an_engine_with_another_name_in_its_certificate_is_not_trusted(
    gateway_form: type[Gateway], tmp_path: Path, authority: Pair, engine: FakeEngine
) -> None:
    gateway = gateway_form(tmp_path, authority, engine, engine_name="somebody.else.internal")
    try:
        assert gateway.client.get("/v1/models", headers=bearer()).status_code == 503
    finally:
        gateway.stop()
    assert engine.requests == []


def test_the_access_log_names_the_tenant_and_holds_no_key_and_no_query(gateway: Gateway) -> None:
    gateway.client.get("/v1/models?token=hush", headers=bearer())
    gateway.stop()
    log = gateway.log.read_text()
    entry = json.loads(next(line for line in log.splitlines() if line.startswith('{"')))
    assert (entry["tenant"], entry["path"], entry["status"]) == ("acme", "/v1/models", 200), log
    assert entry["region"] == REGION
    assert {"flags", "upstream", "duration_ms"} <= set(entry)
    assert "hush" not in log
    assert not any(secret in log for secret in [*KEYS.values(), ENGINE_KEY])


def test_only_tls_1_3_is_spoken(gateway: Gateway) -> None:
    context = ssl.create_default_context(cafile=str(gateway.authority_file))
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with httpx.Client(verify=context) as old, pytest.raises(httpx.ConnectError):
        old.get(gateway.client.base_url.join("/-/ready"))
