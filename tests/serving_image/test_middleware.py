"""The middleware as a whole, around a stand-in for vLLM's application."""

import asyncio
import json
from pathlib import Path

import pytest
from meridian_server import identity
from meridian_server.middleware import Meridian

from tests.serving_image.helpers import (
    CHAT,
    JSON,
    SALT_KEY,
    SECRET_PROMPT,
    Answer,
    FakeEngine,
    ask,
    chat,
    once,
    proved,
    settings,
    streaming,
    through,
    token,
)

DONE = "[DONE]"


def test_a_proved_request_reaches_the_engine_and_its_answer_the_client(tmp_path: Path) -> None:
    engine = FakeEngine(parts=[b'{"choices":[1]}'])
    answer = through(engine, tmp_path, CHAT, proved(), chat())
    assert (answer.status, answer.body, answer.is_whole()) == (200, b'{"choices":[1]}', True)


@pytest.mark.parametrize("path", [CHAT, "/v1/completions", "/v1/responses"])
def test_a_request_without_the_engine_key_is_refused_with_401_and_never_reaches_the_engine(
    tmp_path: Path, path: str
) -> None:
    engine = FakeEngine()
    answer = through(engine, tmp_path, path, [(b"x-meridian-tenant", b"acme"), JSON], chat())
    assert (answer.status, answer.error["code"], engine.seen) == (401, "unproved_gateway", [])


def test_a_request_without_a_tenant_is_refused_with_401(tmp_path: Path) -> None:
    engine = FakeEngine()
    headers = [pair for pair in proved() if pair[0] != b"x-meridian-tenant"]
    assert through(engine, tmp_path, CHAT, headers, chat()).status == 401
    assert engine.seen == []


def test_the_list_of_models_needs_a_proved_gateway_too(tmp_path: Path) -> None:
    assert through(FakeEngine(), tmp_path, "/v1/models", [], method="GET").status == 401
    assert through(FakeEngine(), tmp_path, "/v1/models", proved(), method="GET").status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/chat/completions/batch"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "//v1/chat/completions"),
        ("POST", "/v1/chat/completions/../../invocations"),
        ("GET", "/v1/chat/completions"),
        ("GET", "/v1/responses/resp_1"),
        ("POST", "/v1/responses/resp_1/cancel"),
        ("POST", "/invocations"),
        ("POST", "/tokenize"),
        ("POST", "/detokenize"),
        ("POST", "/pause"),
        ("POST", "/v1/embeddings"),
        ("POST", "/abort_requests"),
        ("GET", "/version"),
        ("GET", "/load"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("POST", "/metrics"),
        ("OPTIONS", "/v1/chat/completions"),
    ],
)
def test_every_other_path_and_method_is_404_even_for_a_proved_gateway(tmp_path: Path, method: str, path: str) -> None:
    engine = FakeEngine()
    answer = through(engine, tmp_path, path, proved(), chat(), method=method)
    assert (answer.status, answer.error["type"], engine.seen) == (404, "invalid_request_error", [])


@pytest.mark.parametrize("path", ["/metrics", "/health"])
def test_monitoring_passes_without_a_key(tmp_path: Path, path: str) -> None:
    assert through(FakeEngine(), tmp_path, path, [], method="GET").status == 200


def test_an_error_has_the_form_that_openai_clients_read(tmp_path: Path) -> None:
    assert set(through(FakeEngine(), tmp_path, "/nowhere", []).error) == {"message", "type", "param", "code"}


def test_tenants_get_different_salts_that_the_client_cannot_choose(tmp_path: Path) -> None:
    engine = FakeEngine()
    for tenant in ("acme", "other"):
        through(engine, tmp_path, CHAT, proved(tenant), chat(cache_salt="mine"))
    expected = [identity.salt(SALT_KEY.encode(), "home", tenant) for tenant in ("acme", "other")]
    assert [found["cache_salt"] for found in engine.bodies] == expected
    assert expected[0] != expected[1]


