"""What the ground of a region on a cloud is to be: frozen values, no defaults, no Pulumi, no cloud's words.

Ground is what cloud APIs make: network, keys, cluster, pools, entry, audit, registry. The plan fills every field.
"""

from dataclasses import dataclass
from typing import Literal

PoolRole = Literal["system", "gateway", "gpu"]
"""`system` runs controllers, `gateway` runs Envoy behind the entry, `gpu` runs replicas of one model."""

CapacityType = Literal["on-demand", "spot", "reserved"]

Door = Literal["tunnel", "direct", "allow-list"]
"""How changes reach the control plane: the cloud's own tunnel, from inside the network, or from listed addresses."""

Grant = Literal["weights-read", "weights-write", "secrets-read", "metrics-write", "nodes-scale"]
"""What a workload may do outside its cluster. Nothing else can be granted."""


@dataclass(frozen=True)
class ExistingNetwork:
    """A network that somebody else owns; its traits are checked before it is used."""

    network: str
    """The cloud's id of it."""
    node_subnets: tuple[str, ...]
    """Private subnets, one per zone."""
    entry_subnets: tuple[str, ...]
    """Subnets of the load balancer, one per zone."""


@dataclass(frozen=True)
class NetworkSpec:
    """A region's network."""

    cidr: str
    """A /16 that no other region of the environment has."""
    zones: tuple[str, ...]
    """The cloud's own names of at least two availability zones, sorted."""
    existing: ExistingNetwork | None


@dataclass(frozen=True)
class ClusterSpec:
    """A region's Kubernetes control plane."""

    version: str
    """Minor version, e.g. `1.34`."""
    door: Door
    door_port: int
    """This machine's end of a tunnel to the control plane: one of its own for each region of the environment."""
    allowed_cidrs: tuple[str, ...]
    """Addresses that reach the control plane with `allow-list`; never all of them."""
    administrators: tuple[str, ...]
    """The cloud's names of who may change every object, e.g. role ARNs."""
    existing: str | None
    """Name of a cluster that somebody else owns, in an existing network; its traits are checked before it is used."""


@dataclass(frozen=True)
class PoolSpec:
    """Machines of one capacity type that do one thing. An autoscaler owns their number once they exist."""

    name: str
    """Unique in the region and stable."""
    role: PoolRole
    model: str | None
    """Whose replicas run there; None for system and gateway."""
    machines: tuple[str, ...]
    """Machine types, the preferred one first; only spot has several."""
    capacity: CapacityType
    reservation: str | None
    """The cloud's id of a reservation that was bought; never made here."""
    zones: tuple[str, ...]
    nodes: int
    """Number at creation."""
    min_nodes: int
    max_nodes: int
    gpus_per_node: int
    rdma_cards: int
    """Network cards of each node that the parts of one replica talk through; 0 where a replica stays in one node."""
    disk_gib: int


@dataclass(frozen=True)
class EntrySpec:
    """The front door: load balancer with TLS and WAF, in front of the gateway."""

    names: tuple[str, ...]
    """Names on its certificate: the territory's and the region's."""
    zone: str
    """DNS zone that proves them."""
    visibility: Literal["public", "private", "both"]
    """Whom it is for: clients on the internet, clients of the network, or one entry for each."""
    gateway_port: int
    """Port of every gateway node (NodePort)."""
    probe_path: str
    probe_body: str
    """What the probe's answer holds when the region served a token lately."""
    inference_paths: tuple[str, ...]
    """Exact paths whose bodies are prompts, which injection rules do not read."""
    idle_timeout_seconds: int
    """Longest silence of a stream, queue and prefill included."""
    requests_per_five_minutes: int
    """Of one client address; above it the WAF blocks."""


@dataclass(frozen=True)
class AuditSpec:
    """What is kept for auditors."""

    retention_days: int
    lock: Literal["none", "governance", "compliance"]
    """Whether kept logs can be deleted early: by anybody, by a privileged role, by nobody."""


@dataclass(frozen=True)
class IdentitySpec:
    """A workload's identity on the cloud, without a key."""

    name: str
    namespace: str
    service_account: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True)
class GroundSpec:
    """The ground of one region."""

    name: str
    """`<cloud>-<region>`, e.g. `aws-eu-north-1`."""
    environment: str
    territory: str
    location: str
    """The cloud's own name of the region."""
    account: str
    """AWS account, GCP project or Azure subscription; a login to another one is refused."""
    generation: int
    """Part of the names of what a cloud never frees; raise it to build anew beside what is left."""
    protect: bool
    """True where data must survive a mistake: deletion protection on, locks on."""
    tags: tuple[tuple[str, str], ...]
    """On everything that takes tags, sorted."""
    network: NetworkSpec
    cluster: ClusterSpec
    pools: tuple[PoolSpec, ...]
    entry: EntrySpec
    audit: AuditSpec
    identities: tuple[IdentitySpec, ...]
    secrets: tuple[str, ...]
    """Names of what workloads read from the cloud's secret manager; the values are the territory's, and inputs."""
