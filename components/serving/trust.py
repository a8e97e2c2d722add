"""Certificates inside a region, by cert-manager: their authority never leaves the cluster. Pure."""

from collections.abc import Sequence

from components.gateway.kubernetes_parts import ENTRY_CERTIFICATE, engine_host
from components.serving.words import ENGINE_TLS, GATEWAY, TRUST, Manifest, meta
from components.serving_specs import ServedModelSpec, ServingSpec

API = "cert-manager.io/v1"
ISSUER = "meridian-internal"
AUTHORITY = "meridian-internal-authority"
YEAR, MONTH, TEN_DAYS = "8760h", "720h", "240h"


def authority(spec: ServingSpec) -> list[Manifest]:
    """A region's own authority: what it signs is trusted inside the region alone."""
    own, signing = f"{ISSUER}-self", meta(AUTHORITY, TRUST, spec)
    return [
        _issuer(own, {"selfSigned": {}}, spec),
        {
            "apiVersion": API,
            "kind": "Certificate",
            "metadata": signing,
            "spec": {
                "isCA": True,
                "commonName": f"{spec.name} internal",
                "secretName": AUTHORITY,
                "duration": YEAR,
                "renewBefore": MONTH,
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "issuerRef": {"kind": "ClusterIssuer", "name": own, "group": "cert-manager.io"},
            },
        },
        _issuer(ISSUER, {"ca": {"secretName": AUTHORITY}}, spec),
    ]


def of_model(model: ServedModelSpec, spec: ServingSpec) -> Manifest:
    """The certificate that a model's engines show to gateway and Prometheus."""
    return _server(ENGINE_TLS, model.name, (server_name(model),), spec)


def of_gateway(spec: ServingSpec) -> Manifest:
    """The certificate that the gateway shows to the entry's load balancer."""
    return _server(ENTRY_CERTIFICATE, GATEWAY, spec.entry_names, spec)


def server_name(model: ServedModelSpec) -> str:
    """The name that clients of a model's engines check."""
    return engine_host(model.name)


def _server(name: str, namespace: str, names: Sequence[str], spec: ServingSpec) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "Certificate",
        "metadata": meta(name, namespace, spec),
        "spec": {
            "secretName": name,
            "dnsNames": list(names),
            "usages": ["server auth"],
            "duration": MONTH,
            "renewBefore": TEN_DAYS,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": ISSUER, "group": "cert-manager.io"},
        },
    }


def _issuer(name: str, how: Manifest, spec: ServingSpec) -> Manifest:
    return {"apiVersion": API, "kind": "ClusterIssuer", "metadata": meta(name, None, spec), "spec": how}
