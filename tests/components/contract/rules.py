"""What every region on every cloud keeps: named rules over a view, each a list of what breaks it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from components.ground_specs import GroundSpec
from tests.components.contract.recorder import World
from tests.components.contract.view import View

LONGEST_WINDOW = 30
CLIENT_PORT = 443
EVERYBODY = "0.0.0.0/0"


@dataclass(frozen=True)
class Region:
    """What a rule looks at: what was asked for, what was registered, and what that comes to."""

    spec: GroundSpec
    world: World
    view: View


Rule = Callable[[Region], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """Name a rule by its function."""
    RULES[check.__name__.replace("_", " ")] = check
    return check


def broken(region: Region) -> Mapping[str, list[str]]:
    """What is broken, by the rule's name."""
    found = {name: list(check(region)) for name, check in RULES.items()}
    return {name: faults for name, faults in found.items() if faults}


@rule
def control_plane_is_private(region: Region) -> Iterator[str]:
    if len(region.view.planes) != 1:
        yield f"{len(region.view.planes)} control planes"
    for plane in region.view.planes:
        if not plane.private:
            yield f"{plane.name} cannot be reached from inside"
        if set(plane.open_to) != set(region.spec.cluster.allowed_cidrs) or EVERYBODY in plane.open_to:
            yield f"{plane.name} is open to {plane.open_to}"


@rule
def nobody_is_administrator_unsaid(region: Region) -> Iterator[str]:
    yield from (f"{plane.name} has an implicit administrator" for plane in region.view.planes if plane.implicit_admin)


@rule
def everything_is_encrypted_with_our_keys(region: Region) -> Iterator[str]:
    ours = {key.id for key in region.view.keys}
    used = [
        *((plane.name, plane.secrets_key) for plane in region.view.planes),
        *((pool.name, pool.disk_key) for pool in region.view.pools),
        *((log.name, log.key) for log in region.view.logs),
        # The one exception: the load balancer cannot write its logs under our key.
        *((store.name, store.key) for store in region.view.stores if store.purpose != "access"),
    ]
    yield from (f"{name} is encrypted with {key}" for name, key in used if key not in ours)
    yield from (
        f"{store.name} is not encrypted"
        for store in region.view.stores
        if store.purpose == "access" and store.key is None
    )


@rule
def keys_turn_and_can_be_taken_back(region: Region) -> Iterator[str]:
    for key in region.view.keys:
        if not key.rotated or key.window_days < LONGEST_WINDOW or key.leaves_region or not key.named:
            yield f"{key.id}: {key}"


@rule
def everything_is_logged(region: Region) -> Iterator[str]:
    yield from (f"{plane.name} lacks a log" for plane in region.view.planes if not plane.all_logs)
    if not region.view.flow_logged:
        yield "traffic of the network is not logged"
    if not region.view.trail:
        yield "calls of the cloud's API are not logged"
    yield from (f"the trail is not {said}" for said, kept in region.view.trail.items() if not kept)
    yield from (
        f"{store.name} has no access log"
        for store in region.view.stores
        if store.access_logged is False and store.purpose != "access"
    )
    yield from (f"{log.name} may not use its key" for log in region.view.logs if not log.key_lets_it)


@rule
def logs_are_kept_as_long_as_asked(region: Region) -> Iterator[str]:
    days = region.spec.audit.retention_days
    yield from (f"{log.name} is kept {log.days} days" for log in region.view.logs if log.days < days)
    for store in region.view.stores:
        if store.kept_days is not None and store.kept_days < days:
            yield f"{store.name} is kept {store.kept_days} days"
    if region.spec.audit.lock == "none":
        return
    locked = [store for store in region.view.stores if store.locked_mode is not None]
    if [store.purpose for store in locked] != ["audit"]:
        yield f"locked are {[store.name for store in locked]}"
    for store in locked:
        if (store.locked_days or 0) < days or (store.locked_mode or "").lower() != region.spec.audit.lock:
            yield f"{store.name} is locked {store.locked_days} days, {store.locked_mode}"


@rule
def everything_is_tagged(region: Region) -> Iterator[str]:
    for provider in region.world.providers.values():
        tags = provider.inputs.get("defaultTags", {}).get("tags", {})
        yield from (f"{provider.name} lacks the tag {key}" for key, text in region.spec.tags if tags.get(key) != text)
    for pool in region.view.pools:
        yield from (
            f"machines of {pool.name} lack {key}" for key, text in region.spec.tags if pool.tags.get(key) != text
        )


@rule
def baseline_is_never_on_spot(region: Region) -> Iterator[str]:
    asked = {pool.name: pool for pool in region.spec.pools}
    seen = {pool.labels.get("meridian.io/pool") for pool in region.view.pools}
    yield from (f"{name} was not made" for name in asked if name not in seen)
    for pool in region.view.pools:
        spec = asked[pool.labels["meridian.io/pool"]]
        if pool.spot != (spec.capacity == "spot"):
            yield f"{pool.name} is {'spot' if pool.spot else 'not spot'}, asked for {spec.capacity}"
        if spec.capacity == "reserved" and pool.reservation != spec.reservation:
            yield f"{pool.name} does not use its reservation"


