"""A bounded load of streaming clients against one endpoint, each outcome noted as its client saw it."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import dnslib
import httpx

from drills.outcomes import OK, TOO_MANY, Ending, Outcome

READ_SECONDS = 60
REGION_HEADER = "x-meridian-region"


@dataclass(frozen=True)
class Target:
    """Where a tenant's clients send their requests."""

    territory: str
    endpoint: str
    """Base address, e.g. `https://127.0.0.1:8443`."""
    authority_file: str
    key: str = field(repr=False)
    model: str
    name_server: str | None
    """`ADDRESS:PORT` that resolves the endpoint's name, when the territory is steered by DNS."""


@dataclass(frozen=True)
class Shape:
    """What the clients send."""

    requests: int
    """At least so many; more while the drill still waits for something."""
    clients: int
    """Requests at the same time."""
    output_tokens: int
    most_requests: int
    """Never more than this."""


class Names:
    """A client's resolver: asks the territory's name server and keeps an answer for its time to live."""

    def __init__(self, name_server: str) -> None:
        address, _, port = name_server.rpartition(":")
        self._address, self._port = address, int(port)
        self._kept: tuple[float, str] = (0.0, "")

    async def address(self, name: str) -> str:
        """The address of a name now."""
        until, address = self._kept
        if time.monotonic() < until:
            return address
        question = dnslib.DNSRecord.question(name)
        raw = await asyncio.to_thread(question.send, self._address, self._port, timeout=2)
        (record, *_) = dnslib.DNSRecord.parse(raw).rr
        self._kept = (time.monotonic() + record.ttl, str(record.rdata))
        return self._kept[1]


class Load:
    """Clients that send one request after the other until enough were sent and nobody waits for more."""

    def __init__(self, target: Target, shape: Shape) -> None:
        self.target, self.shape = target, shape
        self.outcomes: list[Outcome] = []
        self.sent = 0
        self.in_flight = 0
        self.hold_open = True
        """While true, clients go on after the wanted number, up to the most."""
        self._began = time.monotonic()
        self._names = Names(target.name_server) if target.name_server else None
        self._url = httpx.URL(target.endpoint)

    @property
    def now(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self._began

    async def run(self) -> None:
        """Send everything; returns when every request has ended."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=self.shape.clients)
        trust = ssl.create_default_context(cafile=self.target.authority_file)
        timeout = httpx.Timeout(READ_SECONDS, connect=5)
        async with httpx.AsyncClient(verify=trust, trust_env=False, limits=limits, timeout=timeout) as client:
            await asyncio.gather(*(self._client(client, number) for number in range(self.shape.clients)))

    async def until(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Wait while the load goes on; whether the condition came true in time."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _wants_more(self) -> bool:
        if self.sent >= self.shape.most_requests:
            return False
        return self.hold_open or self.sent < self.shape.requests

    async def _client(self, client: httpx.AsyncClient, number: int) -> None:
        await asyncio.sleep(0.02 * number)
        while self._wants_more():
            self.sent += 1
            self.in_flight += 1
            try:
                outcome, pause = await self._request(client, self.sent)
            finally:
                self.in_flight -= 1
            self.outcomes.append(outcome)
            await asyncio.sleep(pause)

    async def _request(self, client: httpx.AsyncClient, number: int) -> tuple[Outcome, float]:
        stream = _Stream(sent=self.now)
        pause = 0.0
        try:
            request = self._post(client, await self._place(), number)
            answer = await client.send(request, stream=True)
            try:
                stream.status = answer.status_code
                stream.region = answer.headers.get(REGION_HEADER, "")
                pause = _pause(answer)
                async for line in answer.aiter_lines():
                    stream.take(line, self.now)
            finally:
                await answer.aclose()
        except (httpx.HTTPError, OSError, dnslib.DNSError, ValueError) as error:
            stream.broke = f"{type(error).__name__}: {error}"
            pause = 0.05
        return stream.outcome(self.now), pause

    async def _place(self) -> httpx.URL:
        path = self._url.copy_with(path="/v1/chat/completions")
        return path.copy_with(host=await self._names.address(self._url.host)) if self._names else path

    def _post(self, client: httpx.AsyncClient, place: httpx.URL, number: int) -> httpx.Request:
        headers = {"Authorization": f"Bearer {self.target.key}", "x-session-id": f"session-{number}"}
        extensions = {}
        if self._names:
            headers["Host"] = self._url.netloc.decode()
            extensions = {"sni_hostname": self._url.host}
        body = {
            "model": self.target.model,
            "messages": [{"role": "user", "content": f"Question {number} of a drill"}],
            "max_tokens": self.shape.output_tokens,
            "ignore_eos": True,
            "stream": True,
        }
        return client.build_request("POST", place, json=body, headers=headers, extensions=extensions)


@dataclass
class _Stream:
    """What one client has seen so far."""

    sent: float
    status: int = 0
    region: str = ""
    first: float | None = None
    tokens: int = 0
    is_done: bool = False
    told: str = ""
    broke: str = ""

    def take(self, line: str, now: float) -> None:
        if not line.startswith("data:"):
            self.told = self.told or (line[:300] if self.status != OK else "")
            return
        content = line.removeprefix("data:").strip()
        if content == "[DONE]":
            self.is_done = True
            return
        event = json.loads(content)
        if "error" in event:
            self.told = str(event["error"].get("code") or event["error"].get("message"))
        elif any(choice.get("delta", {}).get("content") for choice in event.get("choices", ())):
            self.first = now if self.first is None else self.first
            self.tokens += 1

    def outcome(self, now: float) -> Outcome:
        return Outcome(
            sent=self.sent,
            first=self.first,
            ended=now,
            status=self.status,
            ending=self._ending(),
            tokens=self.tokens,
            region=self.region,
            detail=self.broke or self.told,
        )

    def _ending(self) -> Ending:
        if self.status == TOO_MANY:
            return Ending.REFUSED
        if self.is_done and not self.told:
            return Ending.COMPLETE
        if self.first is None:
            return Ending.FAILED
        if self.told:
            return Ending.TOLD
        return Ending.CUT if self.broke else Ending.SILENT


def _pause(answer: httpx.Response) -> float:
    """A well-behaved client comes back when it was told to, a moment later otherwise."""
    if answer.status_code == OK:
        return 0.0
    wait = answer.headers.get("retry-after", "")
    return float(wait) if wait.isdigit() and answer.status_code == TOO_MANY else 0.1
