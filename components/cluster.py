"""The inner waist: what every Kubernetes cluster offers to what is served on it, whichever cloud runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pulumi


@dataclass(frozen=True)
class Traits:
    """What differs between clouds and must be known to be judged."""

    private: bool
    """No address outside the network reaches the control plane, or only listed ones in dev."""
    backend_identity: Literal["verified", "encrypted-only"]
    """Whether the load balancer checks the gateway's certificate, or only encrypts."""
    encrypted_with: Literal["own-key"]
    """Secrets, volumes and logs are encrypted by keys of this environment."""


@dataclass(frozen=True)
class Cluster:
    """A region's cluster, from the ground in the same stack or from its exports in another: nobody can tell."""

    name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """Address of the API server inside the network."""
    authority: pulumi.Output[str]
    """Its certificate authority, PEM in base64."""
    registry: pulumi.Output[str]
    """Prefix of every image, inside the territory."""
    weights: pulumi.Output[str]
    """Address of the bucket that holds the models, e.g. `s3://...`."""
    identities: Mapping[str, pulumi.Output[str]]
    """The cloud's name of each workload identity, by `IdentitySpec.name`."""
    traits: Traits
