"""The gateway of a region as a component: its Kubernetes objects, applied in the order they need each other."""

from dataclasses import dataclass

import pulumi

from components.gateway.kubernetes import gateway_objects
from components.serving.objects import register_all
from components.serving_specs import ServingSpec


@dataclass(frozen=True)
class GatewayInputs:
    """What is known only once a region's ground stands."""

    registry: pulumi.Input[str]
    """Prefix of every image, inside the territory."""


class GatewayObjects(pulumi.ComponentResource):
    """Registers a region's gateway with a cluster.

    Not in it: Envoy Gateway itself with its CRDs, which comes first and has `extensionApis.enableEnvoyPatchPolicy`; the
    namespaces; and every Secret, for keys never pass through Pulumi.
    """

    def __init__(
        self, name: str, spec: ServingSpec, inputs: GatewayInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:gateway:GatewayObjects", name, None, opts)
        image = pulumi.Output.concat(inputs.registry, f"/{spec.gateway.image.repository}@{spec.gateway.image.digest}")
        manifests = gateway_objects(spec, image)
        here = pulumi.ResourceOptions(parent=self)
        first = register_all(name, [each for each in manifests if each["kind"] == "PriorityClass"], here)
        after = pulumi.ResourceOptions.merge(here, pulumi.ResourceOptions(depends_on=first))
        register_all(name, [each for each in manifests if each["kind"] != "PriorityClass"], after)
        self.register_outputs({})