def test_the_lane_sets_priority_and_caps(tmp_path: Path) -> None:
    engine = FakeEngine()
    through(engine, tmp_path, CHAT, proved(), chat(max_tokens=9999))
    flex = chat(max_tokens=9999, service_tier="flex", priority=-99)
    through(engine, tmp_path, CHAT, proved(x_meridian_lanes="chat,batch", x_vllm_priority="-99"), flex)
    stamped = [dict(scope["headers"])[b"x-vllm-priority"] for scope, _ in engine.seen]
    assert stamped == [b"0", b"10"]
    assert [(found["priority"], found["max_tokens"]) for found in engine.bodies] == [(0, 1024), (10, 2048)]


def test_a_lane_that_this_replica_does_not_serve_is_refused(tmp_path: Path) -> None:
    lanes = {"chat": {"max_output_tokens": 10, "priority": 0, "max_choices": 1}}

    async def work() -> Answer:
        app = Meridian(FakeEngine(), settings(tmp_path, lanes=lanes))
        return await ask(app, CHAT, proved(x_meridian_lanes="batch"), chat())

    assert once(work()).status == 400


def test_the_engine_sees_neither_keys_nor_steering_headers_and_a_right_content_length(tmp_path: Path) -> None:
    engine = FakeEngine()
    steering = {
        "X_Vllm_Priority": "-9",
        "x_data_parallel_rank": "1",
        "authorization": "Bearer t",
        "content_length": "1",
    }
    through(engine, tmp_path, CHAT, proved(**steering), chat())
    scope, content = engine.seen[0]
    seen = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
    assert not [name for name in seen if name.startswith("x-meridian-")]
    assert not {"x-data-parallel-rank", "authorization"} & set(seen)
    assert [value for name, value in scope["headers"] if name.lower() == b"x-vllm-priority"] == [b"0"]
    assert [name for name, _ in scope["headers"]].count(b"content-length") == 1
    assert seen["content-length"] == str(len(content))


def test_a_body_in_pieces_is_read_whole(tmp_path: Path) -> None:
    engine, whole = FakeEngine(), chat()
    assert through(engine, tmp_path, CHAT, proved(), [whole[:9], whole[9:20], whole[20:]]).status == 200
    assert engine.bodies[0]["messages"][0]["content"] == SECRET_PROMPT


def test_a_compressed_body_is_refused(tmp_path: Path) -> None:
    engine = FakeEngine()
    assert through(engine, tmp_path, CHAT, proved(content_encoding="gzip"), chat()).status == 415
    assert engine.seen == []


def test_a_body_too_large_for_the_context_is_refused_with_413(tmp_path: Path) -> None:
    engine = FakeEngine()
    limit = settings(tmp_path).max_body_bytes
    assert through(engine, tmp_path, CHAT, proved(), [b" " * limit, chat()]).status == 413
    assert engine.seen == []


def test_the_largest_legal_prompt_is_not_too_large(tmp_path: Path) -> None:
    prompt = "\\u0061" * 4 * 4096 * 1
    body = (
        b'{"messages":[{"role":"user","content":"%s"}]}'
        % prompt[: settings(tmp_path).engine.max_model_len * 12].encode()
    )
    assert through(FakeEngine(), tmp_path, CHAT, proved(), body).status == 200


def test_the_names_of_dropped_fields_are_told_to_the_client(tmp_path: Path) -> None:
    answer = through(FakeEngine(), tmp_path, CHAT, proved(), chat(vllm_xargs={}, kv_transfer_params={}))
    assert answer.headers["x-meridian-dropped-fields"] == "kv_transfer_params,vllm_xargs"


def test_a_dropped_name_cannot_break_out_of_its_header(tmp_path: Path) -> None:
    answer = through(FakeEngine(), tmp_path, CHAT, proved(), chat(**{"a\r\nset-cookie: x": 1, "\u00e9t\u00e9": 2}))
    assert "\r" not in answer.headers["x-meridian-dropped-fields"]
    assert "set-cookie" not in answer.headers


def test_a_client_that_leaves_is_seen_by_the_engine(tmp_path: Path) -> None:
    engine = FakeEngine(listens=True)
    through(engine, tmp_path, CHAT, proved(), chat(), leaves=True)
    assert engine.after_body == ["http.disconnect"]


