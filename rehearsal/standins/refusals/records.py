"""DNS records stand in a zone that has their name, and beside no other record that says the same."""

from collections.abc import Iterator
from typing import Any

from rehearsal.standins.refusals.places import everything
from rehearsal.standins.refusals.rules import Inputs
from rehearsal.standins.refusals.values import Problem, known
from rehearsal.standins.refusals.world import Stored, World, from_outside

_AWS, _GCP = "aws:route53/record:Record", "gcp:dns/recordSet:RecordSet"


def record_problems(token: str, inputs: Inputs, world: World, *, own: str = "") -> Iterator[Problem]:
    """Yield what a zone refuses of a record; `own` is the record's id when it is changed."""
    if token == _AWS:
        zone = _zone(world, "aws:route53/zone:Zone", ("zoneId", "id"), inputs.get("zoneId"))
        if zone is None:
            yield from _stray(inputs, world)
        yield from _inside(inputs, zone and everything(zone).get("name"), "InvalidChangeBatch: not permitted in zone")
        yield from _twice(inputs, world, own)
    if token == _GCP:
        zone = _zone(world, "gcp:dns/managedZone:ManagedZone", ("name", "id"), inputs.get("managedZone"))
        yield from _inside(inputs, zone and everything(zone).get("dnsName"), "400 invalid: not within the managed zone")


def _zone(world: World, token: str, names: tuple[str, ...], wanted: Any) -> Stored | None:
    for stored in world.resources(None, token):
        if wanted in (stored.id, *(everything(stored).get(name) for name in names)):
            return stored
    return None


def _stray(inputs: Inputs, world: World) -> Iterator[Problem]:
    """A zone that is not there may be one that was looked up, but not where the world has one of the record's name."""
    name, zone_id = inputs.get("name"), inputs.get("zoneId")
    if not isinstance(name, str) or not known(name) or not known(zone_id) or from_outside(world, str(zone_id)):
        return
    full = name.rstrip(".").lower()
    for zone in world.resources("aws", "aws:route53/zone:Zone"):
        ends = str(everything(zone).get("name")).rstrip(".").lower()
        if (full == ends or full.endswith(f".{ends}")) and inputs.get("type") not in ("NS", "DS"):
            why = f"No hosted zone found with ID: {zone_id}: that of {ends} is {zone.id}"
            yield Problem("zoneId", f"NoSuchHostedZone: {why}: write it")
            return


def _inside(inputs: Inputs, zone: Any, code: str) -> Iterator[Problem]:
    name = inputs.get("name")
    if not isinstance(zone, str) or not isinstance(name, str) or not known(name) or not known(zone):
        return
    ends, full = zone.rstrip(".").lower(), name.rstrip(".").lower()
    if full != ends and not full.endswith(f".{ends}") and "." in full:
        yield Problem("name", f"{code} {ends}: write a name that ends with .{ends}")
    if full == ends and inputs.get("type") == "CNAME":
        yield Problem("type", f"{code} {ends}: a zone's own name has no CNAME: write an alias, A or AAAA")


def _twice(inputs: Inputs, world: World, own: str) -> Iterator[Problem]:
    """Two records of one name and type need a routing policy with identifiers that differ."""
    mine = inputs.get("setIdentifier")
    if inputs.get("allowOverwrite") is True:
        return
    for other in world.resources("aws", _AWS):
        said = other.inputs
        same = all(_folded(said.get(part)) == _folded(inputs.get(part)) for part in ("zoneId", "name", "type"))
        if not same or other.id == own:
            continue
        if said.get("setIdentifier") == mine:
            what = "it already exists" if mine is None else "an identifier stands once"
            yield Problem("setIdentifier" if mine else "name", f"InvalidChangeBatch: {what}: write another one")
        elif None in (mine, said.get("setIdentifier")):
            why = "simple and routed records of one name exclude each other"
            yield Problem("setIdentifier", f"InvalidChangeBatch: {why}: write a routing policy for both")


def _folded(value: Any) -> str:
    return str(value).rstrip(".").lower()
