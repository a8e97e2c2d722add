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
from components.specs import RegionSpec, SteeringSpec, TerritorySpec

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
        if spec.steering.provider == "proxy":
            process = _proxy(owner, spec, inputs, layout, port, opts=supervised)
            self.endpoint = pulumi.Output.all(port, process.id).apply(lambda known: f"https://{LOOPBACK}:{known[0]}")
            self.name_server = None
        else:
            process = _name_server(owner, spec, inputs, layout, port, opts=supervised)
            first = inputs.regions[spec.regions[0].name]
            self.endpoint = pulumi.Output.format("https://{0}:{1}", spec.steering.name, first.entry_port)
            self.name_server = pulumi.Output.all(port, process.id).apply(lambda known: f"{LOOPBACK}:{known[0]}")
        self.register_outputs({"endpoint": self.endpoint})


def _proxy(
    owner: str,
    spec: TerritorySpec,
    inputs: SteeringInputs,
    layout: Layout,
    port: pulumi.Output[int],
    *,
    opts: pulumi.ResourceOptions,
) -> Process:
    folder = layout.process(owner)
    certificate = Certificate(
        owner,
        names=[LOOPBACK, "localhost", spec.steering.name],
        authority_certificate=inputs.names.authority_certificate,
        authority_private_key=inputs.names.authority_private_key,
        opts=pulumi.ResourceOptions(parent=opts.parent),
    )
    known = pulumi.Output.all(port=port, **{name: region.entry_port for name, region in inputs.regions.items()})
    return Process(
        owner,
        layout=layout,
        command=[envoy_program(), "-c", str(folder / "envoy.json"), *ENVOY_OPTIONS],
        environment={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        files={
            "envoy.json": known.apply(lambda values: _proxy_configuration(spec, values, layout, owner, inputs.names)),
            "certificate.pem": certificate.certificate,
            "key.pem": certificate.private_key,
            "authority.pem": inputs.names.authority_certificate,
        },
        address=LOOPBACK,
        ports=[port],
        ready=Ready(
            url=pulumi.Output.format("https://{0}:{1}{2}", LOOPBACK, port, READY_PATH),
            authority=inputs.names.authority_certificate,
            seconds=STARTUP_SECONDS,
        ),
        stop_seconds=STOP_SECONDS,
        revision=Path(envoy_program()).parent.name,
        opts=opts,
    )


def _proxy_configuration(
    spec: TerritorySpec, known: Mapping[str, Any], layout: Layout, owner: str, names: TerritoryNames
) -> str:
    folder = layout.process(owner)
    steering = Steering(
        territory=spec.name,
        entries=tuple(_entry(region, int(known[region.name]), rank, names) for rank, region in enumerate(spec.regions)),
        probe_interval_seconds=spec.steering.probe_interval_seconds,
        unhealthy_after=spec.steering.unhealthy_after,
        buffer_bytes=spec.steering.buffer_bytes,
        stream_idle_seconds=spec.steering.stream_idle_seconds,
    )
    return steering_bootstrap(
        steering,
        Listener(LOOPBACK, int(known["port"]), str(folder / "certificate.pem"), str(folder / "key.pem")),
        admin_socket=str(layout.sockets(owner) / "admin"),
        authority_file=str(folder / "authority.pem"),
    )


def _entry(region: RegionSpec, port: int, rank: int, names: TerritoryNames) -> Entry:
    _, name = entry_names(region, names)
    return Entry(region=region.name, address=region.address, port=port, server_name=name, priority=rank)


def _name_server(
    owner: str,
    spec: TerritorySpec,
    inputs: SteeringInputs,
    layout: Layout,
    port: pulumi.Output[int],
    *,
    opts: pulumi.ResourceOptions,
) -> Process:
    folder = layout.process(owner)
    known = pulumi.Output.all(port=port, **{name: region.entry_port for name, region in inputs.regions.items()})
    return Process(
        owner,
        layout=layout,
        command=[sys.executable, "-m", NAME_SERVER, "--settings", str(folder / "settings.json")],
        environment={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(inputs.machine.root)},
        files={
            "settings.json": known.apply(lambda values: _name_settings(spec, values, folder)),
            "authority.pem": inputs.names.authority_certificate,
        },
        address=LOOPBACK,
        ports=[port],
        ready=Ready(
            url=pulumi.Output.format("{0}{1}:{2}/{3}", NAME_SCHEME, LOOPBACK, port, spec.steering.name),
            authority=inputs.names.authority_certificate,
            seconds=STARTUP_SECONDS,
        ),
        stop_seconds=STOP_SECONDS,
        revision="",
        opts=opts,
    )


def _name_settings(spec: TerritorySpec, known: Mapping[str, Any], folder: Path) -> str:
    steering: SteeringSpec = spec.steering
    return json.dumps(
        {
            "name": steering.name,
            "address": LOOPBACK,
            "port": int(known["port"]),
            "ttl_seconds": steering.ttl_seconds,
            "probe_interval_seconds": steering.probe_interval_seconds,
            "unhealthy_after": steering.unhealthy_after,
            "authority_file": str(folder / "authority.pem"),
            "entries": [
                {"region": region.name, "address": region.address, "port": int(known[region.name])}
                for region in spec.regions
            ],
        },
        indent=1,
    )
