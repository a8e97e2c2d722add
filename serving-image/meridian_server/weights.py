"""`python -m meridian_server.weights push|pull|verify`: a revision's weights, brought once, proved always.

    push    --folder FOLDER | --source REPO   --revision REVISION --to ADDRESS
    pull    --from ADDRESS --folder FOLDER [--manifest SHA256]
    verify  --from ADDRESS [--manifest SHA256]

Each prints the digest of the manifest, which pins every file. A pushed revision is never changed.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from meridian_server import manifest
from meridian_server.manifest import Entry, Manifest, WeightsRefused
from meridian_server.stores import Folder, Store, StoreRefused, store_at

REFUSED = 2
TAKEN = (".safetensors", ".json", ".txt", ".model", ".jinja", ".tiktoken")
"""What a model is made of. Everything else stays behind: pickles and Python files hold code."""


class Source(Protocol):
    """Where a revision comes from."""

    def names(self) -> list[str]:
        """Every file."""

    def fetch(self, name: str) -> Path:
        """A file on this machine, there until `done`."""

    def done(self, file: Path) -> None:
        """The file is needed no more."""


class LocalSource:
    """A Hugging Face model folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        """Every file."""
        return Folder(self._folder).names()

    def fetch(self, name: str) -> Path:
        """Where it lies already."""
        return self._folder / name

    def done(self, file: Path) -> None:
        """Nothing: the file is not ours."""


class HubSource:
    """A repository of the Hugging Face hub, one file after the other, so that no disk need hold them all."""

    def __init__(self, source: str, revision: str) -> None:
        self._source, self._revision = source, revision

    def names(self) -> list[str]:
        """Every file of the revision."""
        from huggingface_hub import list_repo_files

        return sorted(list_repo_files(self._source, revision=self._revision))

    def fetch(self, name: str) -> Path:
        """Download it into the hub's cache."""
        from huggingface_hub import hf_hub_download

        return Path(hf_hub_download(self._source, name, revision=self._revision))

    def done(self, file: Path) -> None:
        """Remove it, and what its name in the cache points to."""
        file.resolve().unlink(missing_ok=True)
        file.unlink(missing_ok=True)


def push(files: Source, to: Store, *, source: str, revision: str, say: Callable[[str], None]) -> Manifest:
    """Bring a revision to a store; raises `WeightsRefused` where another one lies there."""
    there = manifest.read(to)
    if there and (there.source, there.revision) != (source, revision):
        message = (
            f"{there.source} at {there.revision} lies there already, and weights are never changed in place: engines "
            f"that read them would serve a mixture. Give {source} at {revision} an address of its own"
        )
        raise WeightsRefused(message)
    if there and isinstance(files, HubSource):
        say("the revision is there already")  # a commit's files never change
        return there
    names = files.names()
    taken = [name for name in names if name.endswith(TAKEN) and name != manifest.NAME]
    if not any(name.endswith(".safetensors") for name in taken):
        message = f"{source} has no .safetensors file: other formats can hold code and are not served. Convert it first"
        raise WeightsRefused(message)
    for name in sorted(set(names) - set(taken) - {manifest.NAME}):
        say(f"left behind: {name}")
    made = Manifest(source, revision, {name: _brought(files, to, name, there) for name in taken})
    if there and there != made:
        raise WeightsRefused(_other(there, made))
    if there is None:
        manifest.write(to, made)
    return made


def pull(at: Store, folder: Path, *, digest: str | None) -> Manifest:
    """Bring a proved revision to a folder of this machine; what was pulled is proved again there."""
    wanted = manifest.read(at)
    if wanted is None or (digest is not None and wanted.digest() != digest):
        manifest.verify(at, digest=digest)  # says what is wrong
    target = Folder(folder)
    for name in [*(wanted.files if wanted else ()), manifest.NAME]:
        target.write(name, io.BufferedReader(_Parts(at.read(name))))
    return manifest.verify(target, digest=digest)


def check(model: Path | str, digest: str | None) -> None:
    """What an engine's start asks: a folder with a manifest is proved; raises `WeightsRefused`.

    Weights that are streamed from a bucket are proved by `verify` before the engine starts, not here.
    """
    if isinstance(model, str):
        return
    store = Folder(model)
    if digest is not None or (model / manifest.NAME).exists():
        manifest.verify(store, digest=digest)


def _brought(files: Source, to: Store, name: str, there: Manifest | None) -> Entry:
    """A file's entry; copied unless the revision is there already, as then it is only compared."""
    file = files.fetch(name)
    try:
        found = manifest.entry(Folder(file.parent).read(file.name))
        if there is None:
            with file.open("rb") as content:
                to.write(name, content)
        return found
    finally:
        files.done(file)


def _other(there: Manifest, made: Manifest) -> str:
    names = sorted(name for name in there.files | made.files if there.files.get(name) != made.files.get(name))
    return (
        f"{there.source} at {there.revision} lies there already with other files, and weights are never changed in "
        f"place: {', '.join(names)}. Push what changed under a revision and an address of its own"
    )


class _Parts(io.RawIOBase):
    """Parts of a content as a file to read from."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._left = self._left or next(self._parts, b"")
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="meridian_server.weights", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    pushing = commands.add_parser("push", help="bring a revision to a store, with its checksums")
    pushing.add_argument("--folder", type=Path, help="a model folder; without it the Hugging Face hub is asked")
    pushing.add_argument(
        "--source", required=True, help="the model's repository, e.g. meta-llama/Llama-3.3-70B-Instruct"
    )
    pushing.add_argument("--revision", required=True, help="commit of the repository")
    pushing.add_argument("--to", required=True, help="address of the revision's own folder")
    for name in ("pull", "verify"):
        proving = commands.add_parser(name, help="prove every file" + (", then copy it" if name == "pull" else ""))
        proving.add_argument("--from", dest="address", required=True, help="address of the revision's folder")
        proving.add_argument("--manifest", help="SHA-256 that the manifest must have")
        if name == "pull":
            proving.add_argument("--folder", type=Path, required=True, help="where to put it")
    return parser


def _run(asked: argparse.Namespace, say: Callable[[str], None]) -> Manifest:
    if asked.command == "push":
        files: Source = LocalSource(asked.folder) if asked.folder else HubSource(asked.source, asked.revision)
        return push(files, store_at(asked.to), source=asked.source, revision=asked.revision, say=say)
    at = store_at(asked.address)
    if asked.command == "pull":
        return pull(at, asked.folder, digest=asked.manifest)
    return manifest.verify(at, digest=asked.manifest)


def main(arguments: list[str]) -> int:
    """Do it; 2 for weights or addresses that are refused."""

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        done = _run(_parser().parse_args(arguments), say)
    except (WeightsRefused, StoreRefused, OSError) as refused:
        say(str(refused))
        return REFUSED
    sys.stdout.write(f"{done.digest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
