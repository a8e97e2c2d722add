"""What a cluster's cloud adds to what is served: addresses to reach, and how a pod gets its identity. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Opening:
    """Addresses that a pod may connect to, on one TCP port."""

    cidr: str
    port: int
    excepted: tuple[str, ...]
    """Networks inside `cidr` that stay closed."""


@dataclass(frozen=True)
class Wiring:
    """A cloud's part. Plain values: they decide what is opened, and so are known before anything is made."""

    secret_store: Mapping[str, Any]
    """The `provider` of External Secrets' store, e.g. `{"aws": {"service": "SecretsManager", "region": ...}}`."""
    secret_separator: str
    """Between the parts of a secret's name in the cloud's manager: `/`, or `-` where a name may hold none."""
    identity_annotation: str | None
    """Of service accounts, with the identity's name as value; None where the ground ties them by itself (AWS)."""
    identity_labels: tuple[tuple[str, str], ...]
    """Of pods that take an identity (Azure)."""
    identity: tuple[Opening, ...]
    """Where a pod's identity is told."""
    bucket: tuple[Opening, ...]
    """Where the region's bucket is reached, and nothing else: the cloud's own list, or a private endpoint."""
    loader: tuple[Opening, ...]
    """Where the job that brings weights reaches their source; empty where `./meridian weights push` brings them."""
    rdma_resource: str | None
    """What a container asks for to get network cards of its node, e.g. `vpc.amazonaws.com/efa`."""
