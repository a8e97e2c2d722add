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
    """One way to run a replica of a model in a region."""

    region: str
    machine: str
    gpu: str
    gpus_per_replica: int
    """GPUs of one replica (tensor parallel size)."""
    replicas_per_node: int
    replica_rps: float
    """Requests per second of one replica inside the SLO at the utilisation bound, caches cold."""
    concurrency: int
    """Requests generated side by side at that rate."""
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
    def node_rps(self) -> float:
        """Requests per second of one machine."""
        return self.replica_rps * self.replicas_per_node


@dataclass(frozen=True)
class Rejected:
    """A candidate that is out, with every reason."""

    region: str
    machine: str
    gpu: str
    gpus_per_replica: int
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
    replicas: int
    gpus_per_replica: int
    replica_rps: float
    usd_per_hour: float
    """All its machines together."""
    is_estimate: bool


@dataclass(frozen=True)
class ModelFleet:
    """One model in one territory."""

    model: str
    territory: str
    demand_rps: float
    """Requests per second at peak: busiest hour times burst."""
    output_tokens: float
    """Mean output tokens per request, which cost is told by."""
    mean_rps: float
    chosen: tuple[Candidate, ...]
    """By region, sorted."""
    others: tuple[Candidate, ...]
    """Candidates that would do and were not the cheapest."""
    rejected: tuple[Rejected, ...]
    pools: tuple[Pool, ...]


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
    detection_seconds: int
    ttl_seconds: int
    budget_seconds: float
    """What the strictest availability allows in 30 days."""

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
    services: tuple[tuple[str, str, float], ...]
    """Region, service, USD per hour."""
    unpriced: tuple[str, ...]
    monthly_budget_usd: float
    warnings: tuple[str, ...]
