"""A region made of processes on this machine."""

import pulumi

from components.local.gateway import GatewayParts, gateway
from components.local.keys import Certificate, RandomKey
from components.local.layout import Layout, gateway_process
from components.local.model import TINY, ModelFolder
from components.local.ports import LOOPBACK, REGISTRY, PortLease
from components.local.process import Process, Supervisor
from components.local.replica import ReplicaParts, replica, server_code
from components.region import Machine, Region, RegionInputs, TerritoryNames
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
            registry=inputs.machine.state / REGISTRY,
            entry_address=spec.address,
            opts=child,
        )
        engine_name = f"engine.{spec.name}.meridian.internal"
        engine_certificate = self._certificate(f"{name}-engine", [engine_name, "127.0.0.1"], inputs)
        names = dict.fromkeys([spec.address, LOOPBACK, "localhost", *entry_names(spec, inputs.names)])
        entry_certificate = self._certificate(f"{name}-entry", list(names), inputs)
        engine_key = RandomKey(f"{name}-engine-key", prefix="", opts=child).value
        salt_key = RandomKey(f"{name}-salt-key", prefix="", opts=child).value
        supervised = pulumi.ResourceOptions(parent=self, depends_on=Supervisor(name, layout=layout, opts=child))
        served = {one.model.name: one.model for one in spec.replicas}
        models = {key: _model(f"{name}-{key}", model, inputs.machine, child) for key, model in served.items()}
        ports = {one.name: _port(lease, one.name) for one in spec.replicas}
        replicas: list[Process] = []
        for one in spec.replicas:
            parts = ReplicaParts(
                layout=layout,
                machine=inputs.machine,
                model=models[one.model.name],
                certificate=engine_certificate,
                authority=inputs.names.authority_certificate,
                port=ports[one.name],
                engine_key=engine_key,
                salt_key=salt_key,
            )
            # Each waits for the one before it: a change takes one replica after the other, never two at once.
            after = pulumi.ResourceOptions.merge(supervised, pulumi.ResourceOptions(depends_on=replicas[-1:]))
            replicas.append(replica(one, spec, parts, opts=after))
        entry = gateway(
            gateway_process(name),
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
        self.entry_port = pulumi.Output.all(_port(lease, "entry"), entry.id).apply(lambda known: int(known[0]))
        self.endpoint = pulumi.Output.format("https://{0}:{1}", spec.address, self.entry_port)
        self.register_outputs({"endpoint": self.endpoint})

    def _certificate(self, name: str, names: list[str], inputs: RegionInputs) -> Certificate:
        return Certificate(
            name,
            names=names,
            authority_certificate=inputs.names.authority_certificate,
            authority_private_key=inputs.names.authority_private_key,
            opts=pulumi.ResourceOptions(parent=self),
        )


def entry_names(spec: RegionSpec, names: TerritoryNames) -> tuple[str, str]:
    """The DNS names of a region's entry: its territory's, and one of its own that steering trusts it by."""
    return names.steering_name, f"{spec.name}.{names.steering_name}"


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
