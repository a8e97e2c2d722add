"""What every territory's registries must hold: our own image, third parties' images and their charts. Pure data."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

DATA = Path(__file__).parent / "images.json"
SERVING = "serving"
"""Repository of our own image."""


@dataclass(frozen=True)
class Mirrored:
    """One repository of a registry."""

    name: str
    """Of the repository, below the environment's prefix; a chart's is `charts/` and its own name, as Helm pushes it."""
    kind: Literal["image", "chart"]
    source: str | None
    """Where the mirror reads it: repository, or address and name of a chart; None for what is built here."""
    version: str | None
    """Tag or chart version; None where nobody has read yet which fits."""
    digest: str | None
    """`sha256:...` of that version, of a chart from an index the package file's; None until the mirror has read it."""
    of: str | None = None
    """The chart that runs this image."""
    gives: tuple[str, ...] = ()
    """API groups that a chart brings to a cluster."""
    note: str | None = None

    @property
    def is_pinned(self) -> bool:
        """Whether what is mirrored is the same thing every time."""
        return self.digest is not None


@cache
def mirrored() -> tuple[Mirrored, ...]:
    """Every repository, in the order of the file."""
    rows = json.loads(DATA.read_text())["images"]
    return tuple(Mirrored(**{**row, "gives": tuple(row.get("gives", ()))}) for row in rows)
