"""One stand-in cloud: checks, makes, reads, changes and deletes resources in the world. Knows nothing of gRPC."""

import itertools
import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rehearsal.standins import refusals
from rehearsal.standins.checking import UNKNOWN, Fault, faults
from rehearsal.standins.computed import Made, made
from rehearsal.standins.differing import Difference
from rehearsal.standins.failures import Broken, Failures
from rehearsal.standins.identity import NAMED_BY_PROVIDER, automatic_name, name_property, place, reach
from rehearsal.standins.refusals.values import plain
from rehearsal.standins.schemas import CUSTOM, Schemas, version
from rehearsal.standins.shapes import ResourceShape
from rehearsal.world import Resource, World

Values = Mapping[str, Any]


class Refused(Exception):
    """What the cloud refuses; the text has every problem with its path."""

    def __init__(self, problems: Iterable[Fault]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.path}: {one.reason}" if one.path else one.reason for one in self.problems))


@dataclass(frozen=True)
class Target:
    """The resource that a call is about."""

    token: str
    urn: str
    provider: Values
    """Configuration of its provider."""
    seconds: float = 0
    """How long the engine is prepared to wait; 0 where it does not say."""
    ignored: tuple[str, ...] = ()
    """Paths of inputs whose changes are ignored."""

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]


@dataclass(frozen=True)
class Naming:
    """What the engine says of names that the program leaves out."""

    proposed: str = ""
    seed: bytes = b""


