"""What a drill's client makes of what it sees, against small servers that answer well and badly."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from components.local import certificates
from components.local.certificates import Pair
from drills.load import Load, Shape, Target
from drills.outcomes import Ending, Outcome
from tests.components.conftest import authority, write_pair

__all__ = ["authority"]

TOKEN = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nx-meridian-region: here\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


END = b"0\r\n\r\n"
BUSY = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 0\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
ERROR = b"data: " + json.dumps({"error": {"code": "replica_stopped"}}).encode() + b"\n\n"


@contextlib.asynccontextmanager
async def answering(content: bytes, authority: Pair, folder: Path) -> AsyncIterator[Target]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            writer.write(content)
            await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_pair(folder, "server", certificates.make_certificate(authority, ["127.0.0.1"])))
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    trusted = folder / "authority.pem"
    trusted.write_text(authority.certificate)
    port = server.sockets[0].getsockname()[1]
    yield Target("eu", f"https://127.0.0.1:{port}", str(trusted), "mk-key", "tiny", None)
    server.close()


def outcomes(content: bytes, authority: Pair, folder: Path) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with answering(content, authority, folder) as target:
            load = Load(target, Shape(requests=3, clients=2, output_tokens=4, most_requests=3))
            await load.run()
            return load.outcomes

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (HEAD + chunk(TOKEN) + chunk(DONE) + END, Ending.COMPLETE),
        (HEAD + chunk(TOKEN) + chunk(ERROR) + END, Ending.TOLD),
        (HEAD + chunk(TOKEN) + chunk(ERROR) + chunk(DONE) + END, Ending.TOLD),
        (HEAD + chunk(TOKEN), Ending.CUT),
        (HEAD + chunk(TOKEN) + END, Ending.SILENT),
        (HEAD + chunk(ERROR) + END, Ending.FAILED),
        (b"", Ending.FAILED),
        (BUSY, Ending.REFUSED),
        (b"HTTP/1.1 503 Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Ending.FAILED),
    ],
)
def test_every_way_to_end_is_told_apart(content: bytes, ending: Ending, authority: Pair, tmp_path: Path) -> None:
    found = outcomes(content, authority, tmp_path)
    assert [one.ending for one in found] == [ending] * 3, found


def test_a_load_never_sends_more_than_its_most_even_when_held_open(authority: Pair, tmp_path: Path) -> None:
    assert len(outcomes(HEAD + chunk(TOKEN) + chunk(DONE) + END, authority, tmp_path)) == 3
