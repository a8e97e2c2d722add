"""The steering of a local territory: a proxy that fails over, or a name server that leaves out what is not ready."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.gateway.behaviour import READY_PATH, Listener
from components.gateway.steering_envoy import Entry, Steering, steering_bootstrap
from components.local.gateway import ENVOY_OPTIONS, STARTUP_SECONDS, STOP_SECONDS, envoy_program
from components.local.keys import Certificate
from components.local.layout import STEERING_SUFFIX, Layout
from components.local.ports import LOOPBACK, REGISTRY, PortLease
from components.local.process import NAME_SCHEME, Process, Ready, Supervisor
from components.local.region import entry_names
from components.region import Machine, Region, TerritoryNames
from components.specs import RegionSpec, TerritorySpec

NAME_SERVER = "components.local.nameserver"


@dataclass(frozen=True)
class SteeringInputs:
    """What steering is connected to; its own territory's entries and nothing else."""

    names: TerritoryNames
    regions: Mapping[str, Region]
    machine: Machine


class LocalSteering(pulumi.ComponentResource):
    """Sends clients to the first healthy region of one territory; it knows no entry of another one."""

    endpoint: pulumi.Output[str]
    """Base address that clients use."""
    name_server: pulumi.Output[str] | None
    """`ADDRESS:PORT` of the name server, where clients are steered by DNS."""

    def __init__(
        self, name: str, spec: TerritorySpec, inputs: SteeringInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:local:Steering", name, None, opts)
        owner = f"{name}{STEERING_SUFFIX}"
        layout = Layout(inputs.machine.state, owner)
        child = pulumi.ResourceOptions(parent=self)
        lease = PortLease(
            owner,
            preferred={"entry": spec.steering.preferred_port},
            fixed=spec.steering.port_is_fixed,
            registry=inputs.machine.state / REGISTRY,
            entry_address=LOOPBACK,
            opts=child,
        )
        port = lease.ports.apply(lambda ports: int(ports["entry"]))
        supervised = pulumi.ResourceOptions(parent=self, depends_on=Supervisor(owner, layout=layout, opts=child))
        parts = _Parts(owner=owner, spec=spec, inputs=inputs, layout=layout, port=port)
        if spec.steering.provider == "proxy":
            process = _proxy(parts, opts=supervised)
            self.endpoint = pulumi.Output.all(port, process.id).apply(lambda known: f"https://{LOOPBACK}:{known[0]}")
            self.name_server = None
        else:
            process = _name_server(parts, opts=supervised)
            first = inputs.regions[spec.regions[0].name]
            self.endpoint = pulumi.Output.format("https://{0}:{1}", spec.steering.name, first.entry_port)
            self.name_server = pulumi.Output.all(port, process.id).apply(lambda known: f"{LOOPBACK}:{known[0]}")
        self.register_outputs({"endpoint": self.endpoint})


@dataclass(frozen=True)
class _Parts:
    """What either form is made of."""

    owner: str
    spec: TerritorySpec
    inputs: SteeringInputs
    layout: Layout
    port: pulumi.Output[int]

    @property
    def folder(self) -> Path:
        return self.layout.process(self.owner)

    @property
    def known(self) -> pulumi.Output[dict[str, Any]]:
        """The port of steering itself, and of each region's entry by its name."""
        entries = {name: region.entry_port for name, region in self.inputs.regions.items()}
        return pulumi.Output.all(port=self.port, **entries)


def _proxy(parts: _Parts, *, opts: pulumi.ResourceOptions) -> Process:
    names = parts.inputs.names
    certificate = Certificate(
        parts.owner,
        names=[LOOPBACK, "localhost", names.steering_name],
        authority_certificate=names.authority_certificate,
        authority_private_key=names.authority_private_key,
        opts=pulumi.ResourceOptions(parent=opts.parent),
    )
    return Process(
        parts.owner,
        layout=parts.layout,
        command=[envoy_program(), "-c", str(parts.folder / "envoy.json"), *ENVOY_OPTIONS],
        environment={"PATH": "/usr/bin:/bin", "HOME": str(parts.folder)},
        files={
            "envoy.json": parts.known.apply(lambda known: _proxy_configuration(parts, known)),
            "certificate.pem": certificate.certificate,
            "key.pem": certificate.private_key,
            "authority.pem": names.authority_certificate,
        },
        address=LOOPBACK,
        ports=[parts.port],
        ready=Ready(
            url=pulumi.Output.format("https://{0}:{1}{2}", LOOPBACK, parts.port, READY_PATH),
            authority=names.authority_certificate,
            seconds=STARTUP_SECONDS,
        ),
        stop_seconds=STOP_SECONDS,
        revision=Path(envoy_program()).parent.name,
        opts=opts,
    )


def _proxy_configuration(parts: _Parts, known: Mapping[str, Any]) -> str:
    wanted, folder = parts.spec.steering, parts.folder
    steering = Steering(
        territory=parts.spec.name,
        entries=tuple(
            _entry(region, int(known[region.name]), rank, parts.inputs.names)
            for rank, region in enumerate(parts.spec.regions)
        ),
        probe_interval_seconds=wanted.probe_interval_seconds,
        unhealthy_after=wanted.unhealthy_after,
        buffer_bytes=wanted.buffer_bytes,
        stream_idle_seconds=wanted.stream_idle_seconds,
    )
    return steering_bootstrap(
        steering,
        Listener(LOOPBACK, int(known["port"]), str(folder / "certificate.pem"), str(folder / "key.pem")),
        admin_socket=str(parts.layout.sockets(parts.owner) / "admin"),
        authority_file=str(folder / "authority.pem"),
    )


def _entry(region: RegionSpec, port: int, rank: int, names: TerritoryNames) -> Entry:
    _, name = entry_names(region, names)
    return Entry(region=region.name, address=region.address, port=port, server_name=name, priority=rank)


def _name_server(parts: _Parts, *, opts: pulumi.ResourceOptions) -> Process:
    authority = parts.inputs.names.authority_certificate
    root = str(parts.inputs.machine.root)
    return Process(
        parts.owner,
        layout=parts.layout,
        command=[sys.executable, "-m", NAME_SERVER, "--settings", str(parts.folder / "settings.json")],
        environment={"PATH": "/usr/bin:/bin", "HOME": str(parts.folder), "PYTHONPATH": root},
        files={
            "settings.json": parts.known.apply(lambda known: _name_settings(parts, known)),
            "authority.pem": authority,
        },
        address=LOOPBACK,
        ports=[parts.port],
        ready=Ready(
            url=pulumi.Output.format("{0}{1}:{2}/{3}", NAME_SCHEME, LOOPBACK, parts.port, parts.spec.steering.name),
            authority=authority,
            seconds=STARTUP_SECONDS,
        ),
        stop_seconds=STOP_SECONDS,
        revision="",
        opts=opts,
    )


def _name_settings(parts: _Parts, known: Mapping[str, Any]) -> str:
    wanted = parts.spec.steering
    return json.dumps(
        {
            "name": wanted.name,
            "address": LOOPBACK,
            "port": int(known["port"]),
            "ttl_seconds": wanted.ttl_seconds,
            "probe_interval_seconds": wanted.probe_interval_seconds,
            "unhealthy_after": wanted.unhealthy_after,
            "authority_file": str(parts.folder / "authority.pem"),
            "entries": [
                {"region": region.name, "address": region.address, "port": int(known[region.name])}
                for region in parts.spec.regions
            ],
        },
        indent=1,
    )
