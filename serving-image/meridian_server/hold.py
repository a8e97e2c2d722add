"""Holds a stream's headers until its first content, and never lets a stream end silently.

While headers are held the gateway has seen nothing, so it can give a request whose replica was lost
to another one. vLLM sends its headers at once and reports a dead engine as an event in a 200
stream; here that becomes a 503 if nothing was sent yet, and a clear error event otherwise.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from meridian_server.errors import Headers, Refusal, stream_error

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

HOLD_SECONDS = 20
COMMENT_SECONDS = 10
EVENT_END = b"\n\n"
PRELUDE = (b"response.created", b"response.in_progress", b"response.queued")
"""Events of the Responses API that come before any token."""
TERMINAL = (b"response.completed", b"response.failed", b"response.incomplete")
ABORTED = b'"finish_reason":"abort"'
QUEUE_FULL = "Service Unavailable"
"""The type of vLLM's error for a full queue; a dead engine is an `InternalServerError` with code 500."""
OVERLOADED = (("retry-after", "1"), ("x-meridian-overloaded", "1"))
BUSY = "The engine's queue is full. Wait for `Retry-After` and send the request again."
STOPPED = "This replica is stopping and the time for running answers is over. Send the request again."
LOST = "The engine was lost while it answered. What was sent is incomplete; send the request again."


@dataclass(frozen=True)
class Usage:
    """Token counts under the names that vLLM uses for the other APIs."""

    prompt_tokens: int
    completion_tokens: int


class HeldStream:
    """One response on its way out; call it with the ASGI messages of vLLM."""

    def __init__(
        self,
        send: Send,
        *,
        on_content: Callable[[], None],
        hold_seconds: float = HOLD_SECONDS,
        comment_seconds: float = COMMENT_SECONDS,
    ) -> None:
        self._send = send
        self._on_content = on_content
        self._hold_seconds, self._comment_seconds = hold_seconds, comment_seconds
        self._lock = asyncio.Lock()
        self._start: Message | None = None
        self._held: list[bytes] = []
        self._rest = b""
        self._timer: asyncio.Task[None] | None = None
        self.streams = False
        self.status = 0
        """What the client was told; 0 before anything was."""
        self.ended = False
        """Whether the client got everything it will get."""
        self.complete = False
        """Whether the stream ended the way the API says."""
        self.usage: Usage | None = None
        """Token counts, where the answer itself says them in the form of the Responses API."""
        self._saw_content = False
        self.contents = 0
        """Events with content so far."""

    async def __call__(self, message: Message) -> None:
        """Take one message of the application below."""
        if message["type"] == "http.response.start":
            self._start = message
            self.streams = message["status"] == 200 and _is_event_stream(message["headers"])
            if self.streams:
                self._timer = asyncio.create_task(self._comment_while_waiting())
            return
        if message["type"] != "http.response.body" or self.ended:
            return
        more = bool(message.get("more_body"))
        async with self._lock:
            if self.streams:
                await self._take(message.get("body", b""), more=more)
            else:
                await self._pass(message.get("body", b""), more=more)

    async def cut(self) -> None:
        """The replica stops now: the client is told, and what the engine still says is left out."""
        async with self._lock:
            if not self.ended:
                await self._refuse(Refusal(503, "replica_stopped", STOPPED))

    async def close(self) -> None:
        """The application below is gone: whatever is missing to a clear end is sent now."""
        async with self._lock:
            if not self.ended:
                await self._take(b"", more=False)
        if self._timer:
            self._timer.cancel()

    async def _pass(self, body: bytes, *, more: bool) -> None:
        """An answer that does not stream: it is sent whole, for its end says whether it is one."""
        self._held.append(body)
        if more:
            return
        whole = b"".join(self._held)
        if self._started()["status"] == 200 and ABORTED in whole.replace(b" ", b""):
            await self._fail(LOST)
            return
        self._on_content()
        await self._begin(*overload_as_429(self._started()))
        self.complete = True
        self.usage = _usage_in(whole)
        await self._finish(whole)

    async def _take(self, body: bytes, *, more: bool) -> None:
        *events, self._rest = (self._rest + body).split(EVENT_END)
        for event in events:
            await self._event(event)
        if more or self.ended:
            return
        if self.complete:
            await self._finish(b"")
        else:
            await self._fail(LOST)

    async def _event(self, event: bytes) -> None:
        if self.ended or not event.strip():
            return
        if ABORTED in event.replace(b" ", b""):
            await self._fail(LOST)
        elif (refusal := _error_in(event)) is not None:
            await self._refuse(refusal)
        elif self._saw_content or _is_content(event):
            await self._release(event)
        elif self.status == 0 and not _is_comment(event):
            self._held.append(event + EVENT_END)
        if not self.ended and _is_terminal(event):
            self.complete = True
            self.usage = _usage_in(_data(event)) or self.usage

    async def _release(self, event: bytes) -> None:
        if not self._saw_content:
            self._saw_content = True
            self._on_content()
        self.contents += 1
        if self.status == 0:
            await self._begin(200, self._started()["headers"])
        body = b"".join([*self._held, event + EVENT_END])
        self._held.clear()
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def _fail(self, message: str) -> None:
        await self._refuse(Refusal(503, "engine_lost", message))

    async def _refuse(self, refusal: Refusal) -> None:
        """End with an error: a plain answer when nothing was sent yet, an event otherwise."""
        if self.status == 0:
            await self._begin(refusal.status, refusal.response_headers())
            await self._finish(refusal.body())
            return
        await self._finish(stream_error(refusal.message, refusal.code))

    async def _finish(self, body: bytes) -> None:
        self.ended = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _begin(self, status: int, headers: Headers) -> None:
        self.status = status
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def _comment_while_waiting(self) -> None:
        await asyncio.sleep(self._hold_seconds)
        while not self._saw_content and not self.ended:
            async with self._lock:
                if self._saw_content or self.ended:
                    return
                if self.status == 0:
                    await self._begin(200, self._started()["headers"])
                await self._send({"type": "http.response.body", "body": b": waiting\n\n", "more_body": True})
            await asyncio.sleep(self._comment_seconds)

    def _started(self) -> Message:
        return self._start or {"status": 503, "headers": []}


