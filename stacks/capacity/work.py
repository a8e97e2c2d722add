"""What one layout must read, multiply, exchange and launch; all that the physics needs to know."""

from dataclasses import dataclass

from stacks.capacity.shape import BYTES, ModelShape
from stacks.catalog.gpus import GPUS, Gpu

RESERVED_GIB = 3
"""Kept on each GPU for activations and CUDA graphs (an assumption)."""

WEIGHT_ONLY_KERNELS = 10
"""Kernels more per layer where expert weights are widened before they are multiplied (alignment, permutation)."""

BLOCK_KERNELS = (4, 2)
"""Kernels more per layer, outside and inside experts, in fp8 checkpoints of MoE models: they are scaled by block, and
each GEMM's activations are quantised in a kernel of their own; dense fp8 checkpoints are scaled per tensor."""


@dataclass(frozen=True)
class Layout:
    """How one replica lies on its GPUs."""

    gpu: str
    tensor_parallel: int
    pipeline_parallel: int
    precision: str
    attention_ranks: int = 1
    """Attention data parallelism: groups of a stage's GPUs that each hold their own sequences."""
    expert_parallel: bool = False
    """Whether whole experts are dealt to GPUs instead of slices of every expert."""
    kv_precision: str = "bf16"

    @property
    def gpus(self) -> int:
        """GPUs of one replica."""
        return self.tensor_parallel * self.pipeline_parallel


@dataclass(frozen=True)
class Work:
    """Work of one GPU per pass over all stages; per token where it grows with tokens, else per pass."""

    bandwidth: float
    link: float
    dense_tflops: float
    expert_tflops: float
    attention_tflops: float
    dense_bytes: float
    dense_flops: float
    head_bytes: float
    experts: float
    experts_per_token: float
    expert_bytes: float
    """Of one expert in every expert layer."""
    expert_flops: float
    shard_width: float
    expert_parallel: float
    activation_bytes: float
    kv_bytes: float
    """Read per sequence and token of context."""
    window_kv_bytes: float
    window: float
    full_layers: float
    window_layers: float
    attention_flops: float
    """Per new token, token of context and layer."""
    ways: float
    all_reduces: float
    exchanged_bytes: float
    stages: float
    stage_bytes: float
    kernels: float
    moe_kernels: float
    cache_tokens: float
    age: float
    """0: an engine of 2026; 1: of 2025."""


def tflops(gpu: Gpu, precision: str) -> float:
    """Dense TFLOP/s that `precision` runs at; weights the GPU cannot multiply are widened to bf16."""
    return gpu.dense_tflops.get(precision, gpu.dense_tflops["bf16"])


def dense_precision(shape: ModelShape, precision: str) -> str:
    """What the weights outside experts are kept in: published four-bit MoE checkpoints quantise experts alone."""
    return "bf16" if shape.experts and precision in {"fp4", "int4"} else precision


def weight_bytes(shape: ModelShape, precision: str) -> float:
    """Bytes of all weights; embedding and head stay in bf16."""
    embeddings = (1 if shape.tied else 2) * shape.vocab * shape.hidden
    experts = shape.moe_layers * shape.experts * shape.expert_parameters
    rest = shape.parameters - embeddings - experts
    return embeddings * 2 + experts * BYTES[precision] + rest * BYTES[dense_precision(shape, precision)]


def cache_tokens(shape: ModelShape, layout: Layout, memory_utilisation: float) -> float:
    """Tokens of KV cache that a replica holds; a sliding window's share is not counted, latent caches are copied."""
    gpu = GPUS[layout.gpu]
    per_rank = _kv_split(shape, layout)
    layers = shape.layers - shape.window_layers if shape.window_layers < shape.layers else shape.layers
    free = (gpu.memory_gib * memory_utilisation - RESERVED_GIB) * 2**30
    free -= weight_bytes(shape, layout.precision) / layout.gpus
    values = layers * shape.kv_values * BYTES[layout.kv_precision] / per_rank / layout.pipeline_parallel
    return max(0.0, free / values * layout.attention_ranks)


