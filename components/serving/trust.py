"""Certificates inside a region, by cert-manager: their authority never leaves the cluster. Pure."""

from components.serving.words import ENGINE, ENGINE_TLS, TRUST, Manifest, meta
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
    names = server_names(model)
    return {
        "apiVersion": API,
        "kind": "Certificate",
        "metadata": meta(ENGINE_TLS, model.name, spec),
        "spec": {
            "secretName": ENGINE_TLS,
            "commonName": names[0],
            "dnsNames": list(names),
            "usages": ["server auth"],
            "duration": MONTH,
            "renewBefore": TEN_DAYS,
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
            "issuerRef": {"kind": "ClusterIssuer", "name": ISSUER, "group": "cert-manager.io"},
        },
    }


def server_names(model: ServedModelSpec) -> tuple[str, ...]:
    """Names that a model's engines answer to, the first of which clients check."""
    return (f"{ENGINE}.{model.name}.svc", f"{ENGINE}.{model.name}.svc.cluster.local")


def _issuer(name: str, how: Manifest, spec: ServingSpec) -> Manifest:
    return {"apiVersion": API, "kind": "ClusterIssuer", "metadata": meta(name, None, spec), "spec": how}
