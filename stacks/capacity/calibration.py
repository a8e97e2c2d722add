"""The few global constants of the capacity model, and the file that holds their fitted values."""

import json
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True)
class Calibration:
    """Constants shared by all GPUs and models; defaults are an uncalibrated guess."""

    bandwidth: float = 0.7
    """Share of peak memory bandwidth reached."""
    decode_compute: float = 0.4
    """Share of peak arithmetic reached in decode."""
    prefill_compute: float = 0.4
    """Share of peak arithmetic reached in prefill."""
    hop_us: float = 8.0
    """Microseconds of latency per all-reduce and doubling of the GPUs."""
    layer_us: float = 30.0
    """Microseconds of launches per layer and step."""
    step_ms: float = 2.0
    """Milliseconds of scheduling per step."""
    request_us: float = 10.0
    """Microseconds per sequence and step (sampling, detokenisation)."""
    interference: float = 1.0
    """Share of other requests' prefill that delays a decoding request."""
    queue: float = 0.2
    """Prefills of its peers that a request waits for, as a share of half the batch."""
    first_ms: float = 20.0
    """Milliseconds of server time before a first token."""


def load() -> Calibration:
    """The fitted constants; the defaults where none are stored."""
    return Calibration(**json.loads(FILE.read_text())["values"]) if FILE.exists() else Calibration()


CALIBRATION = load()
