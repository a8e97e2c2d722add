"""Environments on AWS under the real engine, with stand-in clouds: what tests of changes to them need."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.engine import ensure
from rehearsal.rehearsing import Place, Run, StackOf, Subject
from rehearsal.standins.attach import attached
from rehearsal.world import World
from stacks.rehearse import controllers
from tests.rehearsal.host_process import ROOT

STACK = "dev"


@dataclass(frozen=True)
class Environment:
    """One environment in one stack."""

    place: Place
    failures: Path

    @property
    def world(self) -> World:
        """What the stand-in clouds hold."""
        return World(self.place.world)

    def run(self, verb: str, values: Mapping[str, Any], *arguments: str) -> Run:
        """Give the stack these values, and run the engine on it."""
        self.place.configure({f"meridian:{key}": value for key, value in values.items()})
        return self.place.command(verb, STACK, *arguments)

    def up(self, values: Mapping[str, Any], *arguments: str) -> Run:
        """Bring the stack to these values; it must succeed."""
        run = self.run("up", values, *arguments)
        assert run.code == 0, "\n".join(run.errors)
        return run

    def owners(self) -> dict[str, str]:
        """For each URN of the state, the name of the component that it belongs to: a region, or a territory's layer."""
        parents = {each["urn"]: each.get("parent", "") for each in self.place.state(STACK)}

        def owner(urn: str) -> str:
            above = parents.get(urn, "")
            return owner(above) if parents.get(above) else urn.rpartition("::")[2]

        return {urn: owner(urn) for urn in parents}

    def held(self) -> list[tuple[str, str]]:
        """Type and logical name of everything in the world, what is there twice twice."""
        return sorted((each.token, each.urn.rpartition("::")[2]) for each in self.world.resources())


@contextmanager
def environment(folder: Path) -> Iterator[Environment]:
    """An empty environment with a world of its own."""
    subject = Subject("meridian", ROOT, (StackOf(STACK),), {}, {}, {}, ("aws", "kubernetes"), ROOT)
    engine, failures = ensure(ROOT, progress=print, env=os.environ), folder / "failures.json"
    cache = ROOT / ".meridian" / "cache" / "shapes"
    with attached(
        folder / "run" / "world", cache=cache, packages=subject.packages, failures=failures, before=controllers()
    ) as standins:
        place = Place(folder / "run", subject, engine, standins)
        place.make()
        yield Environment(place, failures)
