"""The questions to AWS. Every call reads; each is tried in the tests with good answers and bad ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from stacks.preflight import aws_cluster
from stacks.preflight.asking import Clients, Unanswered, ask, code_of, pages
from stacks.preflight.model import Check, PoolNeed, RegionNeed
from stacks.preflight.quotas import quota_checks

Lookup = Callable[[str], Sequence[str]]
"""Gives the name servers of a domain as the public DNS tells them; empty where it tells none, OSError on failure."""
Reach = Callable[[str, int], bool]
"""Whether a TCP connection to a host and port can be made."""

HOME = "us-east-1"
"""Where Route 53, which has no regions, is asked."""
USABLE = frozenset({"active", "scheduled"})
"""States of a reservation that machines can be, or will be, started in."""

CAPACITY_BLOCK = "capacity-block"
"""`ReservationType` of what was bought for some days; node groups start machines in it another way, not built yet."""


def identity(clients: Clients, account: str | None, region: str) -> Check:
    """Who is logged in, and whether it is the account of the configuration."""
    found = ask("account", "identity", lambda: clients("sts", region).get_caller_identity())
    told = f"{found['Arn']} in account {found['Account']}"
    if account is None:
        fix = f'Write meridian:accounts: {{aws: "{found["Account"]}"}} if that is the one.'
        return Check("account", "identity", "failed", f"{told}; the configuration names none", fix)
    if found["Account"] != account:
        fix = f"Log in to {account}, or correct meridian:accounts. Nothing must be made in the wrong account."
        return Check("account", "identity", "failed", f"{told}, not in {account}", fix)
    return Check("account", "identity", "ok", told, "")


def quotas(clients: Clients, region: RegionNeed, vcpus: Mapping[tuple[str, str], int]) -> list[Check]:
    """Virtual CPUs by family and way of buying, against the pools."""
    client = clients("service-quotas", region.location)
    found = ask(region.name, "quotas", lambda: list(pages(client, "list_service_quotas", "Quotas", ServiceCode="ec2")))
    return quota_checks(region, {quota["QuotaName"]: quota["Value"] for quota in found}, vcpus)


def offerings(clients: Clients, region: RegionNeed) -> list[Check]:
    """Which zones offer each machine type; a reservation's own zone is checked with it."""
    machines = sorted({pool.machine for pool in region.pools})
    if not machines:
        return []
    client = clients("ec2", region.location)
    arguments = {
        "LocationType": "availability-zone",
        "Filters": [{"Name": "instance-type", "Values": machines}],
    }
    found = ask(
        region.name,
        "machine types",
        lambda: list(pages(client, "describe_instance_type_offerings", "InstanceTypeOfferings", **arguments)),
    )
    zones = {machine: {each["Location"] for each in found if each["InstanceType"] == machine} for machine in machines}
    return [_offered(region, machine, zones[machine]) for machine in machines]


def _offered(region: RegionNeed, machine: str, zones: set[str]) -> Check:
    what = f"machine type {machine}"
    missing = sorted(set(region.zones) - zones)
    if not zones:
        fix = "Choose another GPU or region: the list of zones is AWS's own, and a quota does not change it."
        return Check(region.name, what, "failed", "offered in no zone of the region", fix)
    told = f"offered in {', '.join(sorted(zones))}"
    if missing:
        return Check(region.name, what, "failed", f"{told}; not in {', '.join(missing)}", "Use the zones that have it.")
    return Check(region.name, what, "ok", told, "")


def reservations(clients: Clients, region: RegionNeed) -> list[Check]:
    """Whether reservations that pools name exist, fit and are large enough."""
    checks = [_unnamed(region, pool) for pool in region.pools if pool.capacity == "reserved" and not pool.reservation]
    named: dict[str, list[PoolNeed]] = {}
    for pool in region.pools:
        if pool.reservation:
            named.setdefault(pool.reservation, []).append(pool)
    client = clients("ec2", region.location)
    for reservation, pools in sorted(named.items()):
        what = f"reservation {reservation}"
        try:
            found = ask(region.name, what, partial(_reservation, client, reservation))
        except Unanswered as unanswered:
            checks.append(unanswered.check)
            continue
        checks.append(_judged(region, pools, what, found))
    return checks


def _unnamed(region: RegionNeed, pool: PoolNeed) -> Check:
    fix = f"Buy {pool.nodes} x {pool.machine} and name the reservation's id; preflight and `up` never buy one."
    return Check(region.name, f"reservation for {pool.name}", "failed", "none is named", fix)


def _reservation(client: Any, wanted: str) -> Mapping[str, Any] | None:
    try:
        answer = client.describe_capacity_reservations(CapacityReservationIds=[wanted])
    except ClientError as error:
        if code_of(error).startswith("InvalidCapacityReservationId"):
            return None
        raise
    return next(iter(answer["CapacityReservations"]), None)


