"""What a fleet's plan says: frozen values, no Pulumi. Every table shown is recomputed from these alone."""

from dataclasses import dataclass

from stacks.catalog.model import CapacityType


@dataclass(frozen=True)
class Rejection:
    """Why a candidate is out: the constraint, what it came to, and the bound."""

    constraint: str
    value: str
    bound: str


@dataclass(frozen=True)
class Candidate:
    """One way to run a replica of a model in a region. A unit is what is bought at once: one machine, or as many
    machines as one replica spans."""

    region: str
    machine: str
    gpu: str
    gpus_per_replica: int
    """All GPUs of one replica, on all its machines."""
    nodes_per_replica: int
    """Machines of one replica; more than one is pipeline parallel, with tensor parallelism inside each machine."""
    replicas_per_unit: int
    replica_rps: float
    """Requests per second of one replica inside the SLO at the utilisation bound, caches cold."""
    concurrency: int
    """Requests generated side by side when the replica is full; `replica_rps` fills `utilisation` of it."""
    ttft_ms: float
    """At that concurrency and p95 lengths, margin included."""
    tpot_ms: float
    baseline: CapacityType
    usd_per_hour: float
    """One machine, bought as `baseline`."""
    spot_usd_per_hour: float | None
    """One machine as spot; None when spot is not sold, not priced, or cannot drain in time."""
    is_estimate: bool
    """True when a price was read in another region or put together from facts of two dates."""
    uncalibrated: bool
    """True when no measured point stands behind the GPU's capacity."""

    @property
    def unit_rps(self) -> float:
        """Requests per second of one unit."""
        return self.replica_rps * self.replicas_per_unit

    @property
    def unit_usd(self) -> float:
        """USD per hour of one unit, bought as `baseline`."""
        return self.usd_per_hour * self.nodes_per_replica

    @property
    def unit_spot_usd(self) -> float | None:
        """USD per hour of one unit as spot."""
        return None if self.spot_usd_per_hour is None else self.spot_usd_per_hour * self.nodes_per_replica


@dataclass(frozen=True)
class Rejected:
    """A candidate that is out, and the first constraint that it breaks."""

    region: str
    machine: str
    gpu: str
    gpus_per_replica: int
    nodes_per_replica: int
    why: Rejection


@dataclass(frozen=True)
class Pool:
    """Machines of one type and one capacity type, for one model in one region."""

    name: str
    region: str
    model: str
    machine: str
    gpu: str
    capacity: CapacityType
    nodes: int
    nodes_per_replica: int
    replicas: int
    gpus_per_replica: int
    replica_rps: float
    node_usd_per_hour: float
    usd_per_hour: float
    """All its machines together."""
    is_estimate: bool
    nodes_by_zone: tuple[int, ...]
    """Machines in each zone, as even as whole replicas allow; empty where the number of zones is unknown."""


@dataclass(frozen=True)
class ModelFleet:
    """One model in one territory."""

    model: str
    territory: str
    demand_rps: float
    """Requests per second at peak: busiest hour times burst."""
    mean_rps: float
    burst: float
    output_tokens: float
    """Mean output tokens per request, which cost and rates are told by."""
    utilisation: float
    """Share of a replica's concurrency that the plan fills."""
    chosen: tuple[Candidate, ...]
    """By region, sorted."""
    others: tuple[Candidate, ...]
    """Candidates that would do and were not the cheapest."""
    rejected: tuple[Rejected, ...]
    pools: tuple[Pool, ...]


@dataclass(frozen=True)
class Drain:
    """Whether the longest answer of chat ends before a machine of a cloud is gone."""

    model: str
    cloud: str
    capacity: CapacityType
    budget_seconds: int
    """The notice of spot; the drain time of the configuration where the fleet itself decides when to stop."""
    delay_seconds: int
    """Seconds that a pod still takes requests after it says not ready."""
    ttft_ms: float
    """Promised to chat, as is the pace."""
    tpot_ms: float
    output_tokens: int
    """Longest answer that chat may ask for."""
    lanes: tuple[str, ...]
    """Lanes that may be placed there; batch always, as it is asked again."""

    @property
    def needed_seconds(self) -> float:
        """From the notice to the end of chat's longest answer at the promised pace."""
        return self.delay_seconds + (self.ttft_ms + self.output_tokens * self.tpot_ms) / 1000


@dataclass(frozen=True)
class SurvivalRow:
    """One event and what is left of it, with one replica of each Deployment of a wave away for a rollout."""

    territory: str
    model: str
    event: str
    remaining_rps: float
    demand_rps: float

    @property
    def margin(self) -> float:
        """Share of the demand left over; negative when the event breaks the SLO."""
        return self.remaining_rps / self.demand_rps - 1


@dataclass(frozen=True)
class RegionFleet:
    """One region of a fleet."""

    name: str
    cloud: str
    territory: str
    country: str
    zones: int | None
    cidr: str


@dataclass(frozen=True)
class Failover:
    """Seconds between the loss of a region and its clients' arrival elsewhere."""

    provider: str
    probe_interval_seconds: int
    failure_threshold: int
    ttl_seconds: int
    availability: float
    """The strictest promise of any model, in percent."""
    budget_seconds: float
    """What that promise allows in 30 days."""

    @property
    def detection_seconds(self) -> int:
        """Until a lost region is left out of new answers."""
        return self.probe_interval_seconds * self.failure_threshold

    @property
    def seconds(self) -> int:
        """Detection and cached answers together."""
        return self.detection_seconds + self.ttl_seconds


@dataclass(frozen=True)
class FleetPlan:
    """Everything that will exist in an environment on clouds."""

    environment: str
    regions: tuple[RegionFleet, ...]
    models: tuple[ModelFleet, ...]
    waves: tuple[tuple[str, ...], ...]
    survive: tuple[str, ...]
    survival: tuple[SurvivalRow, ...]
    failover: Failover
    drain: tuple[Drain, ...]
    services: tuple[tuple[str, str, float], ...]
    """Region, service, USD per hour."""
    unpriced: tuple[str, ...]
    monthly_budget_usd: float
    warnings: tuple[str, ...]
