"""How the parent process tells the middleware what to do: lines on a Unix socket.

The middleware, inside the engine's API process, listens; the parent asks. Each line is a word and
is answered by one line of JSON, the state after it.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ANSWER_SECONDS = 5


@dataclass
class Gate:
    """Whether requests are let in."""

    draining: bool = False
    """Not ready, but requests are still taken."""
    refusing: bool = False
    """New requests get 503 so that the gateway tries another replica."""
    in_flight: int = 0
    cutting: bool = False
    """What still runs is ended with an error."""

    def obey(self, word: str) -> None:
        """Carry out a word of the parent; unknown ones change nothing."""
        self.draining = self.draining or word in ("drain", "refuse", "cut")
        self.refusing = self.refusing or word in ("refuse", "cut")
        self.cutting = self.cutting or word == "cut"


async def listen(
    socket: Path, gate: Gate, on_cut: Callable[[], Awaitable[None]] | None = None
) -> asyncio.AbstractServer:
    """Serve the control socket, readable and writable by its owner only; `on_cut` ends what runs."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            gate.obey(line.decode(errors="replace").strip())
            if gate.cutting and on_cut:
                await on_cut()
            writer.write(json.dumps(asdict(gate)).encode() + b"\n")
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        writer.close()

    socket.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(handle, path=socket)
    socket.chmod(0o600)
    return server


async def ask(socket: Path, word: str) -> Gate | None:
    """Say a word and return the state after it; None when nobody listens."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(word.encode() + b"\n")
            answer = await reader.readline()
            writer.close()
            return Gate(**json.loads(answer))
    except (OSError, TimeoutError, ValueError, TypeError):
        return None