def _judged(region: RegionNeed, pools: Sequence[PoolNeed], what: str, found: Mapping[str, Any] | None) -> Check:
    """Hold a reservation against the pools that use it, which take their machines from one lot."""
    if found is None:
        fix = "Correct its id, or buy one; ids are of one region and account."
        return Check(region.name, what, "failed", "there is no such reservation in this region and account", fix)
    zone, kind, machines = found["AvailabilityZone"], found["InstanceType"], found["TotalInstanceCount"]
    told, needed = f"{machines} x {kind} in {zone}, {found['State']}", sum(pool.nodes for pool in pools)
    names = " and ".join(pool.name for pool in pools)
    faults = [
        *(f"pool {pool.name} has {pool.machine}" for pool in pools if kind != pool.machine),
        *([f"pool {names} needs {needed}"] if machines < needed else []),
        *([f"{zone} is not one of the zones used"] if region.zones and zone not in region.zones else []),
        *(["it cannot be used"] if found["State"] not in USABLE else []),
    ]
    if found.get("ReservationType") == CAPACITY_BLOCK:
        ends = f" until {found['EndDate']:%Y-%m-%d %H:%M} UTC" if found.get("EndDate") else ""
        faults.append(f"it is a Capacity Block{ends}, which pools here cannot start machines in")
    if faults:
        fix = "Name another one, or change the pool."
        return Check(region.name, what, "failed", f"{told}: {'; '.join(faults)}", fix)
    return Check(region.name, what, "ok", told, "")


def delegation(clients: Clients, zone: str, lookup: Lookup) -> Check:
    """Whether the hosted zone exists and the public DNS sends questions about it there."""
    what = "DNS delegation"
    client = clients("route53", HOME)
    listed = ask(zone, what, lambda: client.list_hosted_zones_by_name(DNSName=zone))["HostedZones"]
    hosted = [each for each in listed if _same(each["Name"], zone) and not each.get("Config", {}).get("PrivateZone")]
    if not hosted:
        fix = f"Make a public hosted zone {zone} in this account, and delegate it from the domain above."
        return Check(zone, what, "failed", "there is no public hosted zone of that name", fix)
    servers = ask(zone, what, lambda: client.get_hosted_zone(Id=hosted[0]["Id"]))["DelegationSet"]["NameServers"]
    wanted = {_plain(server) for server in servers}
    try:
        told = {_plain(server) for server in lookup(zone)}
    except OSError as error:
        return Check(
            zone, what, "unknown", f"the name servers could not be asked: {error}", "Check this machine's DNS."
        )
    if not told or not told <= wanted:
        fix = f"Set the NS records of {zone} in the domain above to {', '.join(sorted(wanted))}."
        return Check(zone, what, "failed", f"the public DNS names {', '.join(sorted(told)) or 'no server'}", fix)
    return Check(zone, what, "ok", f"delegated to {', '.join(sorted(told))}", "")


def control_plane(clients: Clients, region: RegionNeed, door: str, reach: Reach) -> list[Check]:
    """Whether this machine reaches the API server of a cluster that exists already."""
    if region.cluster is None:
        return []
    what = f"control plane of {region.cluster}"
    client = clients("eks", region.location)
    endpoint = ask(region.name, what, lambda: _endpoint(client, region.cluster))
    if endpoint is None:
        return [Check(region.name, what, "ok", "not made yet", "")]
    if door == "tunnel":
        return [Check(region.name, what, "ok", "reached by the tunnel, which `up` opens; not tried here", "")]
    host = endpoint.removeprefix("https://")
    if reach(host, 443):
        return [Check(region.name, what, "ok", f"{host} answers", "")]
    fix = "Run this inside the region's network, add your address to the allow-list, or use `door: tunnel`."
    return [Check(region.name, what, "failed", f"{host} cannot be reached from here", fix)]


def _endpoint(client: Any, cluster: str | None) -> str | None:
    try:
        return str(client.describe_cluster(name=cluster)["cluster"]["endpoint"])
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise


def _same(left: str, right: str) -> bool:
    return _plain(left) == _plain(right)


def _plain(name: str) -> str:
    return name.rstrip(".").lower()


def all_checks(
    clients: Clients,
    regions: Sequence[RegionNeed],
    *,
    account: str | None,
    zone: str | None,
    door: str,
    vcpus: Mapping[tuple[str, str], int],
    lookup: Lookup,
    reach: Reach,
) -> list[Check]:
    """Ask everything. Without an identity nothing else is asked; any other question without an answer is one check."""
    if not regions:
        return []
    checks = list(_answers([lambda: [identity(clients, account, regions[0].location)]]))
    if checks[0].state != "ok":
        return checks
    questions: list[Callable[[], list[Check]]] = []
    if zone is not None:
        questions.append(lambda: [delegation(clients, zone, lookup)])
    for region in regions:
        questions += [
            partial(quotas, clients, region, vcpus),
            partial(offerings, clients, region),
            partial(reservations, clients, region),
            partial(control_plane, clients, region, door, reach),
            partial(aws_cluster.addons, clients, region),
            partial(aws_cluster.images, clients, region),
            partial(aws_cluster.secrets, clients, region),
        ]
    return [*checks, *_answers(questions)]


def _answers(questions: Iterable[Callable[[], list[Check]]]) -> Iterator[Check]:
    for question in questions:
        try:
            yield from question()
        except Unanswered as unanswered:
            yield unanswered.check
