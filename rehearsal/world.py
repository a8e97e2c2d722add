"""The world of a rehearsal: everything that stand-in clouds hold, one file a resource, which a person can edit.

A file that is edited or removed is what the cloud says from then on; the engine's next refresh shows it.
"""

import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rehearsal.standins.refusals.world import Gone, Tombstone


@dataclass(frozen=True)
class Resource:
    """One resource that exists; inputs and outputs have the names on the wire."""

    package: str
    token: str
    id: str
    urn: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    provider: Mapping[str, Any]
    """Configuration of its provider, secrets left out."""
    place: str
    """Account, project or cluster: an id is unique in it for one type."""


@dataclass(frozen=True)
class Buried(Tombstone):
    """What a deleted resource left behind, and whose it is."""

    token: str
    id: str
    since: str
    """ISO time of the deletion."""


class World:
    """A folder of resources. Safe to use from several threads of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._held: dict[str, tuple[int, Resource]] = {}
        self._seen = -1
        (folder / "resources").mkdir(parents=True, exist_ok=True)

    def put(self, resource: Resource) -> None:
        """Add or change a resource."""
        file = self._file(resource.package, resource.token, resource.id, resource.place)
        with self._lock:
            self._look()
            self._write(file, asdict(resource))
            self._held[file.name] = (file.stat().st_mtime_ns, resource)
            self._seen = self._folder.stat().st_mtime_ns

    def get(self, package: str, token: str, id: str, place: str) -> Resource | None:
        """Return a resource as its file says now; None if it is gone."""
        file = self._file(package, token, id, place)
        return _read(file) if file.exists() else None

    def delete(self, resource: Resource) -> None:
        """Remove a resource; nothing if it is gone already."""
        file = self._file(resource.package, resource.token, resource.id, resource.place)
        with self._lock:
            self._look()
            file.unlink(missing_ok=True)
            self._held.pop(file.name, None)
            self._seen = self._folder.stat().st_mtime_ns

    def edit(self, resource: Resource, **properties: Any) -> None:
        """Change properties as somebody would in the cloud's console, behind the engine's back."""
        self.put(
            replace(resource, inputs={**resource.inputs, **properties}, outputs={**resource.outputs, **properties})
        )

    def resources(self, package: str | None = None, token: str | None = None) -> Sequence[Resource]:
        """Return what exists, of one package or one type if told so."""
        with self._lock:
            self._look()
            return [
                held
                for _, held in self._held.values()
                if package in (None, held.package) and token in (None, held.token)
            ]

    def find(self, id: str) -> Resource | None:
        """Return a resource of that id, whatever its type."""
        return next((held for held in self.resources() if held.id == id), None)

    def bury(self, stone: Tombstone, *, of: Resource) -> None:
        """Note what a deleted resource left behind."""
        with self._lock:
            since = self.now().isoformat(timespec="seconds")
            new = Buried(**vars(stone), token=of.token, id=of.id, since=since)
            others = [other for other in self.tombstones() if other.scope != stone.scope or not stone.scope]
            self._write(self._graves, [asdict(one) for one in [*others, new]])

    def tombstones(self) -> Sequence[Buried]:
        """Return what deleted resources left behind and is not over yet."""
        if not self._graves.exists():
            return []
        now = self.now()
        said = json.loads(self._graves.read_text())
        found = [Buried(**{**stone, "kind": Gone(stone["kind"])}) for stone in said]
        ends = ((stone, datetime.fromisoformat(stone.since)) for stone in found)
        return [stone for stone, since in ends if stone.days is None or now < since + timedelta(days=stone.days)]

    def now(self) -> datetime:
        """Return the world's time: the real one, and the days that `pass_days` added."""
        return datetime.now(UTC) + timedelta(days=self._days_passed())

    def pass_days(self, days: int) -> None:
        """Let days pass, so that what waits for its deletion is deleted."""
        (self.folder / "days-passed").write_text(str(self._days_passed() + days))

    def note_outside(self, *values: str) -> None:
        """Note ids, ARNs and names that were there before any program: a lookup answered with them."""
        with self._lock:
            self._write(self.folder / "outside.json", sorted({*self.outside(), *values}))

    def outside(self) -> frozenset[str]:
        """Return what was there before any program."""
        file = self.folder / "outside.json"
        return frozenset(json.loads(file.read_text())) if file.exists() else frozenset()

    def _days_passed(self) -> int:
        file = self.folder / "days-passed"
        return int(file.read_text()) if file.exists() else 0

    @property
    def _graves(self) -> Path:
        return self.folder / "tombstones.json"

    @property
    def _folder(self) -> Path:
        return self.folder / "resources"

    def _file(self, package: str, token: str, id: str, place: str) -> Path:
        name = hashlib.sha256("|".join((package, token, id, place)).encode()).hexdigest()[:20]
        return self._folder / f"{token.rpartition(':')[2]}-{name}.json"

    def _write(self, file: Path, content: Any) -> None:
        new = file.with_name(f".{file.name}.new")
        new.write_text(json.dumps(content, indent=1))
        new.replace(file)

    def _look(self) -> None:
        """Read what changed; every write here replaces a file, which the folder's time shows."""
        changed = self._folder.stat().st_mtime_ns
        if changed == self._seen:
            return
        there = {file.name: file for file in self._folder.glob("[!.]*.json")}
        self._held = {name: held for name, held in self._held.items() if name in there}
        for name, file in there.items():
            time = file.stat().st_mtime_ns
            if name not in self._held or self._held[name][0] != time:
                self._held[name] = (time, _read(file))
        self._seen = changed


def _read(file: Path) -> Resource:
    return Resource(**json.loads(file.read_text()))
