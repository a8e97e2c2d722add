"""What a network and a cluster of somebody else must be before a region is built on them. Pure: plain values decide."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.aws.endpoints_needed import INTERFACES, STORAGE
from components.ground_specs import ClusterSpec, ExistingNetwork, GroundSpec

LEAST_FREE = 8
"""Free addresses that an Application Load Balancer asks of each of its subnets."""
LOGS = frozenset({"api", "audit", "authenticator", "controllerManager", "scheduler"})
ADDONS = ("coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni")
"""What a cluster must have as add-ons of EKS: none are made for somebody else's."""
INTERNET = ("igw-", "nat-", "eigw-")
"""How ids begin of what leads to the internet."""


@dataclass(frozen=True)
class SubnetSeen:
    """A subnet as AWS tells it."""

    id: str
    network: str
    zone: str
    gives_public_addresses: bool
    free: int
    """Addresses that nothing uses."""
    table: str | None
    """Its own route table; None where it falls back to the network's main one."""
    leads_to: tuple[str, ...]
    """Ids of what its routes lead to."""

    @property
    def internet(self) -> tuple[str, ...]:
        """What leads to the internet."""
        return tuple(each for each in self.leads_to if each.startswith(INTERNET))


@dataclass(frozen=True)
class NetworkSeen:
    """A network as AWS tells it; what it does not have is absent."""

    cidr: str | None
    """None where there is no such network in the region and account."""
    resolves: bool
    """It has a name server, and gives names to what is in it."""
    subnets: Mapping[str, SubnetSeen]
    """Those that exist, by id."""
    endpoints: Mapping[str, bool]
    """Services with an endpoint, and whether the service's own name leads to it; always so for S3."""
    storage_endpoint: str | None
    storage_tables: frozenset[str]
    """Route tables that lead to the S3 endpoint."""


@dataclass(frozen=True)
class ClusterSeen:
    """A cluster as AWS tells it. Which key encrypts its secrets is told to `preflight` alone: the SDK leaves it out."""

    version: str
    network: str
    status: str
    private: bool
    open_to: tuple[str, ...]
    """Addresses outside the network that reach it."""
    logs: frozenset[str]
    mode: str
    """How it knows who may do what."""
    log_days: int | None
    """Days that its log is kept, 0 for ever; None where it has no log group."""
    log_key: bool
    """Its log is encrypted with a key of the account."""
    addons: frozenset[str]
    network_policies: bool
    administrators: frozenset[str]
    """Of those asked for, who has an access entry."""


def network_faults(spec: GroundSpec, existing: ExistingNetwork, seen: NetworkSeen) -> Iterator[str]:
    """Everything that does not hold."""
    if seen.cidr is None:
        yield f"there is no network {existing.network} in {spec.location} of account {spec.account}"
        return
    if seen.cidr != spec.network.cidr:
        fixed = f"meridian:network.fixedCidr: {{{spec.name}: {seen.cidr}}}"
        yield f"{existing.network} has the addresses {seen.cidr}, the plan says {spec.network.cidr}. Write {fixed}"
    if not seen.resolves:
        yield f"{existing.network} has no DNS support or no DNS host names: private endpoints need both. Turn them on"
    for what, ids in (("nodes", existing.node_subnets), ("entry", existing.entry_subnets)):
        yield from _subnet_faults(what, ids, spec, existing, seen)
    yield from _way_faults(spec, existing, seen)
    yield from _endpoint_faults(existing, seen)


def _subnet_faults(
    what: str, ids: tuple[str, ...], spec: GroundSpec, existing: ExistingNetwork, seen: NetworkSeen
) -> Iterator[str]:
    found = [seen.subnets[each] for each in ids if each in seen.subnets]
    for missing in (each for each in ids if each not in seen.subnets):
        yield f"there is no subnet {missing} ({what}) in {spec.location} of account {spec.account}"
    for each in found:
        if each.network != existing.network:
            yield f"{each.id} ({what}) lies in {each.network}, not in {existing.network}"
        if each.gives_public_addresses:
            yield f"{each.id} ({what}) gives what starts in it a public address. Turn that off"
        if what == "entry" and each.free < LEAST_FREE:
            yield f"{each.id} (entry) has {each.free} free addresses, a load balancer needs {LEAST_FREE}"
    zones = sorted(each.zone for each in found)
    if len(found) == len(ids) and zones != sorted(spec.network.zones):
        wanted = ", ".join(spec.network.zones)
        yield f"the subnets of {what} lie in {', '.join(zones) or 'no zone'}: one in each of {wanted} is needed"


