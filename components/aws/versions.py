"""Versions of what runs on an EKS cluster beside what is served: pinned, with their source. Pure.

Source: add-on versions that public configurations of EKS 1.34 and 1.35 clusters pin, read on 2026-11-25. Before the
first `up` compare with `aws eks describe-addon-versions --kubernetes-version <version>`; EKS refuses one that it lacks.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class AddonVersions:
    """One version of each add-on that is compatible with one Kubernetes version."""

    network: str
    """`vpc-cni`, with its network policy agent."""
    proxy: str
    """`kube-proxy`, at most the control plane's minor version."""
    identity: str
    """`eks-pod-identity-agent`."""
    names: str
    """`coredns`."""


ADDONS: Mapping[str, AddonVersions] = {
    "1.34": AddonVersions(
        network="v1.20.4-eksbuild.2",
        proxy="v1.34.0-eksbuild.2",
        identity="v1.3.10-eksbuild.2",
        names="v1.12.3-eksbuild.1",
    ),
    "1.35": AddonVersions(
        network="v1.21.1-eksbuild.3",
        proxy="v1.35.0-eksbuild.2",
        identity="v1.3.10-eksbuild.2",
        names="v1.13.2-eksbuild.1",
    ),
}
"""By Kubernetes version: the only ones that can be asked for on AWS."""
