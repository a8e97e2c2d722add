"""The shapes of a package's resource types: derived from the installed SDK once, then kept on disk."""

import difflib
import hashlib
import importlib
import importlib.metadata
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from rehearsal.standins import deriving
from rehearsal.standins.shapes import Kind, ObjectShape, ResourceShape, Shape

MODULES = {
    "aws": "pulumi_aws",
    "gcp": "pulumi_gcp",
    "azure-native": "pulumi_azure_native",
    "kubernetes": "pulumi_kubernetes",
}
"""The Python package of each package of the engine."""

_OBJECT = {"apiVersion": (Shape(Kind.TEXT),), "kind": (Shape(Kind.TEXT),), "metadata": (Shape(Kind.MAP),)}
CUSTOM = ResourceShape(
    inputs=ObjectShape(properties=_OBJECT, required=frozenset(("apiVersion", "kind", "metadata"))),
    objects={},
    outputs=ObjectShape(properties=_OBJECT, required=frozenset()),
    secret_outputs=frozenset(),
    replace=frozenset(),
)
"""A custom resource of Kubernetes: its own definition, which no SDK has, says what else it may hold."""

_SHAPES = TypeAdapter(ResourceShape)


def version(package: str) -> str:
    """Return the version of a package's installed SDK; `importlib.metadata.PackageNotFoundError` if there is none."""
    return importlib.metadata.version(MODULES[package].replace("_", "-"))


@dataclass
class Schemas:
    """The types of one package. Safe to use from several threads."""

    package: str
    cache: Path
    """A folder, shared by packages and runs; what another version of SDK or deriving wrote is not read."""
    _known: dict[str, ResourceShape] = field(default_factory=dict)
    _classes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def shape(self, token: str) -> ResourceShape | None:
        """Return the shape of a type; None if the SDK has no such type."""
        with self._lock:
            if token not in self._known:
                found = self._kept(token) or self._derived(token)
                if found is None and self.package == "kubernetes" and self._is_custom(token):
                    return CUSTOM
                if found is None:
                    return None
                self._known[token] = found
            return self._known[token]

    def near(self, token: str) -> list[str]:
        """Return up to three types whose names are nearly `token`."""
        with self._lock:
            return difflib.get_close_matches(token, self._index(), n=3)

    def _is_custom(self, token: str) -> bool:
        """Tell whether a type's group is none of Kubernetes' own, whose types the SDK has all of."""
        group = token.split(":")[1].split("/")[0] if token.count(":") == 2 else ""
        own = {known.split(":")[1].split("/")[0] for known in self._index()}
        return "." in group and group not in own

    def _file(self, token: str) -> Path:
        return self._folder() / f"{re.sub(r'[^A-Za-z0-9]+', '-', token)}.json"

    def _folder(self) -> Path:
        code = hashlib.sha256(Path(deriving.__file__).read_bytes()).hexdigest()[:8]
        return self.cache / f"{self.package}-{version(self.package)}-{code}"

    def _kept(self, token: str) -> ResourceShape | None:
        file = self._file(token)
        return _SHAPES.validate_json(file.read_bytes()) if file.exists() else None

    def _derived(self, token: str) -> ResourceShape | None:
        if token not in self._index():
            return None
        module, name = self._index()[token]
        shape = deriving.resource_shape(getattr(importlib.import_module(module), name))
        file = self._file(token)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{threading.get_ident()}.new")
        new.write_bytes(_SHAPES.dump_json(shape))
        new.replace(file)
        return shape

    def _index(self) -> dict[str, tuple[str, str]]:
        """Module and class by type, as the SDK registered them on import."""
        if not self._classes:
            importlib.import_module(MODULES[self.package])
            from pulumi.runtime import rpc  # private, hence the pinned engine and the tests of this module

            for modules in rpc._RESOURCE_MODULES.values():
                for module in modules:
                    about = getattr(module, "mod_info", None)
                    if about and about.get("pkg") == self.package:
                        self._classes |= {token: (about["fqn"], name) for token, name in about["classes"].items()}
        return self._classes
