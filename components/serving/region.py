"""The serving layer of a region: what the Kubernetes API makes, the same below every cloud's waist."""

import hashlib
import json

import pulumi
import pulumi_kubernetes as kubernetes

from components.serving import rendering, settings, weights
from components.serving.controllers import controllers
from components.serving.groups import owned_by_autoscaler
from components.serving.inputs import ServingInputs
from components.serving.objects import register, register_all
from components.serving.pods import Leaves
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec, ServingSpec


class Serving(pulumi.ComponentResource):
    """Replicas, their scaling, weights, secrets, isolation and alerts; the gateway's objects by their own maker."""

    provider: kubernetes.Provider
    """For whoever adds objects to the same cluster."""

    def __init__(
        self, name: str, spec: ServingSpec, inputs: ServingInputs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("meridian:serving:Serving", name, None, opts)
        self.provider = kubernetes.Provider(
            f"{name}-serving",
            kubeconfig=inputs.kubeconfig,
            # Without it a changed endpoint would look like another cluster, and replace every object.
            cluster_identifier=spec.name,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self, provider=self.provider)
        running = controllers(name, inputs.charts, spec, inputs.cluster.registry, child)
        first = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=running))
        made = _foundations(name, spec, inputs, first)
        after = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[*running, *made]))
        for model in spec.models:
            _model(name, model, spec, inputs, after)
        if inputs.gateway:
            inputs.gateway(name, spec, inputs, after)
        self.register_outputs({})


def _foundations(
    name: str, spec: ServingSpec, inputs: ServingInputs, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    manifests = rendering.foundations(spec, inputs.wiring)
    spaces = register_all(name, [each for each in manifests if each["kind"] == "Namespace"], opts)
    inside = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=spaces))
    others = register_all(name, [each for each in manifests if each["kind"] != "Namespace"], inside)
    loader = register(name, rendering.loader(spec, inputs.wiring, inputs.cluster.identities["weights"]), inside)
    return [*spaces, *others, loader]


def _model(
    name: str, model: ServedModelSpec, spec: ServingSpec, inputs: ServingInputs, opts: pulumi.ResourceOptions
) -> None:
    wiring = inputs.wiring
    image = pulumi.Output.concat(inputs.cluster.registry, f"/{spec.image.repository}@{spec.image.digest}")
    address: pulumi.Output[str] = inputs.cluster.weights.apply(lambda bucket: str(weights.folder(bucket, model)))
    around = rendering.surroundings(model, spec, wiring, inputs.cluster.identities[f"engine-{model.name}"])
    needed = register_all(name, around, opts)
    if wiring.loader:
        needed.append(register(name, weights.job(model, spec, image=image, address=address), opts))
    leaves: dict[str, Leaves] = {}
    for group in model.groups:
        content = _settings(model, group, spec, address)
        needed.append(register(name, rendering.config_map(model, group.role, spec, content), opts))
        leaves[group.role] = Leaves(image, address, content.apply(_mark))
    ready = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=needed))
    engines = [
        register(name, each, ready, owned_by_autoscaler(group))
        for group, each in zip(model.groups, rendering.engines(model, spec, wiring, leaves), strict=True)
    ]
    scaled = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=engines))
    register_all(name, rendering.scalers(model, spec), scaled)


def _settings(
    model: ServedModelSpec, group: ReplicaGroupSpec, spec: ServingSpec, address: pulumi.Output[str]
) -> pulumi.Output[str]:
    return address.apply(lambda known: json.dumps(settings.settings(model, group, spec, known), sort_keys=True))


def _mark(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()[:16]
