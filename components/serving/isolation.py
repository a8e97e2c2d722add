"""Who may talk to whom: nobody, except for what is written here. Pure."""

from collections.abc import Sequence

from components.serving.wiring import Opening, Wiring
from components.serving.words import (
    LWS,
    MONITORING,
    NAME,
    PORT,
    PROXIES,
    WEIGHTS,
    Manifest,
    answering,
    meta,
    selector,
    spans_nodes,
    workload,
)
from components.serving_specs import ServedModelSpec, ServingSpec

GATEWAY_PODS = {"app.kubernetes.io/component": "proxy", NAME: "envoy"}
"""As Envoy Gateway labels the proxies that it makes."""
PROMETHEUS_PODS = {NAME: "prometheus"}
ENVOY, ENVOY_METRICS, XDS = 10443, 19001, 18000
"""Ports of Envoy's listener and metrics, and of Envoy Gateway's configuration; it adds 10,000 to a privileged port."""
LOADER = "weights-loader"
"""`app.kubernetes.io/name` of the job that brings weights."""


def closed(namespace: str, spec: ServingSpec) -> list[Manifest]:
    """Nothing comes in, and names alone are asked for."""
    return [
        _policy("deny-all", namespace, {}, spec, ingress=[], egress=[]),
        _policy("names", namespace, {}, spec, egress=[_NAMES]),
    ]


def of_model(model: ServedModelSpec, spec: ServingSpec, wiring: Wiring) -> list[Manifest]:
    """An engine answers the gateway and Prometheus, and reads its weights."""
    come_in = [
        {"from": [_pods(PROXIES, GATEWAY_PODS)], "ports": [_tcp(PORT)]},
        {"from": [_pods(MONITORING, PROMETHEUS_PODS)], "ports": [_tcp(PORT)]},
    ]
    found = [
        *closed(model.name, spec),
        _policy("engine", model.name, answering(model), spec, ingress=come_in),
        _policy("weights", model.name, selector(model), spec, egress=_out(*wiring.bucket, *wiring.identity)),
    ]
    return [*found, *_parts(model, spec)] if spans_nodes(model) else found


def _parts(model: ServedModelSpec, spec: ServingSpec) -> list[Manifest]:
    """Parts of one replica choose their ports as they go; other models' pods and the gateway's are no parts of it.

    Replicas of one group of a model can meet, as their label is the group's: no policy selects by two labels' equality.
    """
    found = []
    for group in model.groups:
        if group.nodes_per_replica > 1:
            mine = {**selector(model), f"{LWS}/name": workload(model, group)}
            peer = [{"podSelector": {"matchLabels": mine}}]
            found.append(
                _policy(f"parts-{group.role}", model.name, mine, spec, ingress=[{"from": peer}], egress=[{"to": peer}])
            )
    return found


def of_proxies(spec: ServingSpec) -> list[Manifest]:
    """Envoy answers the region's load balancer, whose addresses the network's own rules tell, reaches the engines of
    this region, and asks Envoy Gateway what to do; Envoy Gateway itself is not ours to close."""
    engines = [{"to": [_pods(model.name, answering(model))], "ports": [_tcp(PORT)]} for model in spec.models]
    control = {"to": [_pods(PROXIES, {NAME: "gateway-helm"})], "ports": [_tcp(XDS)]}
    scraped = {"from": [_pods(MONITORING, PROMETHEUS_PODS)], "ports": [_tcp(ENVOY_METRICS)]}
    come_in = [{"ports": [_tcp(ENVOY)]}, scraped]
    return [_policy("envoy", PROXIES, GATEWAY_PODS, spec, ingress=come_in, egress=[_NAMES, *engines, control])]


def of_weights(spec: ServingSpec, wiring: Wiring) -> list[Manifest]:
    """The one way out of a region, for the job that brings weights, as long as it runs."""
    out = _out(*wiring.bucket, *wiring.identity, *wiring.loader)
    return [*closed(WEIGHTS, spec), _policy("loader", WEIGHTS, {NAME: LOADER}, spec, egress=out)]


def _policy(
    name: str,
    namespace: str,
    labels: dict[str, str],
    spec: ServingSpec,
    *,
    ingress: Sequence[Manifest] | None = None,
    egress: Sequence[Manifest] | None = None,
) -> Manifest:
    rules = {"ingress": ingress, "egress": egress}
    said = {way: list(rule) for way, rule in rules.items() if rule is not None}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": meta(name, namespace, spec),
        "spec": {
            "podSelector": {"matchLabels": labels} if labels else {},
            "policyTypes": [way.capitalize() for way in said],
            **{way: rule for way, rule in said.items() if rule},
        },
    }


def _pods(namespace: str, labels: dict[str, str]) -> Manifest:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": labels},
    }


def _tcp(port: int) -> Manifest:
    return {"protocol": "TCP", "port": port}


def _out(*openings: Opening) -> list[Manifest]:
    return [
        {
            "to": [{"ipBlock": {"cidr": each.cidr, **({"except": list(each.excepted)} if each.excepted else {})}}],
            "ports": [_tcp(each.port)],
        }
        for each in openings
    ]


_NAMES: Manifest = {
    "to": [_pods("kube-system", {"k8s-app": "kube-dns"})],
    "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
}
"""Asking for names."""
