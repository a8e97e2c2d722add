"""What the tests of the server share: settings, a stand-in for vLLM's application, one request through ASGI."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meridian_server.errors import Headers
from meridian_server.middleware import Meridian
from meridian_server.settings import Settings

ENGINE_KEY = "engine-key-of-the-tests-0123456789"
SALT_KEY = "salt-key-of-the-tests-0123456789"
SECRET_PROMPT = "the patient is called Ada"
CHAT = "/v1/chat/completions"
JSON = (b"content-type", b"application/json")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]


def raw_settings(folder: Path) -> dict[str, Any]:
    """A settings file's content, legal as it stands; the secrets are written beside it."""
    (folder / "engine-key").write_text(ENGINE_KEY + "\n")
    (folder / "salt-key").write_text(SALT_KEY + "\n")
    return {
        "territory": "home",
        "region": "local-a",
        "replica": "local-a-tiny-llama-0",
        "model": {"path": str(folder / "model"), "name": "tiny-llama"},
        "listen": {"host": "127.0.0.1", "port": 18001, "certificate_file": None, "key_file": None},
        "engine": {
            "max_model_len": 4096,
            "max_num_seqs": 8,
            "max_num_batched_tokens": 2048,
            "kv_cache_memory_bytes": 67108864,
            "max_num_queued_reqs": 64,
            "enforce_eager": True,
            "extra_args": {},
        },
        "lanes": {
            "chat": {"max_output_tokens": 1024, "priority": 0, "max_choices": 2},
            "batch": {"max_output_tokens": 2048, "priority": 10, "max_choices": 4},
        },
        "drain": {"delay_seconds": 0.2, "timeout_seconds": 5},
        "readiness": {"stall_seconds": 60, "probe_interval_seconds": 30},
        "secrets": {"engine_key_file": str(folder / "engine-key"), "salt_key_file": str(folder / "salt-key")},
        "audit_file": str(folder / "audit.jsonl"),
        "run_folder": str(folder / "run"),
        "work_folder": str(folder / "work"),
        "threads": 1,
    }


def settings(folder: Path, **changes: Any) -> Settings:
    """Legal settings; a change replaces a top-level field."""
    return Settings.model_validate(raw_settings(folder) | changes)


def proved(tenant: str = "acme", **more: str) -> Headers:
    """The headers that the gateway stamps; a header in `more` (with underscores) replaces one of them."""
    named = {"x-meridian-engine-key": ENGINE_KEY, "x-meridian-tenant": tenant, "content-type": "application/json"}
    named |= {name.replace("_", "-"): value for name, value in more.items()}
    return [(name.encode(), value.encode()) for name, value in named.items()]


def events(*data: str) -> list[bytes]:
    """Server-sent events as vLLM sends them, one per message."""
    return [f"data: {line}\n\n".encode() for line in data]


def token(text: str, finish: str | None = None) -> str:
    """A chunk of a streamed chat completion."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return json.dumps({"object": "chat.completion.chunk", "choices": [choice]}, separators=(",", ":"))


@dataclass
class Usage:
    """What vLLM leaves behind after an answer."""

    prompt_tokens: int = 7
    completion_tokens: int = 3


@dataclass
class Metadata:
    """vLLM's `request_metadata`."""

    final_usage_info: Usage | None = None


@dataclass
class FakeEngine:
    """vLLM's application in small: answers one way and remembers what reached it."""

    status: int = 200
    headers: Headers = field(default_factory=lambda: [JSON])
    parts: list[bytes] = field(default_factory=lambda: [b'{"choices":[]}'])
    usage: Usage | None = field(default_factory=Usage)
    raises: bool = False
    """Fails after the parts."""
    pause: Callable[[int], Awaitable[None]] | None = None
    """Awaited before each part, with its number."""
    seen: list[tuple[Mapping[str, Any], bytes]] = field(default_factory=list)
    after_body: list[str] = field(default_factory=list)
    """Types of the messages received after the body, when asked for."""
    listens: bool = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        message = await receive()
        self.seen.append((scope, message["body"]))
        if self.listens:
            self.after_body.append((await receive())["type"])
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        for number, part in enumerate(self.parts):
            if self.pause:
                await self.pause(number)
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if self.raises:
            message_text = f"the engine fell over on {SECRET_PROMPT}"
            raise RuntimeError(message_text)
        scope["state"]["request_metadata"] = Metadata(self.usage)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies that reached the engine."""
        return [json.loads(body) for _, body in self.seen]


def streaming(*data: str, **more: Any) -> FakeEngine:
    """A fake engine that streams these events."""
    return FakeEngine(headers=[EVENTS], parts=events(*data), **more)


@dataclass
class Answer:
    """What a client got."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status."""
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        """The headers."""
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        """The whole body."""
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def error(self) -> dict[str, Any]:
        """The OpenAI-style error."""
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found

    def is_whole(self) -> bool:
        """Whether there is one start and one end, in order."""
        kinds = [message["type"] for message in self.messages]
        ends = [not message.get("more_body", False) for message in self.messages[1:]]
        return kinds.count("http.response.start") == 1 == ends.count(True) and ends[-1]


async def ask(
    app: App,
    path: str,
    headers: Headers,
    body: bytes | list[bytes] = b"",
    *,
    method: str = "POST",
    leaves: bool = False,
) -> Answer:
    """One request; with `leaves` the client is gone after its body."""
    parts = [body] if isinstance(body, bytes) else body
    inbox = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]
    answer = Answer()

    async def receive() -> Message:
        if inbox:
            return inbox.pop(0)
        if not leaves:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answer.messages.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b"", "state": {}}
    await app(scope, receive, send)
    return answer


def chat(**fields: Any) -> bytes:
    """A chat body with a prompt that must never be seen in a log."""
    return json.dumps(
        {"model": "tiny-llama", "messages": [{"role": "user", "content": SECRET_PROMPT}], **fields}
    ).encode()


def once(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, or fail after ten seconds."""

    async def limited() -> Any:
        async with asyncio.timeout(10):
            return await work

    return asyncio.run(limited())


def through(
    engine: FakeEngine, folder: Path, path: str, headers: Headers, body: bytes | list[bytes] = b"", **how: Any
) -> Answer:
    """One request through a middleware of its own."""

    async def work() -> Answer:
        return await ask(Meridian(engine, settings(folder)), path, headers, body, **how)

    answer: Answer = once(work())
    return answer


def records(folder: Path) -> list[dict[str, Any]]:
    """The audit trail."""
    return [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