def _kv_split(shape: ModelShape, layout: Layout) -> int:
    ways = max(1, layout.tensor_parallel // layout.attention_ranks)
    return 1 if shape.kv_latent else min(ways, shape.kv_heads)


def _kernels(shape: ModelShape, layout: Layout, gpu: Gpu) -> tuple[float, float]:
    """Kernels per layer, and those among them that experts add; counted from the architecture, not fitted."""
    dense = dense_precision(shape, layout.precision)
    count = 10 + 2 * shape.qk_norm + 6 * (shape.kv_latent > 0)
    count += 4 * (dense != "bf16" and dense in gpu.dense_tflops)
    if not shape.experts:
        return count, 0
    native = layout.precision in gpu.dense_tflops
    extra = 4 * shape.biased_router + 3 * (shape.shared_experts > 0)
    extra += 5 + (2 * (layout.precision != dense) if native else WEIGHT_ONLY_KERNELS)
    if native and layout.precision == "fp8":
        count, extra = count + BLOCK_KERNELS[0], extra + BLOCK_KERNELS[1]
    return count + extra, extra


def work(shape: ModelShape, layout: Layout, *, age: float = 0.0) -> Work:
    """The work of `shape` on `layout`, by an engine of the given age."""
    gpu, ways, ranks = GPUS[layout.gpu], layout.tensor_parallel, layout.attention_ranks
    precision = dense_precision(shape, layout.precision)
    head = shape.vocab * shape.hidden
    attention = shape.layers * shape.attention_parameters
    rest = shape.dense_parameters - head - attention
    kv = shape.kv_values * BYTES[layout.kv_precision] / _kv_split(shape, layout) / ranks
    width, heads = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    feed = (shape.layers - shape.moe_layers) * shape.intermediate + shape.moe_layers * (
        shape.shared_experts * shape.expert_intermediate
    )
    moved = shape.layers * (6 * shape.hidden * ways + 4 * width + 4 * heads) + 6 * feed
    expert = shape.moe_layers * shape.experts_per_token * (4 * shape.hidden + 6 * shape.expert_intermediate)
    kernels, moe = _kernels(shape, layout, gpu)
    reduces = 4 if shape.wide_qk_norm else 2
    return Work(
        bandwidth=gpu.bandwidth_gb_s,
        link=gpu.interconnect_gb_s,
        dense_tflops=tflops(gpu, precision),
        expert_tflops=tflops(gpu, layout.precision),
        attention_tflops=gpu.dense_tflops["bf16"],
        dense_bytes=(attention * ranks + rest) / ways * BYTES[precision],
        dense_flops=2 * (attention + rest) / ways,
        head_bytes=head * 2 / ways,
        experts=shape.experts,
        experts_per_token=shape.experts_per_token,
        expert_bytes=shape.moe_layers * shape.expert_parameters / ways * BYTES[layout.precision],
        expert_flops=2 * shape.moe_layers * shape.expert_parameters / ways,
        shard_width=max(1.0, shape.expert_intermediate / (1 if layout.expert_parallel else ways)),
        expert_parallel=float(layout.expert_parallel),
        activation_bytes=(moved + expert) / ways,
        kv_bytes=(shape.layers - shape.window_layers) * kv,
        window_kv_bytes=shape.window_layers * kv,
        window=shape.window or 1,
        full_layers=shape.layers - shape.window_layers,
        window_layers=shape.window_layers,
        attention_flops=4 * shape.heads * shape.attention_width / ways,
        ways=ways,
        all_reduces=reduces * shape.layers,
        exchanged_bytes=8 * shape.layers * shape.hidden * (ways - 1) / ways,
        stages=layout.pipeline_parallel,
        stage_bytes=2 * shape.hidden * (layout.pipeline_parallel - 1),
        kernels=shape.layers * kernels,
        moe_kernels=shape.layers * moe,
        cache_tokens=cache_tokens(shape, layout, 0.9),
        age=age,
    )
