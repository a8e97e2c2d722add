"""The few global constants of the capacity model, and the file that holds their fitted values."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Calibration:
    """Constants shared by all GPUs and models; the defaults are the guesses that the fit starts from and leans to."""

    bandwidth: float = 0.9
    """Share of peak memory bandwidth at which dense weights are read."""
    kv_bandwidth: float = 0.8
    """The same for the KV cache."""
    activation: float = 0.5
    """The same for activations between kernels."""
    compute: float = 0.8
    """Share of peak arithmetic reached by a large dense GEMM."""
    expert_compute: float = 0.3
    """The same for grouped expert GEMMs."""
    attention: float = 0.4
    """The same for attention over a prompt, of the bf16 peak."""
    dense_fill: float = 64.0
    """Tokens that a dense GEMM's start and end cost on top of its own; not fitted."""
    expert_fill: float = 16.0
    """The same per touched expert (tiles are padded)."""
    expert_width: float = 64.0
    """Columns of an expert's shard at which half the bandwidth is reached."""
    expert_parallel: float = 0.1
    """Extra expert time under expert parallelism (imbalance)."""
    kernel_us: float = 3.0
    """Microseconds per kernel of a CUDA graph."""
    launch_us: float = 15.0
    """Microseconds per kernel of a step with prompt tokens."""
    hop_us: float = 6.0
    """Microseconds of latency per all-reduce between two GPUs."""
    hop_power: float = 0.3
    """Power with which that latency grows with the number of GPUs."""
    link: float = 0.6
    """Share of the interconnect's peak."""
    step_ms: float = 0.5
    """Milliseconds of scheduling per step."""
    sequence_us: float = 10.0
    """Microseconds per sequence and step (sampling, detokenisation)."""
    first_ms: float = 10.0
    """Milliseconds of server time before a first token."""
    burst: float = 0.2
    """How much of a synchronised start the mean request sees (1: every prompt arrives at once)."""
    queue: float = 1.0
    """Weight of the M/D/1 wait behind other prompts; not fitted."""
    cache_growth: float = 0.5
    """Share of its output that the mean running request holds in the cache; not fitted."""
    age_kernel: float = 0.3
    """Extra time per kernel in engines of 2025 (vLLM 0.11 and before); nothing from 0.18 on."""
    age_moe: float = 0.3
    """The same, on top, for the kernels of experts."""
    age_sequence_us: float = 5.0
    """Extra microseconds per sequence and step in such engines."""


IDEAL = Calibration(
    bandwidth=1, kv_bandwidth=1, activation=1e9, compute=1, expert_compute=1, attention=1, dense_fill=0, expert_fill=0,
    expert_width=0, expert_parallel=0, kernel_us=0, launch_us=0, hop_us=0, link=1, step_ms=0, sequence_us=0,
    first_ms=0, burst=0, queue=0, age_kernel=0, age_moe=0, age_sequence_us=0,
)  # fmt: skip
"""The textbook roofline: every peak reached, nothing else costs time."""


def load() -> Calibration:
    """The fitted constants; the defaults where none are stored."""
    return Calibration(**json.loads(FILE.read_text())["values"]) if FILE.exists() else Calibration()


CALIBRATION = load()
