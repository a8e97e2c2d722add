"""Several control planes at once: one for each region, started side by side."""

import contextlib
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from rehearsal.engine.model import Progress
from rehearsal.lab.api import Object
from rehearsal.lab.binaries import Binaries, ensure
from rehearsal.lab.control_plane import ControlPlane, control_plane
from rehearsal.lab.definitions import ensure_definitions
from rehearsal.lab.nodes import NodeSpec
from rehearsal.lab.stages import PodBehaviour

AT_ONCE = 4
"""Control planes that start side by side; more would only wait for the processors."""


class Lab:
    """A real control plane for each region, for the time of a `with` block."""

    def __init__(
        self,
        regions: Mapping[str, Sequence[NodeSpec]],
        *,
        folder: Path,
        root: Path,
        progress: Progress,
        behaviour: PodBehaviour | None = None,
        definitions: Sequence[Object] | None = None,
    ) -> None:
        """Take the nodes of each region by the region's name; nothing is started yet.

        `folder` gets the data of the control planes, `root` is the checkout whose `.meridian/lab` holds the programs.
        `definitions` are the kinds beside Kubernetes' own: all that are pinned when left out.
        Entering raises EngineError without Go, and NotStarted.
        """
        self.regions, self.folder, self.root = dict(regions), folder, root
        self.planes: dict[str, ControlPlane] = {}
        """The control plane of each region."""
        self._say, self._behaviour, self._definitions = progress, behaviour, definitions
        self._open = contextlib.ExitStack()

    @property
    def kubeconfigs(self) -> dict[str, Path]:
        """An administrator's access to each region."""
        return {region: plane.kubeconfig for region, plane in self.planes.items()}

    def __enter__(self) -> "Lab":
        binaries = ensure(self.root, self._say, os.environ)
        definitions = self._definitions
        if definitions is None:
            definitions = ensure_definitions(self.root, self._say, os.environ)
        began = time.monotonic()
        with contextlib.ExitStack() as stack:
            with ThreadPoolExecutor(AT_ONCE) as starters:
                started = [starters.submit(self._start, region, binaries, definitions) for region in self.regions]
            for region, future in zip(self.regions, started, strict=True):
                with contextlib.suppress(Exception):
                    context, plane = future.result()
                    stack.push(context)
                    self.planes[region] = plane
            for future in started:
                future.result()
            self._open = stack.pop_all()
        self._report(time.monotonic() - began)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _start(
        self, region: str, binaries: Binaries, definitions: Sequence[Object]
    ) -> tuple[contextlib.AbstractContextManager[ControlPlane], ControlPlane]:
        context = control_plane(
            binaries,
            self.folder / region,
            region=region,
            nodes=self.regions[region],
            crds=definitions,
            behaviour=self._behaviour,
        )
        return context, context.__enter__()

    def _report(self, seconds: float) -> None:
        total = 0
        for region, plane in self.planes.items():
            memory = sum(plane.processes.memory().values())
            total += memory
            nodes = len(self.regions[region])
            self._say(f"lab {region}: API server in {plane.seconds:.1f} s, {nodes} nodes, {memory} MiB")
        self._say(f"lab: {len(self.planes)} regions in {seconds:.1f} s, {total} MiB")
