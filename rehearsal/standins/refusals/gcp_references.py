"""What a GCP resource refers to must exist and lie where the resource may use it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.places import everything, gcp_path, project_of, region_of, texts
from rehearsal.standins.refusals.rules import Inputs, network_of
from rehearsal.standins.refusals.values import Problem, known, shown, text_at
from rehearsal.standins.refusals.world import Stored, World, from_outside

_PATH = re.compile(r"projects/([^/]+)/(global|regions/[^/]+|zones/[^/]+|locations/[^/]+)/(.+)")
_COLLECTIONS: Mapping[str, str] = {
    "networks": "gcp:compute/network:Network",
    "subnetworks": "gcp:compute/subnetwork:Subnetwork",
    "routers": "gcp:compute/router:Router",
    "addresses": "gcp:compute/address:Address",
    "securityPolicies": "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy",
    "healthChecks": "gcp:compute/regionHealthCheck:RegionHealthCheck",
    "backendServices": "gcp:compute/regionBackendService:RegionBackendService",
    "urlMaps": "gcp:compute/regionUrlMap:RegionUrlMap",
    "targetHttpsProxies": "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
    "sslPolicies": "gcp:compute/regionSslPolicy:RegionSslPolicy",
    "keyRings": "gcp:kms/keyRing:KeyRing",
    "cryptoKeys": "gcp:kms/cryptoKey:CryptoKey",
    "repositories": "gcp:artifactregistry/repository:Repository",
    "certificates": "gcp:certificatemanager/certificate:Certificate",
    "dnsAuthorizations": "gcp:certificatemanager/dnsAuthorization:DnsAuthorization",
    "clusters": "gcp:container/cluster:Cluster",
    "reservations": "gcp:compute/reservation:Reservation",
}
_BY_NAME: Mapping[str, Mapping[str, str]] = {
    "gcp:compute/": {"network": "networks", "subnetwork": "subnetworks", "router": "routers"},
    "gcp:container/": {"network": "networks", "subnetwork": "subnetworks", "cluster": "clusters"},
    "gcp:dns/recordSet": {"managedZone": "managedZones"},
    "gcp:storage/bucketIAM": {"bucket": "buckets"},
    "gcp:storage/bucketObject": {"bucket": "buckets"},
}
_NAMED = {**_COLLECTIONS, "managedZones": "gcp:dns/managedZone:ManagedZone", "buckets": "gcp:storage/bucket:Bucket"}
_ACCOUNT = re.compile(r"(?:serviceAccount:)?([a-z][-a-z0-9]{4,28}[a-z0-9]@([^.@]+)\.iam\.gserviceaccount\.com)")
_KEYS_FOR = {"eu": "europe"}
"""Where keys for a multi-region of Cloud Storage lie, if it is not called the same."""
_CODE = "404 notFound"
_OF_DEFAULT = {"default"}


def missing(token: str, inputs: Inputs, provider: Inputs, world: World, *, own: str = "") -> Iterator[Problem]:
    """Yield every reference of a resource to something of its project that is not there, or lies elsewhere."""
    project, region = project_of(inputs, provider), region_of(inputs, provider)
    there = {path for one in world.resources("gcp") for path in _paths_of(one)}
    for path, value in texts(inputs):
        found = _PATH.fullmatch(gcp_path(value)) if "/" in value else None
        if found:
            yield from _path(token, path, value, found, project, region, there, outside=from_outside(world, value))
        elif (account := _ACCOUNT.fullmatch(value)) and account[2] == project and not from_outside(world, account[1]):
            yield from _account(path, account[1], world)
    yield from _named(token, inputs, world)
    yield from _granted(token, inputs, project, world)
    yield from _subnetwork(token, inputs, world, own)


def _path(
    token: str,
    path: str,
    value: str,
    found: re.Match[str],
    project: str,
    region: str | None,
    there: set[str],
    *,
    outside: bool,
) -> Iterator[Problem]:
    names = found[3].split("/")
    collection = names[-2] if len(names) > 1 else ""
    if found[1] != project or collection not in _COLLECTIONS or "targetServiceAccounts" in path:
        return
    if gcp_path(value).lower() not in there and not outside:
        yield Problem(
            path, f"{_CODE}: The resource '{gcp_path(value)}' was not found: write that of one which is there"
        )
    elsewhere = found[2].split("/")[-1]
    if collection == "cryptoKeys":
        yield from _key_place(token, path, elsewhere, region)
        return
    placed = found[2].startswith("regions/") and not token.startswith(("gcp:dns/", "gcp:projects/"))
    if placed and region not in (None, "global", elsewhere):
        why = f"it is in {elsewhere}, the resource in {region}"
        yield Problem(path, f"400 Invalid value for field: {why}: write one of {region}")


def _key_place(token: str, path: str, location: str, region: str | None) -> Iterator[Problem]:
    """Keys encrypt what lies in their own location."""
    if region is None or token.startswith(("gcp:kms/", "gcp:dns/", "gcp:projects/")) or "replicas" in path:
        return
    if location.lower() != _KEYS_FOR.get(region.lower(), region.lower()):
        why = f"the key is in {location}, the resource in {region}"
        yield Problem(path, f"400 INVALID_ARGUMENT: {why}: write a key of {region.lower()}")


def _account(path: str, email: str, world: World) -> Iterator[Problem]:
    accounts = {
        everything(one).get("email")
        or f"{one.inputs.get('accountId')}@{project_of(one.inputs, one.provider)}.iam.gserviceaccount.com"
        for one in world.resources("gcp", "gcp:serviceaccount/account:Account")
    }
    if email not in accounts:
        yield Problem(path, f"400 badRequest: Service account {email} does not exist: create it or write another one")


def _granted(token: str, inputs: Inputs, project: str, world: World) -> Iterator[Problem]:
    """Refuse a key that nobody was granted: the service's agent encrypts with it, and is told by IAM that it may."""
    if token.startswith(("gcp:kms/", "gcp:projects/")):
        return
    grants = [one for one in world.resources("gcp") if one.token.startswith(_GRANTS)]
    on = {gcp_path(str(one.inputs.get(name))).lower() for one in grants for name in ("cryptoKeyId", "keyRingId")}
    for path, value in texts(inputs):
        key = _KEY.fullmatch(gcp_path(value))
        if key is None or key[2] != project or from_outside(world, value) or world.find(gcp_path(value)) is None:
            continue
        if not {key[0].lower(), key[1].lower()} & on:
            why = "Permission denied on Cloud KMS key: its service agent may not use it"
            advice = "write a CryptoKeyIAMMember for the agent, and depend on it"
            yield Problem(path, f"403 forbidden: {why}: {advice}")


