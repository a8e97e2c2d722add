"""The processes of one control plane, by name: started through a keeper, ended together."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

KEEPER = Path(__file__).with_name("keeper.py")
STOP_SECONDS = 10
MIB = 2**20


class Processes:
    """What runs; each has a log and a file of its process id in `folder`."""

    def __init__(self, folder: Path, keeper: subprocess.Popen[str]) -> None:
        self.folder, self._keeper = folder, keeper
        self.pids: dict[str, int] = {}
        """Process ids by name."""

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start a process, or start it anew when an earlier one of that name has ended."""
        said = {"command": list(command), "log": str(self.log(name)), "environment": dict(environment or {})}
        assert self._keeper.stdin is not None  # noqa: S101
        assert self._keeper.stdout is not None  # noqa: S101
        self._keeper.stdin.write(json.dumps(said) + "\n")
        self._keeper.stdin.flush()
        self.pids[name] = int(self._keeper.stdout.readline())
        (self.folder / f"{name}.pid").write_text(str(self.pids[name]))

    def log(self, name: str) -> Path:
        """The file of what a process says."""
        return self.folder / f"{name}.log"

    def ended(self) -> list[str]:
        """Names of processes that are not running any more."""
        return [name for name, pid in self.pids.items() if not _runs(pid)]

    def memory(self) -> dict[str, int]:
        """MiB by process: PSS, which shares out what several have in common; RSS where the system tells no PSS."""
        found = {}
        for name, pid in self.pids.items():
            with contextlib.suppress(psutil.Error):
                told = psutil.Process(pid).memory_full_info()
                found[name] = getattr(told, "pss", told.rss) // MIB
        return found


def _runs(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


@contextlib.contextmanager
def processes(folder: Path) -> Iterator[Processes]:
    """Give a place to start processes in; all of them have ended when the block is left."""
    folder.mkdir(parents=True, exist_ok=True)
    keeper = subprocess.Popen(
        [sys.executable, "-S", str(KEEPER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Processes(folder, keeper)
    finally:
        for pipe in (keeper.stdin, keeper.stdout):
            if pipe:
                pipe.close()
        try:
            keeper.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nothing listens on at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def readable(path: Path) -> str:
    """The end of a log, for messages."""
    return os.linesep.join(path.read_text(errors="replace").splitlines()[-5:]) if path.exists() else ""
