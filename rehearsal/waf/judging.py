"""Asks the WAF about requests."""

import base64
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Request:
    """A request as a client sends it."""

    method: str
    target: str
    """Path and query."""
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


@dataclass(frozen=True)
class Verdict:
    """What the WAF did, and by which of its rules."""

    blocked: bool
    status: int
    """0 when it passed."""
    rules: tuple[int, ...]


def judge(command: Path, directives: str, requests: Sequence[Request]) -> tuple[Verdict, ...]:
    """Return a verdict for each request, in order. Raises RuntimeError with what the WAF said when it failed."""
    asked = "".join(json.dumps(_as_json(request)) + "\n" for request in requests)
    with tempfile.NamedTemporaryFile("w", suffix=".conf", encoding="utf-8") as file:
        file.write(directives)
        file.flush()
        done = subprocess.run(
            [str(command), file.name],
            input=asked,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    if done.returncode != 0:
        message = f"the WAF ended with {done.returncode}: {done.stderr.strip()[-1000:]}"
        raise RuntimeError(message)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return tuple(Verdict(each["blocked"], each["status"], tuple(each["rules"])) for each in answers)


def _as_json(request: Request) -> dict[str, object]:
    body = base64.b64encode(request.body).decode()
    return {"method": request.method, "target": request.target, "headers": request.headers, "body": body}
