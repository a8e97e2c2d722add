"""A client that streams short answers over one kept connection and notes when their parts came."""

import http.client
import json
import ssl
import time
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

CHAT = "/v1/chat/completions"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Place:
    """Where a client sends its requests, and by what it is known there."""

    url: str
    authority_file: str | None
    """None speaks plain HTTP."""
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Sample:
    """One stream, in milliseconds from just before the request was sent."""

    first_ms: float
    """Until the first text."""
    total_ms: float
    """Until the end of the body."""


class Client:
    """The standard library's client: it does little, so that what it costs hides little."""

    def __init__(self, place: Place, tokens: int) -> None:
        where = urlsplit(place.url)
        host, port = where.hostname or "", where.port
        self._connection = (
            http.client.HTTPSConnection(
                host,
                port,
                context=ssl.create_default_context(cafile=place.authority_file),
                timeout=PATIENCE_SECONDS,
            )
            if place.authority_file
            else http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
        )
        self._headers = place.headers | {"content-type": "application/json"}
        self._tokens = tokens
        self._connected = 0

    def __enter__(self) -> Self:
        self._connection.connect()
        self._socket = self._connection.sock
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, prompt: str) -> Sample:
        """One stream; raises when it was refused, cut or shorter than asked, or when the connection was not kept."""
        body = json.dumps(
            {
                "model": "tiny-llama",
                "messages": [{"role": "user", "content": prompt}],
                "max_tokens": self._tokens,
                "ignore_eos": True,
                "temperature": 0,
                "stream": True,
            }
        ).encode()
        began = time.perf_counter()
        self._connection.request("POST", CHAT, body=body, headers=self._headers)
        answer = self._connection.getresponse()
        lines = []
        while line := answer.readline():
            lines.append((time.perf_counter() - began, line))
        ended = time.perf_counter() - began
        return Sample(self._first(answer.status, lines) * 1000, ended * 1000)

    def _first(self, status: int, lines: list[tuple[float, bytes]]) -> float:
        events = [(at, line[5:].strip()) for at, line in lines if line.startswith(b"data:")]
        parts = [(at, json.loads(event)) for at, event in events if event != b"[DONE]"]
        choices = [(at, choice) for at, part in parts for choice in part.get("choices", ())]
        whole = bool(choices) and choices[-1][1]["finish_reason"] == "length" and events[-1][1] == b"[DONE]"
        if not whole or self._connection.sock is not self._socket:
            text = b"".join(line for _, line in lines)[:500].decode(errors="replace")
            message = f"not a whole stream over a kept connection: {status} {text}"
            raise RuntimeError(message)
        return next(at for at, choice in choices if choice["delta"].get("content"))
