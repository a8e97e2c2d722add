"""The processes that the host starts: every one is ended when the host ends."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

GRACE_SECONDS = 0.5
"""How long a process may take to end after being asked; the engine itself gives the host five seconds in all."""

_POLL_SECONDS = 0.01


class Stopping(Exception):
    """A process was asked for, or ended, because the host is stopping."""


class Children:
    """The running children of the host. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether `end_all` was called."""
        return self._stopping

    @contextmanager
    def started(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, piped: bool
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a process and end it, if it still runs, when the block is left.

        Its standard output and error are pipes when `piped`, else those of the host. It stays in the host's process
        group: the engine interrupts, and at last kills, that whole group. Raises Stopping after `end_all`.
        """
        process = self._start(command, environment=environment, folder=folder, piped=piped)
        try:
            yield process
        finally:
            end([process])
            with self._lock:
                self._running.discard(process)

    def end_all(self) -> None:
        """End every running child with its descendants, and refuse new ones."""
        with self._lock:
            self._stopping = True
            running = list(self._running)
        end(running)

    def _start(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, piped: bool
    ) -> subprocess.Popen[bytes]:
        stream = subprocess.PIPE if piped else None
        with self._lock:
            if self._stopping:
                raise Stopping
            process = subprocess.Popen(
                command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream
            )
            self._running.add(process)
            return process


def end(children: Iterable[subprocess.Popen[bytes]]) -> None:
    """Ask running children and their descendants to end; kill those still there after `GRACE_SECONDS`."""
    running = [child for child in children if child.poll() is None]
    descendants = [process for child in running for process in _descendants(child.pid)]
    for child in running:
        child.terminate()
    for process in descendants:
        _unless_gone(process.terminate)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and (_alive(descendants) or any(child.poll() is None for child in running)):
        time.sleep(_POLL_SECONDS)
    for process in _alive(descendants):
        _unless_gone(process.kill)
    for child in running:
        child.kill()
        child.wait()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _unless_gone(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; one that waits only to be collected by its parent has ended."""
    return [process for process in processes if process.is_running() and not _is_zombie(process)]


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