@rule
def spot_is_spread(region: Region) -> Iterator[str]:
    for spec in region.spec.pools:
        if spec.capacity != "spot":
            continue
        groups = [pool for pool in region.view.pools if pool.labels.get("meridian.io/pool") == spec.name]
        if len(groups) != len(spec.zones) or any(pool.zones != 1 for pool in groups):
            yield f"{spec.name} is not one group per zone"
        if any(pool.machines != spec.machines for pool in groups):
            yield f"{spec.name} does not offer every machine type"


@rule
def nodes_have_no_public_address(region: Region) -> Iterator[str]:
    yield from (f"{pool.name} may get a public address" for pool in region.view.pools if pool.public_address)
    yield from (f"{name} gives out public addresses" for name in region.view.public_subnets)
    out = set(region.view.internet_routes)
    yield from (f"{subnet} has a way to the internet" for subnet in set(region.view.node_subnets) if subnet in out)


@rule
def entries_alone_meet_the_internet(region: Region) -> Iterator[str]:
    if region.spec.entry.visibility == "private" and region.view.internet_routes:
        yield f"{region.view.internet_routes} have a way to the internet"
    doors = {guard for entry in region.view.entries for guard in entry.guards}
    public = {guard for entry in region.view.entries if entry.public for guard in entry.guards}
    for opening in region.view.openings:
        if opening.cidr is None:
            continue
        if opening.owner not in doors or opening.port != CLIENT_PORT or opening.protocol != "tcp":
            yield f"{opening.name} lets {opening.cidr} in to {opening.port}"
        if opening.cidr == EVERYBODY and opening.owner not in public:
            yield f"{opening.name} lets everybody in"


@rule
def pods_cannot_take_the_nodes_role(region: Region) -> Iterator[str]:
    yield from (f"{pool.name} tells its metadata" for pool in region.view.pools if not pool.metadata_closed)


@rule
def autoscaled_sizes_are_left_alone(region: Region) -> Iterator[str]:
    for pool in region.view.pools:
        if pool.autoscaled and not pool.size_ignored:
            yield f"{pool.name} is sized again by every update"
        if pool.size_ignored and not pool.autoscaled:
            yield f"{pool.name} has a fixed size that the plan cannot change"


@rule
def dear_nodes_are_for_their_own_work(region: Region) -> Iterator[str]:
    for pool in region.view.pools:
        wanted = {"gpu": {"nvidia.com/gpu", "meridian.io/model"}, "gateway": {"meridian.io/role"}}
        taints = {taint.partition(":")[0] for taint in pool.taints if taint.endswith(":NO_SCHEDULE")}
        if not wanted.get(pool.labels["meridian.io/role"], set()) <= taints:
            yield f"{pool.name} takes any pod: {pool.taints}"


@rule
def replicas_over_nodes_have_their_network(region: Region) -> Iterator[str]:
    asked = {pool.name: pool for pool in region.spec.pools}
    for pool in region.view.pools:
        spec = asked[pool.labels["meridian.io/pool"]]
        if pool.rdma_cards != spec.rdma_cards or pool.placed_close != bool(spec.rdma_cards):
            yield f"{pool.name} has {pool.rdma_cards} cards, close: {pool.placed_close}"


@rule
def nothing_lies_outside_the_region(region: Region) -> Iterator[str]:
    yield from region.view.strangers


@rule
def stores_are_closed_and_kept(region: Region) -> Iterator[str]:
    for store in region.view.stores:
        if store.public:
            yield f"{store.name} may be made public"
        if store.versioned is False:
            yield f"{store.name} keeps no old versions"
        if store.tls_only is False:
            yield f"{store.name} answers without TLS"


@rule
def images_stay_what_they_were(region: Region) -> Iterator[str]:
    for store in region.view.stores:
        if store.immutable is False or store.scanned is False:
            yield f"{store.name} can be overwritten, or is not scanned"


@rule
def what_holds_data_is_protected(region: Region) -> Iterator[str]:
    if not region.spec.protect:
        return
    yield from (f"{key.id} can be deleted" for key in region.view.keys if not key.protected)
    yield from (f"{plane.name} can be deleted" for plane in region.view.planes if not plane.deletion_protected)
    yield from (f"{entry.name} can be deleted" for entry in region.view.entries if not entry.protected)
    for store in region.view.stores:
        if not store.protected or store.erasable:
            yield f"{store.name} can be deleted"


@rule
def nodes_reach_the_cloud_privately(region: Region) -> Iterator[str]:
    needed = {
        *("ec2", "ecr.api", "ecr.dkr", "s3", "sts", "eks", "eks-auth", "ssm", "ssmmessages", "ec2messages", "sqs"),
        *("autoscaling", "elasticloadbalancing", "logs", "monitoring", "kms", "secretsmanager"),
    }
    missing = needed - region.view.private_services
    if missing:
        yield f"nodes cannot reach {sorted(missing)}"