def _way_faults(spec: GroundSpec, existing: ExistingNetwork, seen: NetworkSeen) -> Iterator[str]:
    """Nodes have no way to the internet; a public entry needs one, and what is private has none."""
    for each in (seen.subnets[id] for id in existing.node_subnets if id in seen.subnets):
        if each.table is None:
            yield f"{each.id} (nodes) has no route table of its own, so whoever changes the main one opens it"
        if each.internet:
            yield f"{each.id} (nodes) has a way to the internet by {', '.join(each.internet)}. Take the route out"
    public = spec.entry.visibility != "private"
    for each in (seen.subnets[id] for id in existing.entry_subnets if id in seen.subnets):
        gateways = [way for way in each.leads_to if way.startswith("igw-")]
        if public and not gateways:
            yield f"{each.id} (entry) has no internet gateway, and the entry is {spec.entry.visibility}"
        if not public and each.internet:
            yield f"{each.id} (entry) has a way to the internet by {', '.join(each.internet)}, and the entry is private"
    shared = sorted(set(existing.node_subnets) & set(existing.entry_subnets))
    if shared and public:
        yield f"{', '.join(shared)}: nodes and a public entry share subnets. Give the entry its own"


def _endpoint_faults(existing: ExistingNetwork, seen: NetworkSeen) -> Iterator[str]:
    missing = [each for each in (*INTERFACES, STORAGE) if each not in seen.endpoints]
    if missing:
        yield f"{existing.network} lacks endpoints, without which nodes reach nothing: {', '.join(missing)}"
    named = [each for each, answers in seen.endpoints.items() if not answers]
    if named:
        yield f"endpoints without private DNS, which nobody would find: {', '.join(sorted(named))}. Turn it on"
    tables = {
        table for id in existing.node_subnets if id in seen.subnets and (table := seen.subnets[id].table) is not None
    }
    if STORAGE in seen.endpoints and not tables <= seen.storage_tables:
        yield f"the S3 endpoint is not in the route tables {', '.join(sorted(tables - seen.storage_tables))} of nodes"


def cluster_faults(spec: GroundSpec, name: str, seen: ClusterSeen | None) -> Iterator[str]:
    """Everything that does not hold."""
    if seen is None:
        yield f"there is no cluster {name!r} in {spec.location} of account {spec.account}"
        return
    network = spec.network.existing
    if network is None or seen.network != network.network:
        yield f"{name} lies in {seen.network}, the region in {network.network if network else 'a network of its own'}"
    if seen.status != "ACTIVE":
        yield f"{name} is {seen.status}, not ACTIVE"
    if _minor(seen.version) < _minor(spec.cluster.version):
        yield f"{name} runs Kubernetes {seen.version}, the plan asks for {spec.cluster.version} or later. Upgrade it"
    yield from _door_faults(spec.cluster, name, seen)
    if unlogged := LOGS - seen.logs:
        yield f"{name} does not log {', '.join(sorted(unlogged))}. Turn all five logs on"
    if seen.log_days is None:
        yield f"{name} has no log group /aws/eks/{name}/cluster"
    elif 0 < seen.log_days < spec.audit.retention_days:
        yield f"the log of {name} is kept {seen.log_days} days, {spec.audit.retention_days} are asked for"
    if seen.log_days is not None and not seen.log_key:
        yield f"the log of {name} is not encrypted with a key of yours"
    if seen.mode != "API":
        yield f"{name} takes rights from {seen.mode}: a config map names administrators that nobody sees. Set it to API"
    if missing := set(ADDONS) - seen.addons:
        yield f"{name} lacks the add-ons {', '.join(sorted(missing))}: none are made for a cluster of somebody else"
    elif not seen.network_policies:
        yield f"vpc-cni of {name} does not enforce network policies. Set enableNetworkPolicy to true"
    if unknown := set(spec.cluster.administrators) - seen.administrators:
        yield f"{name} has no access entry for {', '.join(sorted(unknown))}, who is to change objects in it"


def _door_faults(cluster: ClusterSpec, name: str, seen: ClusterSeen) -> Iterator[str]:
    if not seen.private:
        yield f"{name} has no private endpoint, so its nodes reach it over the internet. Turn it on"
    if cluster.door != "allow-list":
        if seen.open_to:
            yield f"{name} has a public endpoint, open to {', '.join(seen.open_to)}, and the door is {cluster.door}"
        return
    if beyond := sorted(set(seen.open_to) - set(cluster.allowed_cidrs)):
        yield f"{name} is open to {', '.join(beyond)}, which meridian:network.allowedCidrs does not list"


def _minor(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
