"""The folder of the engine that this package fetched or built: complete or absent, one maker at a time."""

import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.engine.model import COMMAND, LANGUAGE_HOST, Engine, Progress, Source, pinned_version

_RECORD = "engine.json"
_PARTIAL = ".partial-"


class Store:
    """`<root>/.meridian/engine`: a folder per version, each with `bin/` and a record of where it came from."""

    def __init__(self, root: Path) -> None:
        self.folder = root.absolute() / ".meridian" / "engine"
        """All that this package keeps."""

    def kept(self) -> Engine | None:
        """Return the engine of the pinned version, or None if there is no complete one."""
        folder = self.folder / pinned_version()
        record = folder / _RECORD
        bin_folder = folder / "bin"
        if not record.is_file() or not all((bin_folder / name).is_file() for name in (COMMAND, LANGUAGE_HOST)):
            return None
        source = Source(json.loads(record.read_text(encoding="utf-8"))["source"])
        return Engine(bin_folder=bin_folder, version=pinned_version(), source=source)

    @contextmanager
    def locked(self, progress: Progress) -> Iterator[None]:
        """Hold the store for one run; a second run waits and says so. The lock goes with the process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress("another run is setting up the engine; waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def making(self, source: Source) -> Iterator[Path]:
        """Give an empty folder to make an engine in; it becomes the kept one when the block ends without an error.

        To be used under the lock.
        """
        partial = Path(tempfile.mkdtemp(prefix=f"{pinned_version()}{_PARTIAL}", dir=self.folder))
        try:
            yield partial
            (partial / _RECORD).write_text(json.dumps({"source": source}), encoding="utf-8")
            partial.chmod(0o755)
            final = self.folder / pinned_version()
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def clear_partial(self, progress: Progress) -> None:
        """Remove what runs that were cut off left behind. To be used under the lock."""
        for folder in self.folder.glob(f"*{_PARTIAL}*"):
            progress(f"removing a half-made engine that an earlier run left: {folder.name}")
            shutil.rmtree(folder)
