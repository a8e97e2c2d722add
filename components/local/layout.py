"""Where the files of a local region are; pure."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNIX_SOCKET_PATH_BYTES = 107
"""Longest path of a Unix socket on Linux (`sun_path` of unix(7), less its final zero byte)."""

LONGEST_SOCKET_NAME = 37
"""vLLM names its sockets by a UUID, 36 characters, after a slash."""


STEERING_SUFFIX = "-steering"
"""Ends the name under which a territory's steering keeps its files, beside those of the regions."""


def gateway_process(region: str) -> str:
    """The name of a region's gateway process."""
    return f"{region}-gateway"


def socket_root(state: Path) -> Path:
    """The folder of all sockets of a stack: inside its state folder unless that path is too long.

    The one outside is under the system's temporary folder and named after the state folder, so it is
    the same on every call; both are removed with the stack.
    """
    inside = state / "s"
    if len(bytes(inside)) + 1 + _DIGEST_LENGTH + LONGEST_SOCKET_NAME <= UNIX_SOCKET_PATH_BYTES:
        return inside
    return Path(tempfile.gettempdir()) / f"meridian-{_digest(str(state))}"


@dataclass(frozen=True)
class Layout:
    """Folders of one local region, under the state folder of its stack."""

    state: Path
    region: str

    @property
    def folder(self) -> Path:
        """Everything of this region but its sockets."""
        return self.state / "regions" / self.region

    @property
    def supervisor(self) -> Path:
        """Configuration, log and pid of supervisord."""
        return self.folder / "supervisor"

    @property
    def supervisor_socket(self) -> Path:
        """Where supervisord is controlled."""
        return self.sockets("supervisor") / "control"

    def process(self, name: str) -> Path:
        """The folder of one supervised process, readable by its owner only."""
        return self.folder / name

    def sockets(self, name: str) -> Path:
        """A folder for Unix sockets of one process, with a path short enough for them."""
        return socket_root(self.state) / _digest(f"{self.region}/{name}")


_DIGEST_LENGTH = 8


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