def test_a_draining_replica_still_serves_and_a_refusing_one_sends_the_gateway_elsewhere(tmp_path: Path) -> None:
    async def work() -> tuple[Answer, Answer, Answer]:
        app = Meridian(FakeEngine(), settings(tmp_path))
        app.gate.obey("drain")
        ready = await ask(app, "/-/ready", [], method="GET")
        served = await ask(app, CHAT, proved(), chat())
        app.gate.obey("refuse")
        return ready, served, await ask(app, CHAT, proved(), chat())

    ready, served, refused = once(work())
    assert (ready.status, json.loads(ready.body)["reason"]) == (503, "draining")
    assert served.status == 200
    assert (refused.status, refused.headers["x-meridian-draining"]) == (503, "1")


def test_requests_in_flight_are_counted_and_given_back_whatever_happens(tmp_path: Path) -> None:
    async def work() -> list[int]:
        counts = []

        async def look(_: int) -> None:
            counts.append(app.gate.in_flight)

        for raises in (False, True):
            app = Meridian(streaming(token("a"), DONE, pause=look, raises=raises), settings(tmp_path))
            await ask(app, CHAT, proved(), chat(stream=True))
            counts.append(app.gate.in_flight)
            counts.append(app.prober.readiness.running)
        return counts

    assert once(work()) == [1, 1, 0, 0] * 2


def test_an_engine_that_fails_before_its_first_token_is_a_503(tmp_path: Path) -> None:
    answer = through(streaming(raises=True), tmp_path, CHAT, proved(), chat(stream=True))
    assert (answer.status, answer.is_whole()) == (503, True)


def test_an_engine_that_fails_in_the_middle_ends_the_stream_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = through(streaming(token("a"), raises=True), tmp_path, CHAT, proved(), chat(stream=True))
    assert b'"error"' in answer.body
    assert answer.is_whole()
    said = capsys.readouterr()
    assert SECRET_PROMPT not in said.out + said.err


def test_liveness_needs_no_engine(tmp_path: Path) -> None:
    assert through(FakeEngine(status=503), tmp_path, "/-/live", [], method="GET").status == 200


def test_a_fresh_server_is_not_ready_and_says_why(tmp_path: Path) -> None:
    answer = through(FakeEngine(), tmp_path, "/-/ready", [], method="GET")
    assert (answer.status, json.loads(answer.body)) == (503, {"ready": False, "reason": "no token served yet"})


def test_a_dead_engine_makes_it_not_ready_though_it_served(tmp_path: Path) -> None:
    async def work() -> list[int]:
        found = []
        for status in (200, 503):
            app = Meridian(FakeEngine(status=status), settings(tmp_path))
            app.prober.readiness.observe(1)
            found.append((await ask(app, "/-/ready", [], method="GET")).status)
        return found

    assert once(work()) == [200, 503]


def test_a_websocket_is_refused(tmp_path: Path) -> None:
    async def work() -> list[str]:
        sent: list[str] = []

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, str]) -> None:
            sent.append(message["type"])

        await Meridian(FakeEngine(), settings(tmp_path))({"type": "websocket", "path": CHAT}, receive, send)
        return sent

    assert once(work()) == ["websocket.close"]


def test_the_control_socket_is_there_from_start_up_to_shutdown(tmp_path: Path) -> None:
    async def work() -> tuple[int, bool]:
        made = settings(tmp_path)
        made.run_folder.mkdir()
        app = Meridian(FakeEngine(), made)
        started, stopping = asyncio.Event(), asyncio.Event()
        inbox = [stopping.wait(), asyncio.sleep(0)]

        async def receive() -> dict[str, str]:
            await inbox.pop()
            return {"type": "lifespan"}

        async def send(message: dict[str, str]) -> None:
            started.set()

        life = asyncio.create_task(app({"type": "lifespan"}, receive, send))
        await started.wait()
        mode = made.control_socket.stat().st_mode & 0o777
        stopping.set()
        await life
        with pytest.raises(OSError):
            await asyncio.open_unix_connection(made.control_socket)
        return mode, True

    assert once(work()) == (0o600, True)
