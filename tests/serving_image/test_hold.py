"""A stream's start is held until its first content, and no stream ends silently."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meridian_server.hold import HeldStream

from tests.serving_image.helpers import EVENTS, JSON, Answer, Message, events, once, token

DONE = "[DONE]"
ENGINE_DEAD = json.dumps(
    {"error": {"message": "EngineCore encountered an issue", "type": "InternalServerError", "code": 500}}
)
TOO_LONG = json.dumps({"error": {"message": "too long", "type": "BadRequestError", "code": 400}})
BUSY = json.dumps({"error": {"message": "busy", "type": "Service Unavailable", "code": 503}})


def passed(
    parts: list[bytes],
    *,
    headers: tuple[bytes, bytes] = EVENTS,
    status: int = 200,
    ends: bool = True,
    before: Callable[[int], Awaitable[None]] | None = None,
    hold: float = 20,
) -> tuple[Answer, HeldStream]:
    """What a client gets of an answer of these parts."""

    async def work() -> tuple[Answer, HeldStream]:
        answer = Answer()

        async def send(message: Message) -> None:
            answer.messages.append(message)

        held = HeldStream(send, on_content=lambda: None, hold_seconds=hold, comment_seconds=hold)
        await held({"type": "http.response.start", "status": status, "headers": [headers]})
        for number, part in enumerate(parts):
            if before:
                await before(number)
            await held({"type": "http.response.body", "body": part, "more_body": True})
        if ends:
            await held({"type": "http.response.body", "body": b"", "more_body": False})
        await held.close()
        return answer, held

    found: tuple[Answer, HeldStream] = once(work())
    return found


def data(answer: Answer) -> list[str]:
    """The data lines of a stream."""
    return [line[6:] for line in answer.body.decode().splitlines() if line.startswith("data: ")]


def test_a_whole_stream_passes_unchanged() -> None:
    answer, held = passed(events(token("a"), token("b", "stop"), DONE))
    assert answer.body == b"".join(events(token("a"), token("b", "stop"), DONE))
    assert (answer.status, answer.is_whole(), held.complete) == (200, True, True)


def test_nothing_is_sent_before_the_first_content() -> None:
    sent_before: list[int] = []

    async def work() -> None:
        answer = Answer()

        async def send(message: Message) -> None:
            answer.messages.append(message)

        held = HeldStream(send, on_content=lambda: None)
        await held({"type": "http.response.start", "status": 200, "headers": [EVENTS]})
        for part in (b": keep-alive\n\n", b"event: response.created\ndata: {}\n\n"):
            await held({"type": "http.response.body", "body": part, "more_body": True})
        sent_before.append(len(answer.messages))
        await held({"type": "http.response.body", "body": events(token("a"))[0], "more_body": True})
        sent_before.append(len(answer.messages))
        await held.close()

    once(work())
    assert sent_before[0] == 0
    assert sent_before[1] > 0


def test_the_events_before_the_first_token_are_sent_with_it_in_order() -> None:
    parts = [
        b"event: response.created\ndata: {}\n\n",
        b"event: response.in_progress\ndata: {}\n\n",
        b'event: response.output_text.delta\ndata: {"delta":"a"}\n\n',
        b"event: response.completed\ndata: {}\n\n",
    ]
    answer, held = passed(parts)
    assert answer.body == b"".join(parts)
    assert held.complete


@pytest.mark.parametrize("prelude", [[], [b": keep-alive\n\n"], [b"event: response.created\ndata: {}\n\n"]])
def test_an_engine_that_died_before_the_first_token_is_a_503(prelude: list[bytes]) -> None:
    answer, _ = passed([*prelude, *events(ENGINE_DEAD, DONE)])
    assert (answer.status, answer.is_whole()) == (503, True)
    assert "EngineCore" not in answer.error["message"]


def test_an_error_of_the_client_before_the_first_token_keeps_its_status() -> None:
    answer, _ = passed(events(TOO_LONG, DONE))
    assert (answer.status, answer.error["message"]) == (400, "too long")


def test_a_full_queue_that_is_told_inside_a_stream_is_429_like_elsewhere() -> None:
    answer, _ = passed(events(BUSY, DONE))
    assert (answer.status, answer.headers["retry-after"], answer.headers["x-meridian-overloaded"]) == (429, "1", "1")


def test_a_stream_that_ends_without_its_end_mark_gets_an_error_event() -> None:
    answer, held = passed(events(token("a")))
    assert (answer.status, answer.is_whole(), held.complete) == (200, True, False)
    assert "error" in json.loads(data(answer)[-1])


def test_a_stream_that_breaks_off_gets_an_error_event() -> None:
    answer, held = passed(events(token("a")), ends=False)
    assert "error" in json.loads(data(answer)[-1])
    assert (answer.is_whole(), held.complete) == (True, False)


def test_a_stream_that_breaks_off_before_anything_is_a_503() -> None:
    answer, _ = passed([], ends=False)
    assert (answer.status, answer.is_whole()) == (503, True)


def test_an_aborted_answer_is_an_error_event_and_not_an_end() -> None:
    answer, held = passed(events(token("a"), token("", "abort"), DONE))
    assert "error" in json.loads(data(answer)[-1])
    assert b'"abort"' not in answer.body
    assert not held.complete


def test_an_answer_aborted_before_its_first_token_is_a_503() -> None:
    assert passed(events(token("", "abort"), DONE))[0].status == 503


def test_text_that_looks_like_an_abort_is_only_text() -> None:
    answer, held = passed(events(token('"finish_reason":"abort"'), token("", "stop"), DONE))
    assert held.complete
    assert len(data(answer)) == 3


def test_an_engine_that_died_in_the_middle_is_told_and_counts_as_incomplete() -> None:
    answer, held = passed(events(token("a"), ENGINE_DEAD, DONE))
    assert any("error" in json.loads(line) for line in data(answer) if line != DONE)
    assert not held.complete


def test_an_answer_that_does_not_stream_passes_unchanged() -> None:
    answer, held = passed([b'{"choices": [{"finish_reason": "stop"}]}'], headers=JSON)
    assert (answer.status, answer.body, held.complete) == (200, b'{"choices": [{"finish_reason": "stop"}]}', True)


def test_an_aborted_answer_that_does_not_stream_is_a_503() -> None:
    answer, _ = passed([b'{"choices":[{"index":0,"finish_reason":"abort"}]}'], headers=JSON)
    assert answer.status == 503


def test_a_full_queue_is_429_with_retry_after() -> None:
    answer, _ = passed([BUSY.encode()], headers=JSON, status=503)
    assert (answer.status, answer.headers["retry-after"], answer.headers["x-meridian-overloaded"]) == (429, "1", "1")


def test_a_refusal_of_vllm_passes_with_its_status() -> None:
    answer, _ = passed([TOO_LONG.encode()], headers=JSON, status=400)
    assert (answer.status, answer.error["message"]) == (400, "too long")


def test_after_the_holding_time_the_client_gets_headers_and_comments() -> None:
    async def slow(number: int) -> None:
        await asyncio.sleep(0.1)

    answer, held = passed(events(token("a"), DONE), before=slow, hold=0.02)
    assert answer.status == 200
    assert answer.body.startswith(b": ")
    assert data(answer) == [token("a"), DONE]
    assert (answer.is_whole(), held.complete) == (True, True)


def test_an_engine_that_died_after_the_holding_time_is_an_error_event() -> None:
    async def slow(number: int) -> None:
        await asyncio.sleep(0.1)

    answer, held = passed(events(ENGINE_DEAD, DONE), before=slow, hold=0.02)
    assert answer.status == 200
    assert "error" in json.loads(data(answer)[0])
    assert (answer.is_whole(), held.complete) == (True, False)


def test_no_timer_is_left_behind_by_a_stream_that_is_over() -> None:
    async def work() -> int:
        async def send(message: Message) -> None:
            return None

        held = HeldStream(send, on_content=lambda: None)
        await held({"type": "http.response.start", "status": 200, "headers": [EVENTS]})
        await held.close()
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - 1

    assert once(work()) == 0


STREAMS = [
    events(token("a"), token("b\u00e9\n"), token("", "stop"), DONE),
    events(ENGINE_DEAD, DONE),
    events(token("a"), ENGINE_DEAD, DONE),
    events(token("a")),
    [b": x\n\n", b"event: response.created\ndata: {}\n\n", b"event: response.completed\ndata: {}\n\n"],
]


@given(stream=st.sampled_from(STREAMS), data=st.data())
def test_how_a_stream_is_cut_into_messages_changes_nothing(stream: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(stream)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=8)))
    parts = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    expected, expected_held = passed(stream)
    found, found_held = passed(parts)
    assert (found.status, found.body) == (expected.status, expected.body)
    assert found_held.complete == expected_held.complete
    assert found.is_whole()
