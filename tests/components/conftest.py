"""A territory's authority, and a small TLS server that plays the engine."""

import contextlib
import http.server
import json
import shutil
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.gateway.kubernetes_parts import engine_host
from components.local import certificates, supervisor
from components.local.certificates import Pair
from components.local.layout import Layout, socket_root
from components.local.process import SupervisorProvider

ENGINE_NAME = "engine.local-north.meridian.internal"
MODEL = "llama"
"""The model that the engines serve, where their form knows it by name."""


HEALTH_CHECK = "Envoy/HC"


@dataclass
class FakeEngine:
    """Plays a replica: echoes nothing, remembers what reached it, and fails as it is told."""

    name: str
    port: int = 0
    status: int = 200
    """What it answers to requests; health checks are told `ready`."""
    ready: bool = True
    resets: bool = False
    """Whether it drops connections instead of answering."""
    retry_after: int | None = None
    seconds: float = 0
    """How long an answer takes."""
    events: int = 0
    """How many events it streams, with `seconds` before each; 0 answers at once and whole."""
    breaks_off: bool = False
    """Whether it drops the connection after its events instead of ending the stream."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """What reached it, without the gateway's own health checks."""

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        if headers.get("user-agent") == HEALTH_CHECK:
            self._say(handler, 200 if self.ready else 503)
            return
        self.requests.append({"path": handler.path, "headers": headers, "bytes": len(body)})
        if self.resets:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if self.events:
            self._stream(handler)
            return
        time.sleep(self.seconds)
        self._say(handler, self.status)

    def _stream(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for number in range(self.events):
            time.sleep(self.seconds)
            event = f"data: {number}\n\n".encode()
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            handler.wfile.flush()
        if self.breaks_off:
            handler.close_connection = True
            handler.connection.close()
            return
        handler.wfile.write(b"0\r\n\r\n")

    def _say(self, handler: http.server.BaseHTTPRequestHandler, status: int) -> None:
        content = json.dumps({"engine": self.name}).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(content)))
        if self.retry_after is not None:
            handler.send_header("retry-after", str(self.retry_after))
        handler.end_headers()
        handler.wfile.write(content)


@contextlib.contextmanager
def serving(engine: FakeEngine, authority: Pair, folder: Path, *, model: str = MODEL) -> Iterator[FakeEngine]:
    """Run a fake engine over TLS; its certificate has its region's name and its model's."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with contextlib.suppress(OSError):
                engine.answer(self)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 256

        def handle_error(self, request: object, client_address: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = (
        ssl.TLSVersion.TLSv1_3
    )  # as a real gateway demands; Envoy as a client stops at 1.2 unasked
    pair = certificates.make_certificate(authority, [ENGINE_NAME, engine_host(model)])
    context.load_cert_chain(*write_pair(folder, engine.name, pair))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    engine.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield engine
    server.shutdown()
    server.server_close()


def write_pair(folder: Path, name: str, pair: Pair) -> tuple[str, str]:
    """Write a pair as files; returns their paths."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    certificate.write_text(pair.certificate)
    key.write_text(pair.private_key)
    return str(certificate), str(key)


@pytest.fixture(scope="session")
def authority() -> Pair:
    return certificates.make_authority("test territory")


@pytest.fixture(params=["local", "kubernetes"])
def gateway_form(request: pytest.FixtureRequest) -> Any:
    """One behaviour, two gateways: a class that runs it, as this machine or as a cluster would."""
    from tests.components.gateway import FORMS

    return FORMS[request.param]


@pytest.fixture
def layout(tmp_path: Path) -> Iterator[Layout]:
    """A region whose supervisord runs; afterwards nothing of it is left, inside or outside the folder."""
    layout = Layout(tmp_path, "local-north")
    supervisor.start_supervisor(layout)
    yield layout
    SupervisorProvider().delete("", {"state": str(layout.state), "region": layout.region})
    assert supervisor.members(layout) == []
    shutil.rmtree(socket_root(tmp_path), ignore_errors=True)


@pytest.fixture
def engine(authority: Pair, tmp_path: Path) -> Iterator[FakeEngine]:
    with serving(FakeEngine("engine"), authority, tmp_path) as engine:
        yield engine
