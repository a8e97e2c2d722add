"""What each GPU can do: memory, bandwidth, dense arithmetic, interconnect."""

from collections.abc import Mapping
from dataclasses import dataclass

SHEET = "vendor data sheet, dense figures, from general knowledge and not re-read; written 2026-11-25"


@dataclass(frozen=True)
class Gpu:
    """One GPU model; figures are peaks without sparsity."""

    name: str
    memory_gib: float
    bandwidth_gb_s: float
    dense_tflops: Mapping[str, float]
    """TFLOP/s by precision: bf16, fp8, fp4 where the hardware has it."""
    interconnect_gb_s: float
    """GB/s to the other GPUs of the machine, one direction."""
    max_tp: int
    """GPUs of the largest machine that tensor parallelism may use."""
    calibrated: bool
    """Whether measured points stand behind the estimates on this GPU."""
    source: str = SHEET


def _gpu(
    name: str,
    memory: float,
    bandwidth: float,
    tflops: tuple[float, ...],
    link: float,
    *,
    max_tp: int = 8,
    calibrated: bool = False,
) -> Gpu:
    dense = dict(zip(("bf16", "fp8", "fp4"), tflops, strict=False))
    return Gpu(name, memory, bandwidth, dense, link, max_tp, calibrated)


GPUS: dict[str, Gpu] = {
    gpu.name: gpu
    for gpu in (
        _gpu("a10g", 24, 600, (70,), 32, max_tp=8),
        _gpu("l4", 24, 300, (121, 242), 32),
        _gpu("l40s", 48, 864, (362, 733), 32),
        _gpu("a100-40", 40, 1555, (312,), 300, max_tp=16),
        _gpu("a100-80", 80, 2039, (312,), 300),
        _gpu("h100", 80, 3350, (989, 1979), 450, calibrated=True),
        _gpu("h100-nvl", 94, 3900, (835, 1671), 300, max_tp=2),
        _gpu("h200", 141, 4800, (989, 1979), 450, calibrated=True),
        _gpu("b200", 180, 8000, (2250, 4500, 9000), 900, calibrated=True),
        _gpu("b300", 270, 8000, (2250, 4500, 13500), 900, calibrated=True),
        _gpu("gb200", 186, 8000, (2500, 5000, 10000), 900, max_tp=72),
        _gpu("gb300", 278, 8000, (2500, 5000, 15000), 900, max_tp=72),
    )
}
