"""One line of JSON per request: who, what, how much, how long; never what was said."""

import hashlib
import hmac
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """What is kept of one request."""

    time: str
    """Start, UTC, ISO 8601."""
    request_id: str
    tenant: str
    territory: str
    region: str
    replica: str
    lane: str
    model: str
    path: str
    status: int
    """What the client was told; 0 when it left before anything was."""
    outcome: str
    """`complete`, `incomplete` (lost or left by the client) or `refused`."""
    prompt_tokens: int | None
    output_tokens: int | None
    """None when the engine did not say, as after a disconnect."""
    seconds_to_first_token: float | None
    seconds: float
    content_hash: str
    """Keyed hash of the prompt, to recognise it without keeping it; empty when there was none."""


class Trail:
    """The file of records, readable and writable by its owner only."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._key = key
        self._descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def hashed(self, content: bytes) -> str:
        """The keyed hash of a prompt."""
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()

    def write(self, record: Record) -> None:
        """Append a record, whole: one write, so that lines of two processes never mix."""
        os.write(self._descriptor, json.dumps(asdict(record)).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
