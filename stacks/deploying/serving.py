"""The serving layer of a region, on the waist of its ground."""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

import pulumi

from components.ground_specs import GroundSpec
from components.serving_specs import ServingSpec
from stacks.deploying.ground import Waist

if TYPE_CHECKING:
    from components.serving.inputs import ServingInputs

WIRINGS = {"aws": "components.aws.serving"}
"""Module by cloud that says how a cluster is reached and what its pods may connect to."""


def make(spec: ServingSpec, ground: GroundSpec, waist: Waist) -> None:
    """Make what a region serves."""
    wired = _wired(ground)
    served = importlib.import_module("components.serving.region")
    inputs = importlib.import_module("components.serving.inputs")
    served.Serving(
        spec.name,
        spec,
        inputs.ServingInputs(
            cluster=waist.cluster,
            kubeconfig=wired.kubeconfig(ground, waist.cluster),
            wiring=wired.wiring(ground),
            charts=(),
            gateway=_gateway,
        ),
    )


def _gateway(name: str, spec: ServingSpec, inputs: "ServingInputs", opts: pulumi.ResourceOptions) -> None:
    module = importlib.import_module("components.gateway_objects")
    module.GatewayObjects(f"{name}-gateway", spec, module.GatewayInputs(registry=inputs.cluster.registry), opts)


def _wired(ground: GroundSpec) -> ModuleType:
    return importlib.import_module(WIRINGS[ground.name.partition("-")[0]])
