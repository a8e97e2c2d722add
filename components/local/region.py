"""A region made of processes on this machine."""

import pulumi

from components.local.gateway import GatewayParts, gateway
from components.local.keys import Certificate, RandomKey
from components.local.layout import Layout
from components.local.model import TINY, ModelFolder
from components.local.ports import PortLease
from components.local.process import Supervisor
from components.local.replica import ReplicaParts, replica, server_code
from components.region import Machine, Region, RegionInputs
from components.specs import ModelSpec, RegionSpec

FIRST_ENGINE_PORT = 18443
"""Preferred port of the first engine, below the ports that the kernel gives to clients."""


class LocalRegion(Region):
    """vLLM replicas behind one Envoy, supervised. It does not survive a restart of the machine by itself."""

    def __init__(
        self, name: str, spec: RegionSpec, inputs: RegionInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:local:Region", name, None, opts)
        layout = Layout(inputs.machine.state, spec.name)
        child = pulumi.ResourceOptions(parent=self)
        lease = PortLease(
            name,
            preferred={"entry": spec.preferred_port, **_engine_ports(spec)},
            fixed=spec.port_is_fixed,
            registry=inputs.machine.state / "ports.json",
            opts=child,
        )
        engine_name = f"engine.{spec.name}.meridian.internal"
        engine_certificate = self._certificate(f"{name}-engine", [engine_name, "127.0.0.1"], inputs)
        entry_certificate = self._certificate(f"{name}-entry", ["127.0.0.1", "localhost"], inputs)
        engine_key = RandomKey(f"{name}-engine-key", prefix="", opts=child).value
        salt_key = RandomKey(f"{name}-salt-key", prefix="", opts=child).value
        supervised = pulumi.ResourceOptions(parent=self, depends_on=Supervisor(name, layout=layout, opts=child))
        models = {
            one.model.name: _model(f"{name}-{one.model.name}", one.model, inputs.machine, child)
            for one in spec.replicas
        }
        ports = {one.name: _port(lease, one.name) for one in spec.replicas}
        replicas = [
            replica(
                one,
                spec,
                ReplicaParts(
                    layout=layout,
                    machine=inputs.machine,
                    model=models[one.model.name],
                    certificate=engine_certificate,
                    authority=inputs.names.authority_certificate,
                    port=ports[one.name],
                    engine_key=engine_key,
                    salt_key=salt_key,
                ),
                opts=supervised,
            )
            for one in spec.replicas
        ]
        entry = gateway(
            f"{name}-gateway",
            spec,
            GatewayParts(
                layout=layout,
                certificate=entry_certificate,
                authority=inputs.names.authority_certificate,
                port=_port(lease, "entry"),
                engine_key=engine_key,
                engine_name=engine_name,
                engine_ports=list(ports.values()),
                tenant_keys={tenant.name: inputs.tenant_keys[tenant.name] for tenant in spec.tenants},
            ),
            opts=pulumi.ResourceOptions.merge(supervised, pulumi.ResourceOptions(depends_on=replicas)),
        )
        self.endpoint = pulumi.Output.all(_port(lease, "entry"), entry.id).apply(
            lambda known: f"https://127.0.0.1:{known[0]}"
        )
        self.register_outputs({"endpoint": self.endpoint})

    def _certificate(self, name: str, names: list[str], inputs: RegionInputs) -> Certificate:
        return Certificate(
            name,
            names=names,
            authority_certificate=inputs.names.authority_certificate,
            authority_private_key=inputs.names.authority_private_key,
            opts=pulumi.ResourceOptions(parent=self),
        )


def _engine_ports(spec: RegionSpec) -> dict[str, int]:
    return {one.name: FIRST_ENGINE_PORT + index for index, one in enumerate(spec.replicas)}


def _port(lease: PortLease, purpose: str) -> pulumi.Output[int]:
    return lease.ports.apply(lambda ports: int(ports[purpose]))


def _model(name: str, spec: ModelSpec, machine: Machine, opts: pulumi.ResourceOptions) -> ModelFolder:
    source = spec.source if spec.source == TINY else str((machine.root / spec.source).resolve())
    return ModelFolder(
        name,
        source=source,
        made_in=machine.state / "models" / name,
        python=machine.serving_python,
        server_code=server_code(machine),
        opts=opts,
    )