_GRANTS = ("gcp:kms/cryptoKeyIAM", "gcp:kms/keyRingIAM")
_KEY = re.compile(r"(projects/([^/]+)/locations/[^/]+/keyRings/[^/]+)/cryptoKeys/[^/]+")


def _named(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    for beginning, properties in _BY_NAME.items():
        for name, collection in properties.items() if token.startswith(beginning) else ():
            for where, value in text_at(inputs, name):
                if "/" in value or value in _OF_DEFAULT or from_outside(world, value):
                    continue
                stored = world.resources("gcp", _NAMED[collection])
                if not any(value in (everything(one).get("name"), one.id) for one in stored):
                    yield Problem(where, f"{_CODE}: no {shown(value)} in {collection}: write one which is there")


def _subnetwork(token: str, inputs: Inputs, world: World, own: str) -> Iterator[Problem]:
    """Refuse a range that another subnetwork of the network has."""
    network = network_of(inputs.get("ipCidrRange"))
    if token != _SUBNETWORK or network is None or not known(inputs.get("network")):
        return
    for other in world.resources("gcp", _SUBNETWORK):
        if other.id == own or not _same(inputs["network"], other.inputs.get("network")):
            continue
        ranges = [*text_at(other.inputs, "ipCidrRange"), *text_at(other.inputs, "secondaryIpRanges.ipCidrRange")]
        for taken in (network_of(value) for _, value in ranges):
            if taken is not None and taken.version == network.version and taken.overlaps(network):
                why = f"Invalid IPCidrRange: {network} conflicts with existing subnetwork {other.id} ({taken})"
                yield Problem("ipCidrRange", f"400 invalid: {why}: write a range beside it")


_SUBNETWORK = "gcp:compute/subnetwork:Subnetwork"


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.rsplit("/", 1)[-1] == other.rsplit("/", 1)[-1]


def _paths_of(stored: Stored) -> Iterator[str]:
    for value in (stored.id, stored.outputs.get("selfLink"), stored.outputs.get("id")):
        if isinstance(value, str) and known(value):
            yield gcp_path(value).lower()
