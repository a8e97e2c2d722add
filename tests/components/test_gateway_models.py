"""Several models behind one gateway, which the Kubernetes form alone has: a local region serves one."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.local.certificates import Pair
from tests.components.conftest import FakeEngine, serving
from tests.components.gateway import ClusterGateway, bearer

pytestmark = pytest.mark.real

CHAT = "/v1/chat/completions"
MODELS = ("llama", "qwen")


@pytest.fixture
def engines(authority: Pair, tmp_path: Path) -> Iterator[dict[str, FakeEngine]]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(serving(FakeEngine(name), authority, tmp_path, model=name)) for name in MODELS}


@pytest.fixture
def gateway(tmp_path: Path, authority: Pair, engines: dict[str, FakeEngine]) -> Iterator[ClusterGateway]:
    gateway = ClusterGateway(tmp_path, authority, models={name: (engine,) for name, engine in engines.items()})
    yield gateway
    gateway.stop()


@pytest.mark.parametrize("model", MODELS)
def test_a_request_goes_to_the_model_that_its_body_names(gateway: ClusterGateway, model: str) -> None:
    body = b'{"model": "%s", "messages": []}' % model.encode()
    answer = gateway.client.post(CHAT, headers=bearer(), content=body)
    assert (answer.status_code, answer.json()["engine"]) == (200, model)


@pytest.mark.parametrize("body", [b'{"model": "nobody"}', b"{}", rb'{"prompt": "\"model\": \"llama\""}'])
def test_a_model_that_is_not_served_is_404_and_reaches_no_engine(
    gateway: ClusterGateway, engines: dict[str, FakeEngine], body: bytes
) -> None:
    answer = gateway.client.post(CHAT, headers=bearer(), content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert all(engine.requests == [] for engine in engines.values())


def test_every_model_is_listed_to_who_has_a_key(gateway: ClusterGateway) -> None:
    answer = gateway.client.get("/v1/models", headers=bearer())
    assert [one["id"] for one in answer.json()["data"]] == list(MODELS)
    assert gateway.client.get("/v1/models").status_code == 401


def test_a_region_is_ready_while_one_model_is(gateway: ClusterGateway, engines: dict[str, FakeEngine]) -> None:
    engines["llama"].status = 503
    assert {gateway.client.get("/-/ready").status_code for _ in range(20)} == {200}
    engines["qwen"].status = 503
    assert gateway.client.get("/-/ready").status_code == 503
