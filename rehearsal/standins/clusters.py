"""The control planes of a lab, and which of them a provider for Kubernetes speaks to."""

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from rehearsal.lab.api import Api
from rehearsal.standins.refusals.values import plain


class NoSuchCluster(LookupError):
    """A provider means a cluster that the lab does not have; the text says which there are."""


class Clusters:
    """The API servers by region. Safe to use from several threads."""

    def __init__(self, kubeconfigs: Mapping[str, Path]) -> None:
        self._kubeconfigs = dict(kubeconfigs)
        self._apis: dict[str, Api] = {}
        self._lock = threading.Lock()

    @classmethod
    def read(cls, file: Path) -> "Clusters":
        """Those of a JSON file: the path of a kubeconfig file by region."""
        return cls({region: Path(path) for region, path in json.loads(file.read_text()).items()})

    def of(self, provider: Mapping[str, Any]) -> Api:
        """The API server that a provider's settings mean. Raises NoSuchCluster."""
        said = list(dict.fromkeys(names(provider)))
        for name in said:
            if name in self._kubeconfigs:
                with self._lock:
                    self._apis.setdefault(name, Api(self._kubeconfigs[name]))
                return self._apis[name]
        message = (
            f"the provider means the cluster {' or '.join(said) or 'of no name'}, and the lab has "
            f"{', '.join(sorted(self._kubeconfigs))}: write a region's name as clusterIdentifier"
        )
        raise NoSuchCluster(message)


def names(provider: Mapping[str, Any]) -> Iterator[str]:
    """What a provider calls its cluster: the identifier first, then the words of its kubeconfig."""
    settings = plain(provider)
    for key in ("clusterIdentifier", "context", "cluster"):
        if isinstance(settings.get(key), str) and settings[key]:
            yield str(settings[key])
    said = settings.get("kubeconfig")
    try:
        config = yaml.safe_load(said) if isinstance(said, str) else said
    except yaml.YAMLError:
        return
    if isinstance(config, Mapping):
        yield from _words(config)


def _words(config: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(each.get("name")) for part in ("clusters", "contexts") for each in config.get(part) or [])
    for user in config.get("users") or []:
        command = (user.get("user") or {}).get("exec") or {}
        yield from map(str, command.get("args") or [])
