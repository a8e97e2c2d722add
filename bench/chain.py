"""The chain that a request passes, each longer than the one before: bare engine, middleware, TLS, gateway, steering."""

import contextlib
import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from meridian_server import child, flags
from meridian_server.settings import Settings

from bench.client import Place
from components.gateway import envoy
from components.gateway.behaviour import READY_PATH, Behaviour, Upstream
from components.gateway.steering_envoy import Entry, Steering, steering_bootstrap
from components.local import certificates
from components.local.certificates import Pair
from tests.components.conftest import ENGINE_NAME, write_pair
from tests.components.gateway import BUFFER, REGION, RunningEnvoy, bearer, tenant
from tests.serving_image import helpers, real

TENANT = "acme"
IDLE_SECONDS = 300
BARE = "bare"
SERVERS = (BARE, "middleware", "middleware-tls")


@dataclass(frozen=True)
class Variant(Place):
    """A place with a name."""

    name: str = ""


@contextlib.contextmanager
def chain(folder: Path) -> Iterator[list[Variant]]:
    """All variants, ready; stopped in the end. Three engines: bare, with the middleware, with middleware and TLS."""
    python = real.serving_python()
    model = folder / "model"
    subprocess.run(
        [python, "-m", "meridian_server.tiny_model", str(model)], env=real.environment(), check=True, timeout=60
    )
    authority = certificates.make_authority("Bench")
    trusted = folder / "authority.pem"
    trusted.write_text(authority.certificate)
    proved = {name.decode(): value.decode() for name, value in helpers.proved(TENANT)}
    with contextlib.ExitStack() as stack:
        settings = {name: _settings(folder / name, model) for name in SERVERS}
        _speak_tls(folder / "middleware-tls", settings["middleware-tls"], authority)
        started = {
            name: stack.enter_context(_engine(python, folder / name, raw, bare=name == BARE))
            for name, raw in settings.items()
        }
        for name, server in started.items():
            _wait(server, "/health" if name == BARE else READY_PATH, trusted)
        gateway = stack.enter_context(
            _gateway(folder / "gateway", authority, settings["middleware-tls"]["listen"]["port"])
        )
        steering = stack.enter_context(_steering(folder / "steering", authority, gateway.port))
        url = {name: server.url for name, server in started.items()}
        yield [
            Variant(url[BARE], None, {}, "bare"),
            Variant(url[BARE], None, {}, "bare, again"),
            Variant(url["middleware"], None, proved, "middleware"),
            Variant(url["middleware-tls"], str(trusted), proved, "middleware, TLS"),
            Variant(f"https://127.0.0.1:{gateway.port}", str(trusted), bearer(TENANT), "gateway"),
            Variant(f"https://127.0.0.1:{steering.port}", str(trusted), bearer(TENANT), "steering"),
        ]


def _settings(folder: Path, model: Path) -> dict[str, Any]:
    folder.mkdir()
    raw = helpers.raw_settings(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        raw["listen"]["port"] = probe.getsockname()[1]
    raw["model"]["path"] = str(model)
    return raw


def _speak_tls(folder: Path, raw: dict[str, Any], authority: Pair) -> None:
    pair = certificates.make_certificate(authority, [ENGINE_NAME, "127.0.0.1"])
    raw["listen"]["certificate_file"], raw["listen"]["key_file"] = write_pair(folder, "server", pair)


@contextlib.contextmanager
def _engine(python: str, folder: Path, raw: dict[str, Any], *, bare: bool) -> Iterator[real.Server]:
    """The server; or the engine with the server's own arguments and environment, but without its middleware."""
    file = folder / "settings.json"
    file.write_text(json.dumps(raw))
    words, variables = ["-m", "meridian_server", "--settings", str(file)], real.environment()
    if bare:
        settings = Settings.model_validate(raw)
        arguments = flags.arguments(settings, known=flags.known_flags(settings.build))
        at = arguments.index("--middleware")
        words = [*child.command([*arguments[:at], *arguments[at + 2 :]])[1:]]
        variables = child.environment(settings, str(file), variables)
        (settings.work_folder / "tmp").mkdir(parents=True)
        settings.run_folder.mkdir(parents=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([python, *words], env=variables, cwd=folder, stdout=log, stderr=log)
    scheme = "https" if raw["listen"]["certificate_file"] else "http"
    server = real.Server(process, folder, f"{scheme}://127.0.0.1:{raw['listen']['port']}")
    try:
        yield server
    finally:
        real.end(server)


def _wait(server: real.Server, path: str, trusted: Path) -> None:
    trust = ssl.create_default_context(cafile=str(trusted))

    def answered() -> bool:
        if server.process.poll() is not None:
            message = f"the engine ended: {server.log()[-3000:]}"
            raise RuntimeError(message)
        return httpx.get(f"{server.url}{path}", verify=trust, trust_env=False, timeout=5).status_code == httpx.codes.OK

    real.eventually(answered, real.START_SECONDS)


def _gateway(folder: Path, authority: Pair, engine_port: int) -> contextlib.AbstractContextManager[RunningEnvoy]:
    behaviour = Behaviour(
        region=REGION,
        tenants=(tenant(TENANT),),
        engine_key=helpers.ENGINE_KEY,
        upstreams=(Upstream("127.0.0.1", engine_port, ENGINE_NAME),),
        buffer_bytes=BUFFER,
        stream_idle_seconds=IDLE_SECONDS,
    )
    return _envoy(folder, authority, partial(envoy.bootstrap, behaviour))


def _steering(folder: Path, authority: Pair, entry_port: int) -> contextlib.AbstractContextManager[RunningEnvoy]:
    steering = Steering(
        territory="bench",
        entries=(Entry(REGION, "127.0.0.1", entry_port, "localhost", 0),),
        probe_interval_seconds=1,
        unhealthy_after=2,
        buffer_bytes=BUFFER,
        stream_idle_seconds=IDLE_SECONDS,
    )
    return _envoy(folder, authority, partial(steering_bootstrap, steering))


@contextlib.contextmanager
def _envoy(folder: Path, authority: Pair, render: Callable[..., str]) -> Iterator[RunningEnvoy]:
    folder.mkdir()
    running = RunningEnvoy(folder, authority, render)
    try:
        real.eventually(lambda: running.client.get(READY_PATH).status_code == httpx.codes.OK, 30)
        yield running
    finally:
        running.stop()
