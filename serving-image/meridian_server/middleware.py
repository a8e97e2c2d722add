"""The ASGI middleware that vLLM loads by `--middleware`: composes the rules of its neighbours.

A pure ASGI class, for a function would be wrapped in a way that breaks streaming. It is the
outermost layer. Websockets are refused: nothing here checks what they carry.
"""

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meridian_server import admission, body, control, identity
from meridian_server.admission import Admission, Admitted
from meridian_server.audit import Record, Trail
from meridian_server.child import SETTINGS_VARIABLE
from meridian_server.control import Gate
from meridian_server.errors import Refusal
from meridian_server.hold import HeldStream
from meridian_server.identity import Caller
from meridian_server.probe import Prober
from meridian_server.settings import LaneName, Settings, load, read_secret

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MODELS = ("GET", "/v1/models")
OPEN = frozenset({("GET", "/metrics"), ("GET", "/health")})
"""For the region's own monitoring; the gateway lets no client there."""
READY, LIVE = ("GET", "/-/ready"), ("GET", "/-/live")
CUT_SECONDS = 1
INFERENCE = frozenset(("POST", path) for path in body.ALLOWED)


@dataclass
class Handled:
    """What is known of a request while it is handled; becomes its audit record."""

    request_id: str
    caller: Caller
    path: str
    began: float
    time: str
    first: float | None = None
    model: str = ""
    content_hash: str = ""
    lane: str = ""
    """Empty when it was refused before its lane was known."""


