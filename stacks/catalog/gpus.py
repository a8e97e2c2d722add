"""What each GPU can do: memory, bandwidth, dense arithmetic, interconnect."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

SHEET = "vendor data sheet, dense figures, from general knowledge and not re-read; written 2026-11-25"

READ = {
    "h100": "regantih.github.io, H100 and B200 drills: 989 TFLOP/s, 3.35 TB/s, NVLink 900 GB/s",
    "h200": "itkb.uw.cz 2026-06 H200 vs B300: 989 and 1979 TFLOP/s, 4.8 TB/s, 141 GB",
    "b200": "glennklockwood.com/garden/processors/B200, HGX at 1000 W; another page says 7.7 TB/s for HGX",
    "b300": "glennklockwood.com/garden/processors/B300, HGX; fp4 there 13125",
    "gb200": "glennklockwood.com/garden/processors/B200, the 1200 W variant",
    "h20": "zangshuxian.com 674733024499207168: 148 and 296 TFLOP/s, 4.0 TB/s",
    "l40": "hmc-tech.com B200 vs L40: 181 and 362 TFLOP/s with fp32 accumulation, 864 GB/s",
}
"""Pages on which throughput and bandwidth were read on 2026-11-25; all other figures are from general knowledge."""


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

    @property
    def capability(self) -> float | None:
        """Compute capability of CUDA; None for what is not NVIDIA's, which the serving image has no kernels for."""
        family = re.split(r"[\d-]", self.name)[0]
        return _CAPABILITY.get(self.name, _CAPABILITY.get(family))


LEAST_CAPABILITY = 8.0
"""vLLM has no bfloat16 below it, nor kernels for fp8 weights (its pages on `dtype` and on quantised hardware; general
knowledge, 2026-11-25, not re-read): below, neither precision of the configuration can be served."""

_CAPABILITY = {
    "v": 7.0, "t": 7.5, "a": 8.0, "a10": 8.6, "a10g": 8.6, "a6000": 8.6, "l": 8.9, "rtx-6000-ada": 8.9, "h": 9.0,
    "gh": 9.0, "b": 10.0, "gb": 10.0, "b300": 10.3, "gb300": 10.3, "rtx-pro-6000": 12.0,
}  # fmt: skip
"""NVIDIA's list of CUDA GPUs by name or family; general knowledge, 2026-11-25, not re-read."""


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
    return Gpu(name, memory, bandwidth, dense, link, max_tp, calibrated, READ.get(name, SHEET))


GPUS: dict[str, Gpu] = {
    gpu.name: gpu
    for gpu in (
        _gpu("t4", 16, 320, (65,), 16, max_tp=4),
        _gpu("v100", 32, 900, (125,), 150),
        _gpu("a10", 24, 600, (125,), 32),
        _gpu("a10g", 24, 600, (70,), 32, max_tp=8),
        _gpu("a30", 24, 933, (165,), 100),
        _gpu("a6000", 48, 768, (155,), 56),
        _gpu("l4", 24, 300, (121, 242), 32),
        _gpu("l40", 48, 864, (181, 362), 32),
        _gpu("l40s", 48, 864, (362, 733), 32),
        _gpu("rtx-6000-ada", 48, 960, (364, 728), 32),
        _gpu("rtx-pro-6000", 96, 1792, (504, 1008, 2015), 64),
        _gpu("a100-40", 40, 1555, (312,), 300, max_tp=16),
        _gpu("a100-80", 80, 2039, (312,), 300),
        _gpu("a100-80-pcie", 80, 1935, (312,), 32),
        _gpu("h100", 80, 3350, (989, 1979), 450, calibrated=True),
        _gpu("h100-pcie", 80, 2000, (756, 1513), 64),
        _gpu("h100-nvl", 94, 3900, (835, 1671), 300, max_tp=2),
        _gpu("h800", 80, 3350, (989, 1979), 200),
        _gpu("h20", 96, 4000, (148, 296), 450),
        _gpu("h200", 141, 4800, (989, 1979), 450, calibrated=True),
        _gpu("gh200", 96, 4000, (989, 1979), 450, max_tp=1),
        _gpu("b200", 180, 8000, (2250, 4500, 9000), 900, calibrated=True),
        _gpu("b300", 270, 8000, (2250, 4500, 13500), 900, calibrated=True),
        _gpu("gb200", 186, 8000, (2500, 5000, 10000), 900, max_tp=72),
        _gpu("gb300", 278, 8000, (2500, 5000, 15000), 900, max_tp=72),
        _gpu("mi300x", 192, 5300, (1307, 2615), 448),
        _gpu("mi325x", 256, 6000, (1307, 2615), 448),
        _gpu("mi355x", 288, 8000, (2500, 5000, 10000), 538),
    )
}

_SYSTEMS = {"a100": "a100-80", "a100-pcie": "a100-80-pcie", "a100-80gb": "a100-80", "a100-40gb": "a100-40"}


def find_gpu(system: str) -> Gpu | None:
    """The GPU that a benchmark calls `system`: `h100_sxm`, `NVIDIA-H200`, `gb200_nvl72` are known; else None."""
    key = re.sub(r"^nvidia[-_ ]", "", system.strip().lower()).replace("_", "-").replace(" ", "-")
    key = re.sub(r"-(sxm\d?|nvl\d{2}|hgx|dgx|\d+x)(?=-|$)", "", key)
    return GPUS.get(_SYSTEMS.get(key, key))
