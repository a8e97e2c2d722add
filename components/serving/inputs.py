"""What the serving layer of a region is connected to."""

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from components.cluster import Cluster
from components.serving.charts import Chart
from components.serving.wiring import Wiring
from components.serving_specs import ServingSpec


@dataclass(frozen=True)
class ServingInputs:
    """What the serving layer takes besides its spec."""

    cluster: Cluster
    kubeconfig: pulumi.Output[str]
    """How the cluster's API is reached through the region's door."""
    wiring: Wiring
    charts: tuple[Chart, ...]
    """Controllers to make first; none where the cluster has them already."""
    gateway: "GatewayMaker | None"
    """Makes the gateway's objects; None leaves them out."""


GatewayMaker = Callable[[str, ServingSpec, ServingInputs, pulumi.ResourceOptions], pulumi.Resource]
"""`(name, spec, inputs, opts)`, as every component."""