class Meridian:
    """The middleware; vLLM constructs it with the application below."""

    def __init__(self, app: App, settings: Settings | None = None) -> None:
        self.app = app
        self.settings = settings or load(Path(os.environ[SETTINGS_VARIABLE]))
        secrets = self.settings.secrets
        self._engine_key = read_secret(secrets.engine_key_file)
        self._salt_key = read_secret(secrets.salt_key_file)
        self.gate = Gate()
        self.admission = Admission(self.settings)
        self._running: set[HeldStream] = set()
        self.prober = Prober(app, self.settings, salt=identity.salt(self._salt_key, self.settings.territory, "/probe"))
        self.trail = Trail(self.settings.audit_file, self._salt_key)
        self._background: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] == "lifespan":
            self.prober.application = scope.get("app")
            await self.app(scope, receive, self._starting(send))
            await self._stop()
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _starting(self, send: Send) -> Send:
        async def wrapped(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._background.append(await control.listen(self.settings.control_socket, self.gate, self._cut))
                self._background.append(asyncio.create_task(self.prober.run()))
            await send(message)

        return wrapped

    async def _stop(self) -> None:
        for job in self._background:
            job.cancel() if isinstance(job, asyncio.Task) else job.close()

    async def _cut(self) -> None:
        """End every running answer with an error; a client that does not read is not waited for."""
        cuts = [asyncio.create_task(held.cut()) for held in self._running]
        if cuts:
            await asyncio.wait(cuts, timeout=CUT_SECONDS)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        what = (scope["method"], scope["path"])
        try:
            if what == READY:
                await _answer(send, *await self._ready())
            elif what == LIVE:
                await _answer(send, 200, b'{"live": true}')
            elif what in OPEN:
                await self.app(scope, receive, send)
            elif what == MODELS:
                identity.caller(scope["headers"], self._engine_key)
                await self.app({**scope, "headers": identity.without_owned(scope["headers"])}, receive, send)
            elif what in INFERENCE:
                await self._inference(scope, receive, send)
            else:
                raise Refusal(404, "not_found", "This path is not served here. See GET /v1/models.")
        except Refusal as refusal:
            await _answer(send, refusal.status, refusal.body(), refusal.response_headers())

    async def _ready(self) -> tuple[int, bytes]:
        alive = await self.prober.engine_is_alive()
        reason = self.prober.readiness.reason_against(alive=alive, draining=self.gate.draining)
        if reason is None:
            return 200, b'{"ready": true}'
        return 503, b'{"ready": false, "reason": "%s"}' % reason.encode()

    async def _inference(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = identity.caller(scope["headers"], self._engine_key)
        handled = Handled(uuid.uuid4().hex, caller, scope["path"], time.monotonic(), datetime.now(UTC).isoformat())
        try:
            self._refuse_when_draining()
            request, lane, content = await self._read(scope, receive, handled)
            admitted = self.admission.enter(caller, lane, request, len(content))
        except Refusal as refusal:
            self._record(handled, status=refusal.status, outcome="refused", usage=None)
            raise
        await self._forward(scope, receive, send, request, content, admitted, handled)

    def _refuse_when_draining(self) -> None:
        if self.gate.refusing:
            headers = (("x-meridian-draining", "1"), ("retry-after", "1"))
            raise Refusal(503, "draining", "This replica is stopping; another one will answer.", headers=headers)

    async def _read(self, scope: Scope, receive: Receive, handled: Handled) -> tuple[body.Request, LaneName, bytes]:
        body.refuse_encoding(scope["headers"])
        raw = await _whole_body(receive, limit=self.settings.max_body_bytes)
        salt = identity.salt(self._salt_key, self.settings.territory, handled.caller.tenant)
        given = body.parsed(raw)
        lane = admission.lane_of(handled.caller, given.get("service_tier"))
        handled.lane = lane
        request = body.rewritten(scope["path"], given, self.admission.lane(lane), salt=salt)
        handled.model = request.model[:200]
        handled.content_hash = self.trail.hashed(request.content())
        return request, lane, request.encoded()

    async def _forward(
        self, scope: Scope, receive: Receive, send: Send, request: body.Request, content: bytes, admitted: Admitted,
        handled: Handled,
    ) -> None:  # fmt: skip
        def first_content() -> None:
            handled.first = time.monotonic()

        held = HeldStream(_naming(send, handled.request_id, request.dropped), on_content=first_content)
        below = _rewritten_scope(scope, len(content), handled.request_id, self.admission.lane(admitted.lane).priority)
        self._running.add(held)
        self.gate.in_flight += 1
        self.prober.readiness.started()
        try:
            await self.app(below, _replaying(content, receive), held)
        except Exception:
            await _log_without_content(handled.request_id)
        finally:
            self.gate.in_flight -= 1
            self.prober.readiness.ended()
            with contextlib.suppress(OSError):
                await held.close()
            usage = held.usage or getattr(below["state"].get("request_metadata"), "final_usage_info", None)
            self._running.discard(held)
            self.admission.leave(admitted, held, _tokens(usage))
            outcome = "complete" if held.complete else "incomplete"
            self._record(handled, status=held.status, outcome=outcome, usage=usage)

    def _record(self, handled: Handled, *, status: int, outcome: str, usage: Any) -> None:
        here = self.settings
        now = time.monotonic()
        self.trail.write(
            Record(
                time=handled.time,
                request_id=handled.request_id,
                tenant=handled.caller.tenant,
                territory=here.territory,
                region=here.region,
                replica=here.replica,
                lane=handled.lane,
                model=handled.model,
                path=handled.path,
                status=status,
                outcome=outcome,
                prompt_tokens=getattr(usage, "prompt_tokens", None),
                output_tokens=getattr(usage, "completion_tokens", None),
                seconds_to_first_token=None if handled.first is None else round(handled.first - handled.began, 6),
                seconds=round(now - handled.began, 6),
                content_hash=handled.content_hash,
            )
        )


def _tokens(usage: Any) -> int | None:
    return None if usage is None else int(usage.prompt_tokens) + int(usage.completion_tokens or 0)


async def _log_without_content(request_id: str) -> None:
    from meridian_server.parent import say

    say(f"request {request_id} failed inside the engine's server")


async def _whole_body(receive: Receive, *, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal(400, "disconnected", "The client left before its request was read.")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            text = f"The body is larger than {limit} bytes, more than the model's context can hold. Send less."
            raise Refusal(413, "request_too_large", text)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _replaying(content: bytes, receive: Receive) -> Receive:
    """The rewritten body first, then the original channel, so that a disconnect still ends generation."""
    messages = [{"type": "http.request", "body": content, "more_body": False}]

    async def next_message() -> Message:
        return messages.pop() if messages else await receive()

    return next_message


def _rewritten_scope(scope: Scope, size: int, request_id: str, priority: int) -> Scope:
    replaced = (b"content-length", b"content-type", b"transfer-encoding")
    headers = [pair for pair in identity.without_owned(scope["headers"]) if pair[0].lower() not in replaced]
    headers += [
        (b"content-type", b"application/json"),
        (b"content-length", str(size).encode()),
        (b"x-request-id", request_id.encode()),
        (b"x-vllm-priority", str(priority).encode()),
    ]
    return {**scope, "headers": headers, "state": {**scope.get("state", {})}}


def _naming(send: Send, request_id: str, dropped: tuple[str, ...]) -> Send:
    """Adds to the response which request it was and which of its fields were left out."""
    extra = [(b"x-request-id", request_id.encode())]
    if dropped:
        names = ",".join(name for name in dropped if name.isidentifier())[:500]
        extra.append((b"x-meridian-dropped-fields", names.encode("ascii", "ignore")))

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return wrapped


async def _answer(send: Send, status: int, content: bytes, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers or own})
    await send({"type": "http.response.body", "body": content, "more_body": False})
