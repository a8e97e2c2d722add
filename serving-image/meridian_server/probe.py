"""Keeps `Readiness` true: reads the engine's token counters and proves an idle engine by one token."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from meridian_server.body import COMPLETIONS
from meridian_server.ready import Readiness
from meridian_server.settings import Settings

App = Callable[..., Awaitable[None]]

TICK_SECONDS = 0.5
PROBE_PRIORITY = -1000
"""Before every client: a busy engine must not look dead because its proof waits in the queue."""
PROBE_PROMPT = "ready"
TOKEN_COUNTERS = ("vllm:generation_tokens", "vllm:prompt_tokens")
"""Counters of the engine, summed as its progress."""


def engine_tokens() -> float:
    """Tokens that the engine in this process reported since its start."""
    from prometheus_client import REGISTRY

    return sum(
        sample.value
        for metric in REGISTRY.collect()
        if metric.name in TOKEN_COUNTERS
        for sample in metric.samples
        if sample.name.endswith("_total")
    )


class Prober:
    """Watches one engine from inside its API process."""

    def __init__(self, app: App, settings: Settings, *, salt: str, tokens: Callable[[], float] = engine_tokens) -> None:
        self._app, self._salt, self._model, self._tokens = app, salt, settings.model.name, tokens
        self.readiness = Readiness(
            stall_seconds=settings.readiness.stall_seconds,
            probe_interval_seconds=settings.readiness.probe_interval_seconds,
            clock=time.monotonic,
        )
        self.application: object = None
        """The outermost application, which vLLM's handlers look up in the scope."""
        self._probe: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self.readiness.observe(self._tokens())
            if self.readiness.wants_probe():
                self._probe = asyncio.create_task(self._prove())
                await asyncio.wait([self._probe], timeout=TICK_SECONDS)
            await asyncio.sleep(TICK_SECONDS)

    async def engine_is_alive(self) -> bool:
        """What vLLM's own health endpoint says: false only when the engine process is dead."""
        return await self._call("GET", "/health", b"") == 200

    async def _prove(self) -> None:
        request = {
            "model": self._model,
            "prompt": PROBE_PROMPT,
            "max_tokens": 1,
            "priority": PROBE_PRIORITY,
            "cache_salt": self._salt,
        }
        self.readiness.started()
        try:
            await self._call("POST", COMPLETIONS, json.dumps(request).encode())
        finally:
            self.readiness.ended()

    async def _call(self, method: str, path: str, content: bytes) -> int:
        """The status of a request made to the application below, in process."""
        status = 0
        messages = [{"type": "http.request", "body": content, "more_body": False}]
        never = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not messages:
                await never.wait()
            return messages.pop()

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])

        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 0), "state": {}, "app": self.application,
        }  # fmt: skip
        with contextlib.suppress(Exception):
            await self._app(scope, receive, send)
        return status
