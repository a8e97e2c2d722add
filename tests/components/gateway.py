"""A real Envoy with our configuration, in front of fake engines."""

import ssl
import subprocess
import time
from pathlib import Path

import httpx

from components.gateway import envoy
from components.gateway.behaviour import Behaviour, Listener, Tenant, Upstream
from components.local import certificates, ports
from components.local.certificates import Pair
from components.local.gateway import envoy_program
from tests.components.conftest import ENGINE_NAME, FakeEngine, write_pair

KEYS = {"acme": "mk-acme-0123456789abcdef", "beta": "mk-beta-0123456789abcdef"}
ENGINE_KEY = "engine-key-0123456789abcdef"
BUFFER = 1 << 20


class Gateway:
    """A running Envoy and a client that trusts it."""

    def __init__(self, folder: Path, authority: Pair, *engines: FakeEngine, engine_name: str = ENGINE_NAME) -> None:
        port = ports.choose({"entry": 21443}, fixed=False, registry=folder / "ports.json", owner="test")["entry"]
        certificate, key = write_pair(
            folder, "entry", certificates.make_certificate(authority, ["127.0.0.1", "localhost"])
        )
        self.authority_file = folder / "authority.pem"
        self.authority_file.write_text(authority.certificate)
        behaviour = Behaviour(
            region="local-north",
            tenants=tuple(tenant(name, key) for name, key in KEYS.items()),
            engine_key=ENGINE_KEY,
            upstreams=tuple(Upstream("127.0.0.1", engine.port, engine_name) for engine in engines),
            buffer_bytes=BUFFER,
            stream_idle_seconds=300,
        )
        self.config = folder / "envoy.json"
        self.config.write_text(
            envoy.bootstrap(
                behaviour,
                Listener("127.0.0.1", port, certificate, key),
                admin_socket=str(folder / "a"),
                authority_file=str(self.authority_file),
            )
        )
        self.log = folder / "envoy.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [envoy_program(), "-c", str(self.config), "--disable-hot-restart", "--concurrency", "1"],
                stdout=log,
                stderr=log,
            )
        context = ssl.create_default_context(cafile=str(self.authority_file))
        self.client = httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=context, timeout=10)
        self._wait(port)

    def _wait(self, port: int) -> None:
        deadline = time.monotonic() + 20
        while ports.is_free(port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        assert "script log" not in self.log.read_text(), "the Lua script failed, which Envoy passes over in silence"


def bearer(tenant: str = "acme") -> dict[str, str]:
    return {"Authorization": f"Bearer {KEYS[tenant]}"}


def tenant(name: str, key: str) -> Tenant:
    return Tenant(
        name=name,
        key=key,
        requests_per_minute=100_000,
        concurrent_requests=1_000,
        tokens_per_minute_per_replica=None,
        suspended=False,
        lanes=("chat",),
    )
