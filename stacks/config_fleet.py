"""The parts of the configuration that a fleet on clouds has, and a stack on this machine has not."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

RegionName = Annotated[str, Field(pattern=r"^[a-z]+-[a-z0-9-]{0,40}[a-z0-9]$")]
"""`<cloud>-<region>`, e.g. `local-north`."""

Revision = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Cidr = Annotated[str, Field(pattern=r"^(\d{1,3}\.){3}\d{1,3}/\d{1,2}$")]
Precision = Literal["bf16", "fp8"]
Event = Literal["region", "spot"]
CapacityName = Literal["on-demand", "reserved"]


class Section(BaseModel):
    """A closed part of the configuration; YAML uses camelCase for the same names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True, allow_inf_nan=False
    )


class State(Section):
    """Where a territory's state lies and who encrypts it: inside the territory, both."""

    backend: str = Field(pattern=r"^(s3|gs|azblob)://.+", description="bucket of the territory's state, e.g. s3://...")
    secrets_provider: str = Field(
        pattern=r"^(awskms|gcpkms|azurekeyvault)://.+", description="key of the territory's state, e.g. awskms://..."
    )


class Slo(Section):
    """What clients are promised."""

    ttft_p95_ms: int = Field(gt=0, le=600_000, description="95th percentile of time to first token, in ms")
    tpot_p95_ms: float = Field(gt=0, le=60_000, description="95th percentile of time per output token, in ms")
    availability: float = Field(99.9, ge=50, lt=100, description="share of requests served within a month, in percent")


class Tokens(Section):
    """A length in tokens, by two percentiles: a mean cannot give a P95."""

    p50: int = Field(ge=1, le=1_048_576, description="median, in tokens")
    p95: int = Field(ge=1, le=1_048_576, description="95th percentile, in tokens")

    @model_validator(mode="after")
    def _ordered(self) -> "Tokens":
        if self.p95 < self.p50:
            message = f"p95 ({self.p95}) is below p50 ({self.p50}), which no distribution has"
            raise ValueError(message)
        return self


class ModelDemand(Section):
    """What one territory asks of one model at its busiest hour."""

    requests_per_second: float = Field(ge=0.001, le=100_000, description="mean requests per second of the busiest hour")
    burst: float = Field(2.0, ge=1, le=100, description="busiest minute over busiest hour; the plan sizes for it")
    prompt_tokens: Tokens = Field(description="length of prompts")
    output_tokens: Tokens = Field(description="length of answers")
    shared_prefix_share: float = Field(
        0.0, ge=0, le=1, description="share of prompt tokens found in a warm prefix cache; never relied on for survival"
    )


class Capacity(Section):
    """What may be bought, and what must not break the SLO."""

    survive: tuple[Event, ...] = Field(
        ("region", "spot"), description="events that leave the SLO unbroken: any one region lost, all spot lost"
    )
    gpus: tuple[str, ...] = Field((), description="allowed GPUs, e.g. [h100, h200]; the cheapest that meets the SLO")
    spot_share: float = Field(0.0, ge=0, le=1, description="largest share of a model's machines bought as spot")
    baseline: CapacityName | None = Field(
        None, description="how the baseline is bought; without it on-demand where sold, else reserved"
    )
    commitment_years: Literal[0, 1, 3] = Field(
        0, description="years that the baseline is committed to; billed in full where no price of it is known"
    )
    monthly_budget_usd: float = Field(gt=0, le=1e10, description="largest monthly cost of what has a price, in USD")
    utilisation: float = Field(0.65, gt=0, le=0.65, description="largest load of a replica at peak after a loss")
    assume_available: tuple[str, ...] = Field(
        (), description="`<region>/<machine>` that you vouch for where the catalogue does not know"
    )
    reservations: dict[str, str] = Field(
        default_factory=dict, description="id of what you bought by `<region>/<machine>`, e.g. cr-0123456789abcdef0"
    )


class Compliance(Section):
    """What auditors ask for."""

    frameworks: tuple[Literal["gdpr", "soc2", "hipaa", "iso27001"], ...] = Field(
        (), description="frameworks whose controls the policies enforce"
    )
    log_retention_days: int = Field(400, ge=1, le=3653, description="days that audit logs are kept")
    prompt_log_retention_days: int = Field(0, ge=0, le=3653, description="days that prompts are kept; 0 keeps none")


class Existing(Section):
    """A network that somebody else owns; its traits are checked before anything is made in it."""

    network: str = Field(min_length=1, description="the cloud's id of the network, e.g. vpc-0123456789abcdef0")
    node_subnets: tuple[str, ...] = Field(min_length=1, description="private subnets of nodes, one per zone")
    entry_subnets: tuple[str, ...] = Field(min_length=1, description="subnets of the load balancer, one per zone")


class Network(Section):
    """How regions are reached."""

    door: Literal["tunnel", "direct", "allow-list"] = Field("tunnel", description="how changes reach control planes")
    entry: Literal["public", "private", "both"] = Field("public", description="how clients reach a region")
    fixed_cidr: dict[RegionName, Cidr] = Field(
        default_factory=dict, description="network of a region, where yours must fit into an address plan"
    )
    zones: dict[RegionName, tuple[str, ...]] = Field(
        default_factory=dict, description="zones of a region by the cloud's names; without it the first three"
    )
    existing: dict[RegionName, Existing] = Field(
        default_factory=dict, description="a region's network where somebody else owns it; without it one is made"
    )
    allowed_cidrs: tuple[Cidr, ...] = Field((), description="addresses that reach control planes with door: allow-list")


class Rollout(Section):
    """In which order regions change."""

    waves: tuple[tuple[RegionName, ...], ...] = Field(
        (), description="regions that change together, in order; without it one region at a time"
    )
    clouds: tuple[Literal["aws", "gcp", "azure"], ...] = Field(
        (), description="clouds whose regions are built; the plan stays the whole environment's; without it all"
    )
    retiring: tuple[RegionName, ...] = Field(
        (), description="regions on their way out: drained, and their protection against deletion is lifted"
    )


class Image(Section):
    """What runs in the clusters: the serving image, and what others made and is mirrored to the territories."""

    digest: Digest = Field(description="digest of the built and signed serving image, sha256:...")
    mirrored: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")], Digest] = Field(
        default_factory=dict,
        description="digest of each third-party image in your registries, e.g. {envoy: sha256:...}",
    )


class Steering(Section):
    """DNS that sends clients to the nearest healthy entry of their territory."""

    provider: Literal["route53", "traffic-manager", "cloud-dns"] = Field(description="DNS provider")
    hosted_zone: str = Field(min_length=1, description="zone that holds the territories' names")
    probe_interval_seconds: int = Field(10, ge=10, le=300, description="seconds between health checks")
    failure_threshold: int = Field(3, ge=1, le=10, description="failed checks before a region is left out")
    ttl_seconds: int = Field(30, ge=5, le=3600, description="seconds that clients may keep an answer")
    drained: tuple[RegionName, ...] = Field(
        (), description="regions that no client is sent to; each stays reachable by its own name"
    )
