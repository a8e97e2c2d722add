"""Envoy's configuration from a translation, as files that a running Envoy watches.

In a cluster Envoy asks Envoy Gateway for its configuration; here the same resources lie in files, and every reference
to that service becomes a reference to one of them. A changed file is taken up as a changed answer would be.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.gateway.translating import Json, Translation

_TYPE = "type.googleapis.com/envoy"
_FILES = {
    f"{_TYPE}.config.listener.v3.Listener": "listeners.json",
    f"{_TYPE}.config.cluster.v3.Cluster": "clusters.json",
    f"{_TYPE}.config.route.v3.RouteConfiguration": "routes.json",
    f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment": "endpoints.json",
    f"{_TYPE}.extensions.transport_sockets.tls.v3.Secret": "secrets.json",
}
_ASKED = {"configSource": "routes.json", "edsConfig": "endpoints.json", "sdsConfig": "secrets.json"}
"""What a reference to the service is for, by the name of the field that holds it."""


@dataclass(frozen=True)
class Place:
    """Where an Envoy of this machine stands in for a gateway's pod."""

    folder: Path
    """Holds the configuration, keys included; only its owner should read it."""
    address: str
    port: int
    """Where clients connect instead of the pod's port."""
    listener: str
    """Name of the listener that is kept; others, such as the pod's readiness, are left out."""
    addresses: Mapping[str, str]
    """Addresses of this machine in place of those of pods; a pod's cannot be a loopback address."""

    @property
    def bootstrap(self) -> Path:
        """What Envoy is started with, after `write`."""
        return self.folder / "bootstrap.json"


def write(translation: Translation, place: Place) -> None:
    """Write or renew the configuration; a file that is the same is not touched."""
    for kind, name in _FILES.items():
        found = [_here(one, place) for one in translation.xds.get(kind, ())]
        if name == "listeners.json":
            found = [_listening(one, place) for one in found if one["name"] == place.listener]
        resources = [{"@type": kind} | one for one in found]
        _replace(place.folder / name, json.dumps({"resources": resources}, indent=1))
    _replace(place.bootstrap, json.dumps(_bootstrap(place)))


def _replace(path: Path, text: str) -> None:
    """Envoy watches for files that are moved into place: it never reads one half written."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _bootstrap(place: Place) -> Json:
    return {
        "node": {"id": "gateway", "cluster": "gateway"},
        "admin": {"address": {"pipe": {"path": str(place.folder / "admin"), "mode": 0o600}}},
        "dynamic_resources": {
            "lds_config": _file(place, "listeners.json"),
            "cds_config": _file(place, "clusters.json"),
        },
    }


def _file(place: Place, name: str) -> Json:
    return {"resource_api_version": "V3", "path_config_source": {"path": str(place.folder / name)}}


def _here(found: Any, place: Place, field: str = "") -> Any:
    """The same with files for the service and this machine's addresses for those of pods."""
    if isinstance(found, list):
        return [_here(one, place, field) for one in found]
    if isinstance(found, str):
        return place.addresses.get(found, found) if field == "address" else found
    if not isinstance(found, dict):
        return found
    if "ads" in found and field in _ASKED:
        return _file(place, _ASKED[field])
    return {name: _here(one, place, name) for name, one in found.items()}


def _listening(listener: Json, place: Place) -> Json:
    return listener | {"address": {"socketAddress": {"address": place.address, "portValue": place.port}}}
