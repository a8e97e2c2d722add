"""A real Envoy with our configuration, in front of fake engines: one behaviour, two forms of the gateway."""

import dataclasses
import ssl
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import httpx

from components.gateway import envoy
from components.gateway.behaviour import Behaviour, Listener, Tenant, Upstream
from components.local import certificates, ports
from components.local.certificates import Pair
from components.local.gateway import envoy_program
from rehearsal.gateway import envoy as release_envoy
from tests.components.conftest import ENGINE_NAME, MODEL, FakeEngine, write_pair
from tests.components.gateway_cluster import ROOT, Cluster, Keeper, Kubelet, serving_spec

KEYS = {"acme": "mk-acme-0123456789abcdef", "beta": "mk-beta-0123456789abcdef"}
ENGINE_KEY = "engine-key-0123456789abcdef"
REGION = "local-north"
BUFFER = 1 << 20


class RunningEnvoy:
    """A running Envoy and a client that trusts it. `render` takes a listener, `admin_socket` and `authority_file`."""

    def __init__(self, folder: Path, authority: Pair, render: Callable[..., str]) -> None:
        self.port = ports.choose({"entry": 21443}, fixed=False, registry=folder / "ports.json", owner="test")["entry"]
        certificate, key = write_pair(
            folder, "entry", certificates.make_certificate(authority, ["127.0.0.1", "localhost"])
        )
        self.authority_file = folder / "authority.pem"
        self.authority_file.write_text(authority.certificate)
        self.config = folder / "envoy.json"
        self.entry = (certificate, key)
        listener = Listener("127.0.0.1", self.port, certificate, key)
        self.config.write_text(
            render(listener, admin_socket=str(folder / "a"), authority_file=str(self.authority_file))
        )
        self.log = folder / "envoy.log"
        with self.log.open("a") as log:  # as its access log opens it once more
            self.process = subprocess.Popen(
                [self.program(), "-c", str(self.config), "--disable-hot-restart", "--concurrency", "1"],
                stdout=log,
                stderr=log,
            )
        context = ssl.create_default_context(cafile=str(self.authority_file))
        self.client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            verify=context,
            timeout=10,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=200),
        )
        self._wait()

    def program(self) -> str:
        return envoy_program()

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while ports.is_free(self.port):
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.05)

    def stop(self) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        assert "script log" not in self.log.read_text(), "the Lua script failed, which Envoy passes over in silence"


class Gateway(RunningEnvoy):
    """A region's gateway as one Envoy of this machine."""

    def __init__(
        self,
        folder: Path,
        authority: Pair,
        *engines: FakeEngine,
        engine_name: str = ENGINE_NAME,
        tenants: Iterable[Tenant] = (),
        stream_idle_seconds: int = 300,
    ) -> None:
        behaviour = Behaviour(
            region=REGION,
            tenants=(*(tenant(name) for name in KEYS), *tenants),
            engine_key=ENGINE_KEY,
            upstreams=tuple(Upstream("127.0.0.1", engine.port, engine_name) for engine in engines),
            buffer_bytes=BUFFER,
            stream_idle_seconds=stream_idle_seconds,
        )
        super().__init__(folder, authority, lambda listener, **files: envoy.bootstrap(behaviour, listener, **files))


class ClusterGateway(RunningEnvoy):
    """The same from Kubernetes objects, on the Envoy that Envoy Gateway brings."""

    def __init__(
        self,
        folder: Path,
        authority: Pair,
        *engines: FakeEngine,
        engine_name: str = ENGINE_NAME,
        tenants: Iterable[Tenant] = (),
        stream_idle_seconds: int = 300,
        models: Mapping[str, tuple[FakeEngine, ...]] | None = None,
        kept: Keeper = list,
    ) -> None:
        known = (*(tenant(name) for name in KEYS), *tenants)
        served = models or {MODEL if engine_name == ENGINE_NAME else "another": engines}
        spec = serving_spec(
            REGION, known, models=tuple(served), buffer_bytes=BUFFER, stream_idle_seconds=stream_idle_seconds
        )
        cluster = Cluster(spec, known, ENGINE_KEY, served, kept=kept)
        self._watch: Kubelet | None = None

        def render(listener: Listener, **_: str) -> str:
            self._watch = Kubelet(cluster, authority, self.entry, listener, folder)
            return self._watch.place.bootstrap.read_text()

        super().__init__(folder, authority, render)

    def program(self) -> str:
        return str(release_envoy.ensure(ROOT, progress=print))

    def stop(self) -> None:
        if self._watch is not None:
            self._watch.stop()
        super().stop()


FORMS: dict[str, type[Gateway] | type[ClusterGateway]] = {"local": Gateway, "kubernetes": ClusterGateway}


def bearer(tenant: str = "acme") -> dict[str, str]:
    return {"Authorization": f"Bearer {key_of(tenant)}"}


def key_of(tenant: str) -> str:
    return KEYS.get(tenant, f"mk-{tenant}-0123456789abcdef")


def tenant(name: str, **differing: object) -> Tenant:
    """A tenant without limits that matter, but for what differs."""
    free = Tenant(
        name=name,
        key=key_of(name),
        requests_per_minute=100_000,
        concurrent_requests=1_000,
        tokens_per_minute_per_replica=None,
        suspended=False,
        lanes=("chat",),
    )
    return dataclasses.replace(free, **differing)  # type: ignore[arg-type]
