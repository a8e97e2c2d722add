"""Checksums of a revision's weights: written once beside them, and proved again wherever they are read."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from meridian_server.stores import Store

NAME = "meridian-manifest.json"
"""Beside the weights; its presence says that a push was finished."""
HASHERS = 8
"""Files hashed side by side; Python's hashes let go of the interpreter."""
SHA256 = re.compile(r"[0-9a-f]{64}")


class WeightsRefused(Exception):
    """Weights that are not what they should be; the text names files, never their content."""


@dataclass(frozen=True)
class Entry:
    """One file."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """A revision's files."""

    source: str
    revision: str
    files: dict[str, Entry]

    def text(self) -> bytes:
        """Its bytes: the same for the same files."""
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    def digest(self) -> str:
        """SHA-256 of its bytes: pins every file of the revision."""
        return hashlib.sha256(self.text()).hexdigest()


def entry(parts: Iterator[bytes]) -> Entry:
    """The entry of a file's content."""
    digest, size = hashlib.sha256(), 0
    for part in parts:
        digest.update(part)
        size += len(part)
    return Entry(digest.hexdigest(), size)


def read(store: Store) -> Manifest | None:
    """The manifest of a store, None where there is none; raises `WeightsRefused` for one that is damaged."""
    try:
        raw = json.loads(b"".join(store.read(NAME)))
        files = {name: Entry(str(one["sha256"]), int(one["bytes"])) for name, one in raw["files"].items()}
        found = Manifest(str(raw["source"]), str(raw["revision"]), files)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"{NAME} is damaged, so nothing tells what the weights should be: push the revision again"
        raise WeightsRefused(message) from None
    if wrong := sorted(name for name, one in files.items() if not _is_plain(name) or not SHA256.fullmatch(one.sha256)):
        message = f"{NAME} names what cannot be a file of weights: {', '.join(map(repr, wrong))}"
        raise WeightsRefused(message)
    return found


def write(store: Store, manifest: Manifest) -> None:
    """Put the manifest beside its files, as the last of them."""
    store.write(NAME, io.BytesIO(manifest.text()))


def verify(store: Store, *, digest: str | None = None) -> Manifest:
    """Prove every file of a store; raises `WeightsRefused` with all that is wrong.

    `digest` pins the manifest itself: without it somebody who can write the files could write the manifest too.
    """
    manifest = read(store)
    if manifest is None:
        message = f"there is no {NAME} beside the weights: their push was not finished, or this is another folder"
        raise WeightsRefused(message)
    if digest is not None and manifest.digest() != digest:
        message = (
            f"{NAME} has the digest {manifest.digest()}, asked for is {digest}: these are the weights of something "
            "else, or somebody changed them with their checksums. Find out which before anything is served"
        )
        raise WeightsRefused(message)
    if problems := _problems(store, manifest):
        lines = "\n".join(f"  {problem}" for problem in problems)
        message = (
            f"the weights of {manifest.source} at {manifest.revision} are not those that were pushed:\n{lines}\n"
            "A changed model may answer anything. Remove the folder and push or pull the revision again; if this comes "
            "back, somebody or something changes the store."
        )
        raise WeightsRefused(message)
    return manifest


def _problems(store: Store, manifest: Manifest) -> list[str]:
    there = set(store.names())
    missing = [f"{name}: missing" for name in sorted(manifest.files.keys() - there)]
    beyond = [f"{name}: not in the manifest" for name in sorted(there - manifest.files.keys() - {NAME})]
    with ThreadPoolExecutor(HASHERS) as hashers:
        names = sorted(manifest.files.keys() & there)
        changed = list(hashers.map(lambda name: _changed(store, name, manifest.files[name]), names))
    return [*missing, *beyond, *(problem for problem in changed if problem)]


def _changed(store: Store, name: str, wanted: Entry) -> str | None:
    size = store.size(name)
    if size != wanted.bytes:
        return f"{name}: {size} bytes, pushed were {wanted.bytes}"
    return None if entry(store.read(name)).sha256 == wanted.sha256 else f"{name}: other content of the same size"


def _is_plain(name: str) -> bool:
    """A relative name inside the folder."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and path.as_posix() == name
