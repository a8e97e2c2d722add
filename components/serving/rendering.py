"""Every object of a region's serving layer, in the order in which they are made. Pure."""

from collections.abc import Mapping
from typing import Any

from components.serving import isolation, monitoring, scaling, secrets, spaces, trust, weights
from components.serving.groups import replicas
from components.serving.pods import Leaves
from components.serving.wiring import Wiring
from components.serving.words import (
    ENGINE,
    GATEWAY,
    GROUP,
    MODEL,
    PORT,
    WEIGHTS,
    Manifest,
    answering,
    meta,
    selector,
    spans_nodes,
)
from components.serving_specs import ServedModelSpec, ServingSpec


def foundations(spec: ServingSpec, wiring: Wiring) -> list[Manifest]:
    """What everything else stands in: namespaces first."""
    return [
        *spaces.namespaces(spec),
        *spaces.priorities(spec),
        secrets.store(spec, wiring),
        *trust.authority(spec),
        *isolation.of_weights(spec, wiring),
        *isolation.closed(GATEWAY, spec),
        *isolation.of_proxies(spec),
        *secrets.of_gateway(spec, wiring),
        trust.of_gateway(spec),
    ]


def account(name: str, namespace: str, spec: ServingSpec, wiring: Wiring, identity: Any) -> Manifest:
    """A service account; `identity` is the cloud's name of what it may be."""
    metadata = meta(name, namespace, spec)
    if wiring.identity_annotation:
        metadata["annotations"] = {wiring.identity_annotation: identity}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata,
        "automountServiceAccountToken": False,
    }


def loader(spec: ServingSpec, wiring: Wiring, identity: Any) -> Manifest:
    """Who brings weights."""
    return account(weights.ACCOUNT, WEIGHTS, spec, wiring, identity)


def surroundings(model: ServedModelSpec, spec: ServingSpec, wiring: Wiring, identity: Any) -> list[Manifest]:
    """What a model's replicas need before they start."""
    return [
        *spaces.limits(model, spec),
        *isolation.of_model(model, spec, wiring),
        account(ENGINE, model.name, spec, wiring, identity),
        *secrets.of_model(model, spec, wiring),
        trust.of_model(model, spec),
        _service(model, spec),
        _disruptions(model, spec),
        *monitoring.watched(model, spec),
    ]


def config_map(model: ServedModelSpec, role: str, spec: ServingSpec, content: Any) -> Manifest:
    """The settings file of a group."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": meta(f"{ENGINE}-{role}", model.name, spec, **{MODEL: model.name, GROUP: role}),
        "data": {f"{role}.json": content},
    }


def engines(model: ServedModelSpec, spec: ServingSpec, wiring: Wiring, leaves: Mapping[str, Leaves]) -> list[Manifest]:
    """A model's replicas by group; `leaves` by role."""
    return [replicas(model, group, spec, wiring, leaves[group.role]) for group in model.groups]


def scalers(model: ServedModelSpec, spec: ServingSpec) -> list[Manifest]:
    """What scales them, once they are there."""
    return scaling.scaled(model, spec)


def _service(model: ServedModelSpec, spec: ServingSpec) -> Manifest:
    """Inside the cluster alone: the gateway picks a replica itself and takes this for the list of them."""
    metadata = meta(ENGINE, model.name, spec, **{MODEL: model.name})
    # It stands before its replicas, whose policies and certificates name it; Pulumi would wait for them here.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {
            "type": "ClusterIP",
            "selector": answering(model),
            "ports": [{"name": "https", "port": PORT, "targetPort": "api", "protocol": "TCP"}],
        },
    }


def _disruptions(model: ServedModelSpec, spec: ServingSpec) -> Manifest:
    """One replica of base and spot together may be taken away on purpose: by drains, not by rollouts."""
    labels = answering(model) if spans_nodes(model) else selector(model)
    roles = {"key": GROUP, "operator": "In", "values": ["base", "spot"]}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": meta(ENGINE, model.name, spec, **{MODEL: model.name}),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": labels, "matchExpressions": [roles]},
        },
    }
