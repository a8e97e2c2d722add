"""The gateway of a region as a component: its Kubernetes objects, applied in the order they need each other."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.gateway.kubernetes import gateway_objects
from components.gateway.kubernetes_parts import Json
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
        first: list[pulumi.Resource] = []
        for made in gateway_objects(spec, image):
            here = pulumi.ResourceOptions(parent=self, depends_on=list(first))
            resource = _registered(f"{name}-{_slug(made)}", made, here)
            if made["kind"] == "PriorityClass":
                first.append(resource)
        self.register_outputs({})


def _slug(made: Json) -> str:
    return f"{made['kind'].lower()}-{made['metadata'].get('namespace', 'cluster')}-{made['metadata']['name']}"


def _registered(name: str, made: Json, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    metadata: dict[str, Any] = made["metadata"]
    resource: pulumi.Resource
    if made["kind"] == "PriorityClass":
        resource = kubernetes.scheduling.v1.PriorityClass(
            name, metadata=metadata, value=made["value"], description=made["description"], opts=opts
        )
    else:
        resource = kubernetes.apiextensions.CustomResource(
            name, api_version=made["apiVersion"], kind=made["kind"], metadata=metadata, spec=made["spec"], opts=opts
        )
    return resource
