"""Secrets, brought by External Secrets from the cloud's manager: none is in state or in an object. Pure."""

from components.secret_names import in_manager, of_tenant
from components.serving.wiring import Wiring
from components.serving.words import ENGINE_KEY, GATEWAY, SALT_KEY, Manifest, meta
from components.serving_specs import ServedModelSpec, ServingSpec

API = "external-secrets.io/v1"
STORE = "meridian"
REFRESH = "1h"
CREDENTIAL = "credential"
"""Entry of the gateway's secret whose value Envoy Gateway sends to engines."""


def store(spec: ServingSpec, wiring: Wiring) -> Manifest:
    """The way to the cloud's manager, for our namespaces alone."""
    allowed = sorted([*(model.name for model in spec.models), GATEWAY])
    return {
        "apiVersion": API,
        "kind": "ClusterSecretStore",
        "metadata": meta(STORE, None, spec),
        "spec": {"provider": dict(wiring.secret_store), "conditions": [{"namespaces": allowed}]},
    }


def of_model(model: ServedModelSpec, spec: ServingSpec, wiring: Wiring) -> list[Manifest]:
    """What an engine needs: how the gateway proves itself, and the key of the tenants' salts."""
    return [_secret(name, model.name, {name: name}, spec, wiring) for name in (ENGINE_KEY, SALT_KEY)]


def of_gateway(spec: ServingSpec, wiring: Wiring) -> list[Manifest]:
    """The engine key, and a secret per tenant whose one entry is named as the tenant, as Envoy Gateway reads it."""
    tenants = [
        _secret(
            f"tenant-{each.name}", GATEWAY, {each.name: of_tenant(each.name, wiring.secret_separator)}, spec, wiring
        )
        for each in spec.tenants
    ]
    return [_secret(ENGINE_KEY, GATEWAY, {CREDENTIAL: ENGINE_KEY}, spec, wiring), *tenants]


def remote(name: str, spec: ServingSpec, wiring: Wiring) -> str:
    """A secret's name in the cloud's manager."""
    return in_manager(spec.environment, spec.territory, name, wiring.secret_separator)


def _secret(name: str, namespace: str, entries: dict[str, str], spec: ServingSpec, wiring: Wiring) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "ExternalSecret",
        "metadata": meta(name, namespace, spec),
        "spec": {
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "ClusterSecretStore", "name": STORE},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
            "data": [
                {"secretKey": key, "remoteRef": {"key": remote(there, spec, wiring)}} for key, there in entries.items()
            ],
        },
    }
