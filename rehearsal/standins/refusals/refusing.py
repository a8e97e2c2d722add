"""What a cloud refuses when a resource is made, changed or deleted, in the world that there is."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals import aws_networks, aws_permissions, aws_references, azure_references, gcp_references
from rehearsal.standins.refusals.checks import first_of_each
from rehearsal.standins.refusals.deletions import undeletable
from rehearsal.standins.refusals.kubernetes_world import changed as kubernetes_changed
from rehearsal.standins.refusals.kubernetes_world import missing as kubernetes_missing
from rehearsal.standins.refusals.places import everything
from rehearsal.standins.refusals.records import record_problems
from rehearsal.standins.refusals.rules import Inputs
from rehearsal.standins.refusals.scopes import UNIQUE, key_of
from rehearsal.standins.refusals.values import Problem, plain, shown
from rehearsal.standins.refusals.world import Stored, World

_VERSIONS = {
    "aws:eks/cluster:Cluster": ("version", "InvalidParameterException"),
    "azure-native:containerservice:ManagedCluster": ("kubernetesVersion", "400 OperationNotAllowed"),
}
_MINOR = re.compile(r"1\.(\d+)")


def on_create(
    package: str, token: str, inputs: Mapping[str, Any], provider: Mapping[str, Any], world: World
) -> list[Problem]:
    """Return what the cloud would refuse in a new resource: names taken, references missing, places wrong."""
    said, configured = plain(inputs), plain(provider)
    found = [*_taken(package, token, said, configured, world), *_around(package, token, said, configured, world, "")]
    return first_of_each(found)


def on_update(
    package: str,
    token: str,
    id: str,
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    provider: Mapping[str, Any],
    world: World,
) -> list[Problem]:
    """Return what the cloud would refuse in the change of a resource from `old` to `new` inputs."""
    before, after, configured = plain(old), plain(new), plain(provider)
    found = list(_around(package, token, after, configured, world, id))
    if key_of(package, token, before, configured) != key_of(package, token, after, configured):
        found += _taken(package, token, after, configured, world, own=id)
    if package == "kubernetes":
        found += kubernetes_changed(token, before, after)
    return first_of_each([*found, *_version(token, before, after)])


def on_delete(package: str, token: str, id: str, inputs: Mapping[str, Any], world: World) -> list[Problem]:
    """Return why the cloud would refuse to delete a resource: protected, locked, in use."""
    return list(undeletable(token, id, plain(inputs), world)) if package else []


def _taken(
    package: str, token: str, said: Inputs, provider: Inputs, world: World, *, own: str = ""
) -> Iterator[Problem]:
    """Yield the name of a resource if another one has it, or a dead one keeps it."""
    key = key_of(package, token, said, provider)
    if key is None:
        return
    unique = UNIQUE.get(token)
    path, code = (unique.name, unique.code) if unique else ("metadata.name", "409 AlreadyExists")
    for other in world.resources(package):
        if other.id != own and _key(other) == key:
            name = said.get(path) if unique else said["metadata"]["name"]
            where = "" if unique is None or unique.scope else " in the whole cloud"
            yield Problem(
                path, f"{code}: {shown(name)} is taken{where} by {other.id}: write another name, or import it"
            )
            return
    without = key_of(package, token, said, {})
    for stone in world.tombstones():
        if stone.scope and stone.scope in (key, without):
            yield Problem(path, stone.text)
            return


def _key(stored: Stored) -> str | None:
    return key_of(stored.package, stored.token, plain(everything(stored)), plain(stored.provider))


def _around(package: str, token: str, said: Inputs, provider: Inputs, world: World, own: str) -> Iterator[Problem]:
    match package:
        case "aws":
            yield from aws_networks.misplaced(token, said, provider, world, own=own)
            yield from aws_references.missing(token, said, provider, world)
            yield from aws_permissions.permitted(token, said, world)
        case "gcp":
            yield from gcp_references.missing(token, said, provider, world, own=own)
        case "azure-native":
            yield from azure_references.missing(token, said, provider, world, own=own)
        case "kubernetes":
            yield from kubernetes_missing(token, said, provider, world)
    yield from record_problems(token, said, world, own=own)


def _version(token: str, old: Inputs, new: Inputs) -> Iterator[Problem]:
    """A control plane goes up, one minor version at a time."""
    path, code = _VERSIONS.get(token, ("", ""))
    before, after = (_MINOR.match(str(said.get(path))) for said in (old, new))
    if not path or before is None or after is None:
        return
    step = int(after[1]) - int(before[1])
    if step not in (0, 1):
        wanted = f"1.{int(before[1]) + 1}"
        yield Problem(path, f"{code}: Unsupported minor version update from {before[0]} to {after[0]}: write {wanted}")
