"""Where weights lie: a folder that can be listed, read and written, whatever holds it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import unquote, urlsplit

CHUNK_BYTES = 1 << 20


class StoreRefused(Exception):
    """An address that cannot be used here; the text says why and what to do."""


class Store(Protocol):
    """A folder of files; names are relative, with forward slashes."""

    def names(self) -> list[str]:
        """Every file, sorted."""

    def size(self, name: str) -> int:
        """Bytes of a file; raises `FileNotFoundError`."""

    def read(self, name: str) -> Iterator[bytes]:
        """A file's content in parts; raises `FileNotFoundError`."""

    def write(self, name: str, content: BinaryIO) -> None:
        """Put a file there, whole or not at all."""


class Folder:
    """A folder of this machine, or of a volume that is mounted."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> list[str]:
        """Every file, sorted; what an aborted write left is none."""
        found = (file.relative_to(self._root) for file in self._root.rglob("*") if file.is_file())
        return sorted(name.as_posix() for name in found if not name.name.endswith(".partial"))

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self._root / name).stat().st_size

    def read(self, name: str) -> Iterator[bytes]:
        """A file's content in parts."""
        with (self._root / name).open("rb") as file:
            while part := file.read(CHUNK_BYTES):
                yield part

    def write(self, name: str, content: BinaryIO) -> None:
        """Put a file there by a rename, so that nobody sees half of it."""
        file = self._root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f".{file.name}.partial")
        with draft.open("wb") as out:
            shutil.copyfileobj(content, out, CHUNK_BYTES)
        draft.rename(file)


NEEDS = {
    "gs": "google-cloud-storage, and storage.objects.get and list, for pushes create",
    "az": "azure-storage-blob and azure-identity, and Storage Blob Data Reader, for pushes Contributor",
}
"""What the stores that are not written yet would be made of; the libraries are in requirements-gpu.txt already."""


def store_at(address: str) -> Store:
    """The store of an address: a path, `file://` or `s3://`; raises `StoreRefused` for others."""
    parts = urlsplit(address)
    if parts.scheme == "":
        return Folder(Path(address))
    if parts.scheme == "file" and not parts.netloc:
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc and parts.path.strip("/"):
        from meridian_server.s3 import S3  # it needs botocore, which only the image for GPUs has

        return S3(parts.netloc, parts.path)
    if parts.scheme in NEEDS:
        message = (
            f"{address} cannot be read or written by this command yet: it would need {NEEDS[parts.scheme]}. "
            "Unverified weights are never taken for verified ones. Mount the bucket or copy it, and give the folder; "
            "vLLM's own streamer reads the bucket itself, but checks nothing."
        )
        raise StoreRefused(message)
    message = f"{address} is no place for weights: give a folder, as a path, file:///path or s3://bucket/folder/"
    raise StoreRefused(message)
