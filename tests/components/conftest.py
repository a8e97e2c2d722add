"""A territory's authority, and a small TLS server that plays the engine."""

import http.server
import json
import shutil
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from components.local import certificates, supervisor
from components.local.certificates import Pair
from components.local.layout import Layout, socket_root
from components.local.process import SupervisorProvider

ENGINE_NAME = "engine.local-north.meridian.internal"


@dataclass
class FakeEngine:
    """Echoes what reached it, so that a test sees what the gateway let through."""

    port: int
    status: int = 200
    requests: list[dict[str, Any]] = field(default_factory=list)


def write_pair(folder: Path, name: str, pair: Pair) -> tuple[str, str]:
    """Write a pair as files; returns their paths."""
    certificate, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    certificate.write_text(pair.certificate)
    key.write_text(pair.private_key)
    return str(certificate), str(key)


@pytest.fixture(scope="session")
def authority() -> Pair:
    return certificates.make_authority("test territory")


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
    seen = FakeEngine(port=0)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen.requests.append({"path": self.path, "headers": headers, "bytes": len(body)})
            answer = json.dumps({"ok": True}).encode()
            self.send_response(seen.status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = certificates.make_certificate(authority, [ENGINE_NAME])
    context.load_cert_chain(*write_pair(tmp_path, "engine", pair))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    seen.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()
