"""Envoy's pods, the Gateway they serve and how clients connect, as Kubernetes objects; pure."""

from typing import Any

from components.gateway.behaviour import OWNED_HEADERS, REGION_HEADER
from components.gateway.envoy_parts import LOG_FORMAT, seconds
from components.gateway.envoy_tenants import STRIPPED_PREFIXES
from components.gateway.kubernetes_parts import (
    CLASS,
    ENTRY_CERTIFICATE,
    ENVOY_API,
    GATEWAY,
    LISTENER,
    NAMESPACE,
    Json,
    envoy_object,
    gateway_object,
    manifest,
    quantity,
    reference,
)
from components.serving_specs import ServingSpec

ROLE, ROLE_LABEL = "gateway", "meridian.io/role"
"""Label and taint of the gateway pool's nodes, set by the ground."""
PORT = 443
CONTAINER_PORT = 10443
"""Where Envoy listens in its pod: Envoy Gateway adds 10,000 to a privileged port."""
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
PRIORITY_CLASS = "meridian-gateway"
PRIORITY = 1_000_000
"""Above every engine: a node that is short of memory loses an engine before the way to all of them."""
DRAIN_SECONDS = 600
"""How long a stopping Envoy waits for its streams."""
ENTRY_HOPS = 1
"""Proxies in front that add to x-forwarded-for: the region's load balancer."""


def proxy_objects(spec: ServingSpec, image: Any) -> tuple[Json, ...]:
    """Priority, class, Envoy's pods, the Gateway and how it faces clients, in the order they are needed."""
    priority = manifest(
        "scheduling.k8s.io/v1",
        "PriorityClass",
        PRIORITY_CLASS,
        {"value": PRIORITY, "description": "The gateway outlives the engines behind it."},
        namespace=None,
    )
    return (priority, _class(), _proxy(spec, image), _gateway(), _clients(spec))


def _class() -> Json:
    parameters = reference("EnvoyProxy", CLASS, ENVOY_API) | {"namespace": NAMESPACE}
    made = gateway_object("GatewayClass", CLASS, {"controllerName": CONTROLLER, "parametersRef": parameters})
    del made["metadata"]["namespace"]
    return made


def _gateway() -> Json:
    listener = {
        "name": LISTENER,
        "protocol": "HTTPS",
        "port": PORT,
        "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "group": "", "name": ENTRY_CERTIFICATE}]},
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    return gateway_object("Gateway", GATEWAY, {"gatewayClassName": CLASS, "listeners": [listener]})


def _proxy(spec: ServingSpec, image: Any) -> Json:
    return envoy_object(
        "EnvoyProxy",
        CLASS,
        {
            "provider": {
                "type": "Kubernetes",
                "kubernetes": {
                    "envoyDaemonSet": _daemon_set(spec, image),
                    "envoyService": _service(spec),
                    "envoyPDB": {"maxUnavailable": 1},
                },
            },
            "shutdown": {"drainTimeout": seconds(DRAIN_SECONDS)},
            "backendTLS": {"minVersion": "1.3", "maxVersion": "1.3"},
            "telemetry": {"accessLog": {"settings": [_log(spec)]}},
        },
    )


def _daemon_set(spec: ServingSpec, image: Any) -> Json:
    only = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    return {
        "strategy": rolling,
        "pod": {
            "labels": dict(spec.labels),
            "nodeSelector": {ROLE_LABEL: ROLE},
            "tolerations": [{"key": ROLE_LABEL, "operator": "Equal", "value": ROLE, "effect": "NoSchedule"}],
            "priorityClassName": PRIORITY_CLASS,
        },
        "container": {
            "image": image,
            "securityContext": only,
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "4Gi"}},
        },
    }


def _service(spec: ServingSpec) -> Json:
    """The entry's target group sends to a node's port, and only to nodes that run an Envoy."""
    port = {"name": f"{LISTENER}-{PORT}", "port": PORT, "targetPort": CONTAINER_PORT, "nodePort": spec.gateway.port}
    return {
        "type": "NodePort",
        "externalTrafficPolicy": "Local",
        "patch": {"type": "StrategicMerge", "value": {"spec": {"ports": [port | {"protocol": "TCP"}]}}},
    }


def _log(spec: ServingSpec) -> Json:
    sink = {"type": "File", "file": {"path": "/dev/stdout"}}
    return {"format": {"type": "JSON", "json": LOG_FORMAT | {"region": spec.name}}, "sinks": [sink], "type": "Route"}


def _clients(spec: ServingSpec) -> Json:
    """TLS 1.3 alone, strict paths, no header of ours from outside, streams as long as they speak."""
    prefixes = [{"type": "Prefix", "value": prefix} for prefix in STRIPPED_PREFIXES]
    return envoy_object(
        "ClientTrafficPolicy",
        GATEWAY,
        {
            "targetRefs": [reference("Gateway", GATEWAY)],
            "tls": {"minVersion": "1.3", "maxVersion": "1.3", "alpnProtocols": ["h2", "http/1.1"]},
            "path": {"escapedSlashesAction": "RejectRequest", "disableMergeSlashes": True},
            "clientIPDetection": {"xForwardedFor": {"numTrustedHops": ENTRY_HOPS}},
            "headers": {
                "withUnderscoresAction": "DropHeader",
                "earlyRequestHeaders": {"remove": list(OWNED_HEADERS), "removeOnMatch": prefixes},
                "lateResponseHeaders": {"set": [{"name": REGION_HEADER, "value": spec.name}]},
                "disableRateLimitHeaders": True,
            },
            "timeout": {"http": {"streamIdleTimeout": seconds(spec.gateway.stream_idle_seconds)}},
            "connection": {"bufferLimit": quantity(spec.gateway.buffer_bytes)},
        },
    )
