"""Virtual CPUs of machines: what AWS counts its quotas in."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data" / "vcpus.csv"


@cache
def vcpus() -> Mapping[tuple[str, str], int]:
    """Virtual CPUs by cloud and machine; AWS alone, as no other cloud's quotas are counted so here."""
    with DATA.open(newline="") as file:
        return {(row["cloud"], row["machine"]): int(row["vcpus"]) for row in csv.DictReader(file)}
