"""Builds the serving layer of a region for the rules to judge."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components.cluster import Cluster, Traits
from components.serving.wiring import Opening, Wiring
from components.serving_specs import ServingSpec
from tests.components.contract.recorder import Registered, World, record

REGISTRY = "123456789012.dkr.ecr.eu-north-1.amazonaws.com/meridian/prod"
BUCKET = "s3://meridian-prod-aws-eu-north-1-weights"
S3, AGENT = "3.5.0.0/16", "169.254.170.23/32"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")

WIRING = Wiring(
    secret_store={"aws": {"service": "SecretsManager", "region": "eu-north-1"}},
    secret_separator="/",
    identity_annotation=None,
    identity_labels=(),
    identity=(Opening(AGENT, 80, ()),),
    bucket=(Opening(S3, 443, ()),),
    loader=(Opening("0.0.0.0/0", 443, PRIVATE),),
    rdma_resource="vpc.amazonaws.com/efa",
)


@dataclass(frozen=True)
class Served:
    """What a rule looks at: what was asked for and every object that was registered."""

    spec: ServingSpec
    wiring: Wiring
    world: World

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        """Every object, as the API would be sent it."""
        return tuple(_object(each) for each in self.world.resources)

    def of(self, *kinds: str) -> tuple[dict[str, Any], ...]:
        """Objects of some kinds."""
        return tuple(each for each in self.objects if each["kind"] in kinds)


def _object(each: Registered) -> dict[str, Any]:
    return {**each.inputs, "_ignored": each.ignored, "_name": each.name}


def served(
    spec: ServingSpec, wiring: Wiring = WIRING, charts: tuple[Any, ...] = (), *, gateway: bool = False
) -> Served:
    """One region's serving layer, recorded; with `gateway` its objects as well."""

    def program() -> None:
        from components.serving.inputs import ServingInputs
        from components.serving.region import Serving

        known = pulumi.Output.from_input
        identities = {f"engine-{model.name}": known(f"engine-{model.name}-id") for model in spec.models}
        cluster = Cluster(
            name=known("meridian"),
            endpoint=known("https://10.20.0.10"),
            authority=known("UEVN"),
            registry=known(REGISTRY),
            weights=known(BUCKET),
            identities={**identities, "weights": known("weights-id")},
            traits=Traits(private=True, backend_identity="encrypted-only", encrypted_with="own-key"),
        )
        Serving(spec.name, spec, ServingInputs(cluster, known("{}"), wiring, charts, _gateway if gateway else None))

    return Served(spec, wiring, record(program, lambda kind, name, inputs: {}))


def _gateway(name: str, spec: ServingSpec, inputs: Any, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    from components.gateway_objects import GatewayInputs, GatewayObjects

    return GatewayObjects(name, spec, GatewayInputs(inputs.cluster.registry), opts)
