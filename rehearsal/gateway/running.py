"""Envoy's configuration from a translation, as files that a running Envoy watches.

In a cluster Envoy asks Envoy Gateway for its configuration; here the same resources lie in files, and every reference
to that service becomes a reference to one of them. A changed file is taken up as a changed answer would be.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.gateway.translating import Json, Translation

_TYPE = "type.googleapis.com/envoy"
_FILES = {
    f"{_TYPE}.config.listener.v3.Listener": "listeners.json",
    f"{_TYPE}.config.cluster.v3.Cluster": "clusters.json",
    f"{_TYPE}.config.route.v3.RouteConfiguration": "routes.json",
}
_ENDPOINTS = f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment"
_SECRET = f"{_TYPE}.extensions.transport_sockets.tls.v3.Secret"


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
        _store(place.folder / name, kind, found)
    for secret in translation.xds.get(_SECRET, ()):
        _store(place.folder / _own_file("secret", secret["name"]), _SECRET, [secret])
    for ends in translation.xds.get(_ENDPOINTS, ()):
        _store(place.folder / _own_file("endpoints", ends["clusterName"]), _ENDPOINTS, [_here(ends, place)])
    _replace(place.bootstrap, json.dumps(_bootstrap(place)))


def _own_file(kind: str, name: str) -> str:
    """Of secrets and endpoints Envoy takes a file with one alone."""
    return f"{kind}-{name.replace('/', '_')}.json"


def _store(path: Path, kind: str, found: list[Json]) -> None:
    resources = [{"@type": kind} | one for one in found]
    _replace(path, json.dumps({"resources": resources}, indent=1))


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
    for asked, file in _asked(found):
        found = found | {asked: _file(place, file)}
    return {name: _here(one, place, name) for name, one in found.items()}


def _asked(found: Json) -> Iterator[tuple[str, str]]:
    """Each field of an object that refers to the service, with the file that answers."""
    if "ads" in found.get("configSource", {}):
        yield "configSource", "routes.json"
    if "ads" in found.get("sdsConfig", {}):
        yield "sdsConfig", _own_file("secret", found["name"])
    if "ads" in found.get("edsConfig", {}):
        yield "edsConfig", _own_file("endpoints", found["serviceName"])


def _listening(listener: Json, place: Place) -> Json:
    return listener | {"address": {"socketAddress": {"address": place.address, "portValue": place.port}}}
