"""Refusals in the form that OpenAI clients read."""

import json
from dataclasses import dataclass, field

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Refusal(Exception):
    """A request that is answered here and never reaches the engine."""

    status: int
    code: str
    message: str
    """What is wrong, why, and what to send instead; never a part of the prompt."""
    param: str | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())

    def body(self) -> bytes:
        """The answer's body."""
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return json.dumps({"error": error}).encode()

    def response_headers(self) -> Headers:
        """The answer's headers."""
        own = [("content-type", "application/json"), ("content-length", str(len(self.body())))]
        return [(name.encode(), value.encode()) for name, value in [*own, *self.headers]]


def stream_error(message: str, code: str) -> bytes:
    """A server-sent event that ends a stream in which tokens were already sent."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    return b"data: " + json.dumps({"error": error}).encode() + b"\n\n"