@dataclass(frozen=True)
class Cloud:
    """The stand-in of one package."""

    package: str
    schemas: Schemas
    world: World
    failures: Failures
    _making: threading.Lock = field(default_factory=threading.Lock, compare=False, repr=False)
    """Held from the question whether a name is free until it is taken: the engine creates in parallel."""

    def check(self, target: Target, said: Values, before: Values, naming: Naming) -> tuple[dict[str, Any], list[Fault]]:
        """Return the inputs with the name that the provider gives, and what is wrong with them."""
        shape = self.schemas.shape(target.token)
        if shape is None:
            near = " or ".join(self.schemas.near(target.token)) or "a type of it"
            reason = f"{target.token} is no type of {self.package} {version(self.package)}: write {near}"
            return dict(said), [Fault("", reason)]
        inputs = self._named(target, shape, said, before, naming)
        judged = (
            {name: inputs[name] for name in shape.inputs.properties if name in inputs} if shape is CUSTOM else inputs
        )
        wrong = [fault for fault in faults(judged, shape) if not _is_quirk(self.package, fault)]
        paths = {fault.path for fault in wrong}
        found = refusals.on_check(self.package, target.token, target.name, inputs, target.provider)
        return inputs, [*wrong, *(problem for problem in found if problem.path not in paths)]

    def _named(
        self, target: Target, shape: ResourceShape, said: Values, before: Values, naming: Naming
    ) -> dict[str, Any]:
        inputs, key = dict(said), name_property(self.package, target.token, shape)
        if self.package == "kubernetes":
            metadata = inputs.get("metadata") or {}
            if isinstance(metadata, Mapping) and not (metadata.get("name") or metadata.get("generateName")):
                old = (before.get("metadata") or {}).get("name")
                name = old or automatic_name(target.token, target.name, naming.seed, naming.proposed)
                inputs |= {"metadata": {**metadata, "name": name}, NAMED_BY_PROVIDER: ["metadata.name"]}
            return inputs
        prefixed = inputs.get(f"{key}Prefix") is not None
        if key and inputs.get(key) is None and not prefixed and key not in shape.inputs.required:
            name = before.get(key) or automatic_name(target.token, target.name, naming.seed, naming.proposed)
            inputs |= {key: name, NAMED_BY_PROVIDER: [key]}
        return inputs

    def preview(self, target: Target, said: Values) -> dict[str, Any]:
        """Return what a preview knows of a resource that is to be made: the rest is unknown."""
        shape = self._shape(target)
        known = {name: value for name, value in said.items() if not name.startswith("__")}
        unknown = {name: UNKNOWN for name in shape.outputs.required if name not in known}
        return {**known, **unknown}

    def seen(
        self,
        target: Target,  # noqa: ARG002 - for a stand-in that can ask somebody
        new: Values,  # noqa: ARG002
        found: list[Difference],
        replacing: set[str],
    ) -> tuple[list[Difference], set[str]]:
        """Return which differences of inputs count, and which of these replace: all that was found."""
        return found, replacing

    def create(self, target: Target, said: Values) -> Made:
        """Make a resource; raises Refused, or Broken when it fails on demand."""
        after = self._meet("create", target, said)
        with self._making:
            new = self._made(target, said)
        if after:
            raise lost("create", new.id)
        return new

    def _made(self, target: Target, said: Values) -> Made:
        problems = refusals.on_create(self.package, target.token, said, target.provider, self.world)
        if problems:
            raise Refused(problems)
        shape = self._shape(target)
        said = self._prefixed(target, shape, said)
        new = self._made_anew(target, shape, said)
        self.world.put(self._resource(target, said, new))
        return new

    def _made_anew(self, target: Target, shape: ResourceShape, said: Values) -> Made:
        """Return a resource with an id that nothing has: a cloud gives another one, unless a name is the id."""
        where = place(self.package, plain(said), target.provider)
        taken = ""
        for nth in itertools.count(1):
            new = made(self.package, target.token, target.urn, shape, said, target.provider, nth=nth)
            if not self.world.get(self.package, target.token, new.id, where):
                return new
            if new.id == taken:
                break
            taken = new.id
        raise Refused([Fault("", f"AlreadyExists: {taken} exists: import it, or write another name")])

    def _prefixed(self, target: Target, shape: ResourceShape, said: Values) -> Values:
        key = name_property(self.package, target.token, shape)
        if not key or said.get(key) is not None or not said.get(f"{key}Prefix"):
            return said
        prefix = str(plain(said[f"{key}Prefix"]))
        return {**said, key: automatic_name(target.token, prefix.rstrip("-"), target.urn.encode(), "")}

    def read(self, target: Target, id: str, said: Values) -> Resource | None:
        """Return a resource as the world has it now; None if it is gone."""
        self._meet("read", target, said)
        where = place(self.package, plain(said), target.provider)
        found = self.world.get(self.package, target.token, id, where)
        same = [held for held in self.world.resources(self.package, target.token) if held.id == id]
        return found or (same[0] if len(same) == 1 else None)

    def update(self, target: Target, id: str, before: Values, said: Values) -> Made:
        """Change a resource; raises Refused or Broken."""
        after = self._meet("update", target, said)
        held = self.read(target, id, before)
        if held is None:
            raise Refused([Fault("", f"NotFound: {id} is gone: run `pulumi refresh`, then `up` makes it again")])
        problems = refusals.on_update(self.package, target.token, id, held.inputs, said, target.provider, self.world)
        if problems:
            raise Refused(problems)
        new = made(self.package, target.token, held.urn, self._shape(target), said, target.provider)
        outputs = {**_kept(held, said), **{name: value for name, value in new.outputs.items() if name in said}}
        if self.package == "aws" and "tagsAll" in new.outputs:
            outputs["tagsAll"] = new.outputs["tagsAll"]
        self.world.put(replace(held, inputs=dict(said), outputs=outputs, urn=target.urn))
        if after:
            raise lost("update", id)
        return Made(id, outputs)

    def delete(self, target: Target, id: str, said: Values) -> None:
        """Delete a resource, with what it leaves behind; raises Refused or Broken."""
        after = self._meet("delete", target, said)
        held = self.read(target, id, said)
        if held is None:
            return
        problems = refusals.on_delete(self.package, target.token, id, held.inputs, self.world)
        if problems:
            raise Refused(problems)
        self.world.delete(held)
        stone = refusals.tombstone(self.package, target.token, held.inputs, target.provider)
        if stone is not None:
            self.world.bury(stone, of=held)
        if after:
            raise lost("delete", id)

    def _meet(self, method: str, target: Target, said: Values) -> bool:
        places = reach(self.package, plain(said), target.provider)
        return self.failures.meet(method, self.package, target.token, places) is not None

    def _shape(self, target: Target) -> ResourceShape:
        shape = self.schemas.shape(target.token)
        if shape is None:
            raise Refused([Fault("", f"{target.token} is no type of {self.package}")])
        return shape

    def _resource(self, target: Target, said: Values, new: Made) -> Resource:
        return Resource(
            package=self.package,
            token=target.token,
            id=new.id,
            urn=target.urn,
            inputs=dict(said),
            outputs=new.outputs,
            provider=_without_secrets(target.provider),
            place=place(self.package, plain(said), target.provider),
        )


def _kept(held: Resource, said: Values) -> dict[str, Any]:
    """Outputs that a change of inputs leaves: not the inputs that are no longer said."""
    return {name: value for name, value in held.outputs.items() if name in said or name not in held.inputs}


def lost(method: str, id: str) -> Broken:
    """The error of a call that took effect and whose answer was lost."""
    return Broken(f"timeout: the answer to the {method} of {id} was lost; run `pulumi refresh` to see what is there")


def _is_quirk(package: str, fault: Fault) -> bool:
    """Properties that an SDK adds by itself and its classes do not declare."""
    return package == "azure-native" and fault.path == "azureApiVersion"


_SECRET_WORDS = ("token", "secret", "password", "credential", "kubeconfig", "key")


def _without_secrets(provider: Values) -> dict[str, Any]:
    hidden = {name for name in provider if any(word in name.lower() for word in _SECRET_WORDS)}
    return json.loads(json.dumps({name: value for name, value in provider.items() if name not in hidden}))  # type: ignore[no-any-return]
