"""What a region's cluster is to serve: frozen values, no defaults, no Pulumi, no cloud's words.

Serving is what the Kubernetes API makes: replicas, gateway, scaling, weights, isolation. The plan fills every field.
"""

from dataclasses import dataclass
from typing import Literal

from components.specs import LaneName, LaneSpec, TenantSpec

GroupRole = Literal["base", "spot", "next"]
"""`base` carries what must survive, `spot` is scaled, `next` stands in on the plan's next GPU when a floor is unmet."""


@dataclass(frozen=True)
class GpuEngineSpec:
    """Size of one vLLM engine on GPUs; the names are vLLM's."""

    max_model_len: int
    """Context of prompt and output together, in tokens."""
    max_num_seqs: int
    """Requests generated side by side."""
    max_num_batched_tokens: int
    """Tokens of one scheduler step, the chunk of chunked prefill."""
    max_num_queued_reqs: int
    """Running plus waiting requests above which the engine refuses admission."""
    quantization: str | None
    """vLLM's `--quantization`; None keeps what the weights say."""
    extra_args: tuple[tuple[str, str | bool], ...]
    """Further vLLM flags, sorted by name; checked by the server against the pinned version."""


@dataclass(frozen=True)
class ReplicaGroupSpec:
    """Replicas of one model that are alike: same machine, same capacity type."""

    role: GroupRole
    pool: str
    """`PoolSpec.name` of the nodes it runs on: required, never preferred."""
    slots: tuple[str, ...]
    """Where a replica spans nodes, `PoolSpec.name` of the pools that hold one replica each and stand for `pool`; else
    empty."""
    replicas: int
    """Number at creation; of `spot` and `next` an autoscaler owns it once it exists."""
    min_replicas: int
    """Of `spot`: what survival counts on, however idle it is; equal to `replicas` for `base`."""
    max_replicas: int
    """Equal to `replicas` for `base`."""
    nodes_per_replica: int
    """Above 1 a replica is a LeaderWorkerSet group: pipeline parallel over nodes."""
    gpus_per_node: int
    """GPUs that a replica takes of each of its nodes: tensor parallel inside a node."""
    replicas_per_node: int
    """Replicas that share one of its nodes; 1 where a replica spans nodes. Zones may differ by so many, as a node is
    bought whole."""
    concurrency: int
    """Requests generated side by side inside the SLO."""
    rdma_cards: int
    """Network cards that a replica takes of each of its nodes; 0 where it stays in one."""
    lanes: tuple[LaneName, ...]
    """Lanes that may be placed here: chat only where its longest answer fits the drain."""
    drain_delay_seconds: int
    """How long a stopping replica says not ready while it still takes requests."""
    drain_timeout_seconds: int
    """How long running requests may take to finish after that; with the delay never above the notice of spot."""


@dataclass(frozen=True)
class ServedModelSpec:
    """A model of a region, in a namespace of its own, named as the model."""

    name: str
    """The name clients send as `model`; also the namespace."""
    source: str
    """Where its weights come from, e.g. `meta-llama/Llama-3.3-70B-Instruct`."""
    revision: str
    """Commit of the source: weights are immutable per revision."""
    precision: str
    ttft_p95_ms: int
    """Promised to clients, as are pace and availability: alerts are judged by them."""
    tpot_p95_ms: float
    availability: float
    """In percent of a month's requests."""
    engine: GpuEngineSpec
    groups: tuple[ReplicaGroupSpec, ...]
    """`base` first, then `spot`, then `next`, those there are."""


@dataclass(frozen=True)
class ImageSpec:
    """An image by digest; nothing runs by a tag."""

    repository: str
    """Path below the territory's registry, e.g. `meridian/serving`."""
    digest: str
    """`sha256:` and 64 hex digits."""


@dataclass(frozen=True)
class GatewayPodsSpec:
    """Envoy on every node of the gateway pool."""

    image: ImageSpec
    """Envoy, of the release that Envoy Gateway brings."""
    nodes: int
    """Gateway nodes at least; a tenant's limits are shared out by it."""
    port: int
    """NodePort that the entry sends to."""
    buffer_bytes: int
    """Largest request body that is buffered for a retry, in bytes."""
    stream_idle_seconds: int


@dataclass(frozen=True)
class ServingSpec:
    """The serving layer of one region."""

    name: str
    """The region's name, e.g. `aws-eu-north-1`."""
    environment: str
    territory: str
    labels: tuple[tuple[str, str], ...]
    """On every object, sorted."""
    zones: tuple[str, ...]
    image: ImageSpec
    models: tuple[ServedModelSpec, ...]
    """Sorted by name."""
    lanes: tuple[LaneSpec, ...]
    tenants: tuple[TenantSpec, ...]
    """Those of the region's territory, sorted by name."""
    gateway: GatewayPodsSpec
    probe_path: str
    probe_body: str
    entry_names: tuple[str, ...]
    """Names that the gateway's certificate carries: the territory's and the region's."""
    stall_seconds: int
    probe_interval_seconds: int
