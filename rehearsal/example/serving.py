"""A region's serving layer: Kubernetes alone, above the waist, the same on every cloud."""

from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from rehearsal.example.settings import Settings
from rehearsal.example.waist import Waist

NAMESPACE = "models"
RESTRICTED = "pod-security.kubernetes.io/enforce"
LABELS = {"app.kubernetes.io/name": "engine"}
GATEWAY = {"app.kubernetes.io/name": "gateway"}
SAFE = {
    "allow_privilege_escalation": False,
    "run_as_non_root": True,
    "capabilities": {"drop": ["ALL"]},
    "seccomp_profile": {"type": "RuntimeDefault"},
}
"""What a restricted namespace asks of every container."""


def serving(region: str, settings: Settings, waist: Waist) -> None:
    """Make what serves in a region's cluster."""
    provider = kubernetes.Provider(
        f"{region}-serving",
        kubeconfig=_kubeconfig(waist),
        # Without it a changed endpoint would look like another cluster, and replace every object.
        cluster_identifier=region,
        enable_server_side_apply=True,
    )
    opts = pulumi.ResourceOptions(provider=provider)
    namespace = kubernetes.core.v1.Namespace(
        f"{region}-models",
        metadata={
            "name": NAMESPACE,
            "labels": {RESTRICTED: "restricted", **settings.tags(region)},
        },
        opts=opts,
    )
    inside = pulumi.ResourceOptions(provider=provider, depends_on=[namespace])
    _isolation(region, inside)
    _engine(region, settings, waist, inside)
    _gateway(region, waist, inside)


def _kubeconfig(waist: Waist) -> pulumi.Output[str]:
    command = {"apiVersion": "client.authentication.k8s.io/v1", "command": "cluster-token", "interactiveMode": "Never"}
    return pulumi.Output.json_dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "region",
            "clusters": [
                {
                    "name": "region",
                    "cluster": {"server": waist.endpoint, "certificate-authority-data": waist.authority},
                }
            ],
            "contexts": [{"name": "region", "context": {"cluster": "region", "user": "region"}}],
            "users": [{"name": "region", "user": {"exec": {**command, "args": [waist.cluster]}}}],
        }
    )


def _meta(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE}


def _isolation(region: str, opts: pulumi.ResourceOptions) -> None:
    networking = kubernetes.networking.v1
    networking.NetworkPolicy(
        f"{region}-deny",
        metadata=_meta("deny-all"),
        spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        opts=opts,
    )
    networking.NetworkPolicy(
        f"{region}-allow-gateway",
        metadata=_meta("allow-gateway"),
        spec={
            "pod_selector": {"match_labels": LABELS},
            "policy_types": ["Ingress"],
            "ingress": [{"from_": [{"pod_selector": {"match_labels": GATEWAY}}], "ports": [{"port": 8000}]}],
        },
        opts=opts,
    )
    kubernetes.core.v1.ResourceQuota(
        f"{region}-quota", metadata=_meta("quota"), spec={"hard": {"requests.nvidia.com/gpu": "16"}}, opts=opts
    )
    kubernetes.core.v1.ServiceAccount(
        f"{region}-account", metadata=_meta("engine"), automount_service_account_token=False, opts=opts
    )


def _engine(region: str, settings: Settings, waist: Waist, opts: pulumi.ResourceOptions) -> None:
    kubernetes.core.v1.ConfigMap(
        f"{region}-settings", metadata=_meta("engine"), data={"log": waist.log, "owner": settings.owner}, opts=opts
    )
    container = {
        "name": "engine",
        "image": pulumi.Output.concat(waist.registry, "/engine@sha256:", "0" * 64),
        "ports": [{"container_port": 8000}],
        "resources": {"limits": {"nvidia.com/gpu": "1"}},
        "security_context": SAFE,
    }
    kubernetes.apps.v1.Deployment(
        f"{region}-engine",
        metadata=_meta("engine"),
        spec={
            "replicas": 2,
            "selector": {"match_labels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"service_account_name": "engine", "containers": [container]},
            },
        },
        opts=opts,
    )
    kubernetes.core.v1.Service(
        f"{region}-engine-service",
        metadata=_meta("engine"),
        spec={"selector": LABELS, "ports": [{"port": 8000}], "cluster_ip": "None"},
        opts=opts,
    )
    kubernetes.policy.v1.PodDisruptionBudget(
        f"{region}-budget",
        metadata=_meta("engine"),
        spec={"min_available": 1, "selector": {"match_labels": LABELS}},
        opts=opts,
    )


def _gateway(region: str, waist: Waist, opts: pulumi.ResourceOptions) -> None:
    container = {
        "name": "gateway",
        "image": pulumi.Output.concat(waist.registry, "/gateway@sha256:", "1" * 64),
        "ports": [{"container_port": 8443}],
        "security_context": SAFE,
    }
    kubernetes.apps.v1.DaemonSet(
        f"{region}-gateway",
        metadata=_meta("gateway"),
        spec={
            "selector": {"match_labels": GATEWAY},
            "template": {"metadata": {"labels": GATEWAY}, "spec": {"containers": [container]}},
        },
        opts=opts,
    )
    kubernetes.core.v1.Service(
        f"{region}-gateway-service",
        metadata=_meta("gateway"),
        spec={
            "type": "NodePort",
            "selector": GATEWAY,
            "external_traffic_policy": "Local",
            "ports": [{"port": 443, "target_port": 8443, "node_port": 30443}],
        },
        opts=opts,
    )
