"""Registers an object by its typed resource, or as a custom one where the API is another's."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.serving.words import Manifest

TYPED: Mapping[tuple[str, str], Any] = {
    ("v1", "Namespace"): kubernetes.core.v1.Namespace,
    ("v1", "ServiceAccount"): kubernetes.core.v1.ServiceAccount,
    ("v1", "ConfigMap"): kubernetes.core.v1.ConfigMap,
    ("v1", "Service"): kubernetes.core.v1.Service,
    ("v1", "ResourceQuota"): kubernetes.core.v1.ResourceQuota,
    ("v1", "LimitRange"): kubernetes.core.v1.LimitRange,
    ("apps/v1", "Deployment"): kubernetes.apps.v1.Deployment,
    ("batch/v1", "Job"): kubernetes.batch.v1.Job,
    ("networking.k8s.io/v1", "NetworkPolicy"): kubernetes.networking.v1.NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): kubernetes.policy.v1.PodDisruptionBudget,
    ("scheduling.k8s.io/v1", "PriorityClass"): kubernetes.scheduling.v1.PriorityClass,
}


def register(
    region: str, manifest: Manifest, opts: pulumi.ResourceOptions, ignored: Sequence[str] = ()
) -> pulumi.Resource:
    """Make one object; its Pulumi name holds kind, namespace and name, so that no two are alike."""
    metadata, kind = manifest["metadata"], manifest["kind"]
    name = "-".join(filter(None, (region, kind.lower(), metadata.get("namespace"), metadata["name"])))
    opts = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(ignore_changes=list(ignored)))
    rest = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    typed = TYPED.get((manifest["apiVersion"], kind))
    if typed is not None:
        made: pulumi.Resource = typed(name, **{_snake(key): value for key, value in rest.items()}, opts=opts)
        return made
    custom: pulumi.Resource = kubernetes.apiextensions.CustomResource(
        name, api_version=manifest["apiVersion"], kind=kind, metadata=metadata, spec=rest["spec"], opts=opts
    )
    return custom


def register_all(region: str, manifests: Sequence[Manifest], opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Make several objects."""
    return [register(region, each, opts) for each in manifests]


def _snake(name: str) -> str:
    return re.sub("(?=[A-Z])", "_", name).lower()
