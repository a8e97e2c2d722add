"""What AWS adds to what is served: how the control plane is reached, what pods may connect to, who they are."""

import pulumi

from components.aws import door
from components.cluster import Cluster
from components.ground_specs import GroundSpec
from components.serving.wiring import Opening, Wiring

POD_IDENTITY = Opening(cidr="169.254.170.23/32", port=80, excepted=())
"""The agent on every node that gives pods their short-lived credentials (EKS user guide, "EKS Pod Identities")."""

RDMA = "vpc.amazonaws.com/efa"
"""What the device plugin of Elastic Fabric Adapters offers."""


def wiring(spec: GroundSpec) -> Wiring:
    """A region's wiring. The bucket has no addresses of its own to name, so the way to it is told by what else there
    is on port 443: nothing but the network itself, which is left out, as no route leads out of it except that of the
    bucket's endpoint, and its policy lets nobody into any other bucket."""
    return Wiring(
        secret_store={"aws": {"service": "SecretsManager", "region": spec.location}},
        secret_separator="/",  # noqa: S106 - between parts of a name
        identity_annotation=None,
        identity_labels=(),
        identity=(POD_IDENTITY,),
        bucket=(Opening(cidr="0.0.0.0/0", port=443, excepted=(spec.network.cidr, "169.254.0.0/16")),),
        # The network has no way to the internet: weights are pushed to the bucket from outside of it.
        loader=(),
        rdma_resource=RDMA,
    )


def kubeconfig(spec: GroundSpec, cluster: Cluster) -> pulumi.Output[str]:
    """How the serving layer reaches the API server through the region's door; no credential is in it."""
    known = pulumi.Output.all(cluster.name, cluster.endpoint, cluster.authority)
    return known.apply(lambda told: _kubeconfig(spec, *told))


def _kubeconfig(spec: GroundSpec, name: str, endpoint: str, authority: str) -> str:
    plane = door.Plane(location=spec.location, cluster=name, endpoint=endpoint, authority=authority)
    return door.kubeconfig(plane, spec.cluster.door, spec.cluster.door_port)