def overload_as_429(start: Message) -> tuple[int, Headers]:
    """vLLM says 503 when its queue is full; a client must wait, and the gateway may try elsewhere: that is 429."""
    headers: Headers = list(start["headers"])
    if start["status"] != 503:
        return int(start["status"]), headers
    return 429, [*headers, *((name.encode(), value.encode()) for name, value in OVERLOADED)]


def _is_event_stream(headers: Headers) -> bool:
    return any(name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers)


def _is_comment(event: bytes) -> bool:
    return all(line.startswith(b":") for line in event.splitlines() if line)


def _is_content(event: bytes) -> bool:
    kinds = [line[6:].strip() for line in event.splitlines() if line.startswith(b"event:")]
    return not _is_comment(event) and not any(kind in PRELUDE for kind in kinds)


def _is_terminal(event: bytes) -> bool:
    lines = event.splitlines()
    return b"data: [DONE]" in lines or any(line == b"event: " + kind for kind in TERMINAL for line in lines)


def _error_in(event: bytes) -> Refusal | None:
    """What an event that is vLLM's error object says to a client who was sent nothing yet."""
    data = _data(event)
    if not data.startswith(b'{"error"'):
        return None
    try:
        error = json.loads(data)["error"]
        code, kind, message = int(error.get("code") or 0), error.get("type"), str(error.get("message", ""))
    except (ValueError, TypeError, KeyError, AttributeError):
        return Refusal(503, "engine_lost", LOST)
    if code == 503 and kind == QUEUE_FULL:
        return Refusal(429, "overloaded", BUSY, headers=OVERLOADED)
    if 400 <= code < 500:
        return Refusal(code, "engine_error", message)
    return Refusal(503, "engine_lost", LOST)


def _data(event: bytes) -> bytes:
    return b"".join(line[5:].strip() for line in event.splitlines() if line.startswith(b"data:"))


def _usage_in(content: bytes) -> Usage | None:
    """Token counts of the Responses API, which vLLM leaves out of the request's metadata."""
    try:
        said = json.loads(content)
        usage = said.get("response", said)["usage"]
        return Usage(prompt_tokens=int(usage["input_tokens"]), completion_tokens=int(usage["output_tokens"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
