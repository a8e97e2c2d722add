"""Runs the Pulumi engine on one stack, with its state in the stack's own folder."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from components.local.supervisor import is_alive
from rehearsal.engine import Engine
from rehearsal.engine.environment import pulumi_environment
from stacks import configfile
from stacks.workspace import STATE_VARIABLE, Workspace

PASSPHRASE_BYTES = 32

CONFIG_FILE_OPTION = "PULUMI_OPTION_CONFIG_FILE"
"""The engine reads every flag from the environment too; `stack init` is the one command that ignores this one."""


@dataclass(frozen=True)
class Lock:
    """Who holds the state of a stack, as the back end's lock file says."""

    file: Path
    pid: int
    user: str
    host: str
    since: str

    @property
    def is_stale(self) -> bool:
        """Whether the holder was a process of this machine that is gone."""
        if self.host != os.uname().nodename:
            return False
        try:
            holder = psutil.Process(self.pid)
            return not is_alive(holder) or holder.name() != "pulumi"
        except psutil.NoSuchProcess:
            return True


@dataclass(frozen=True)
class Session:
    """One stack under one engine."""

    place: Workspace
    stack: str
    engine: Engine

    @property
    def state(self) -> Path:
        """The stack's own folder."""
        return self.place.state(self.stack)

    @property
    def stack_file(self) -> Path:
        """The committed stack file."""
        return self.place.root / f"Pulumi.{self.stack}.yaml"

    @property
    def engine_file(self) -> Path:
        """The engine's copy of it, with the salt of this stack's encryption."""
        return self.state / f"Pulumi.{self.stack}.yaml"

    @property
    def backend(self) -> Path:
        """Where the engine keeps state and locks."""
        return self.state / "backend"

    def environment(self) -> dict[str, str]:
        """The variables under which plain `pulumi` works on this stack."""
        paths = {CONFIG_FILE_OPTION: str(self.engine_file), STATE_VARIABLE: str(self.place.states)}
        passphrase = self.state / "passphrase"
        return pulumi_environment(self.place.root, self.engine, state=self.backend, passphrase_file=passphrase) | paths

    def exists(self) -> bool:
        """Whether the stack was made and not removed since."""
        return self._checkpoint.exists()

    @property
    def _checkpoint(self) -> Path:
        return self.backend / ".pulumi" / "stacks" / "meridian" / f"{self.stack}.json"

    def prepare(self) -> None:
        """Make the stack if there is none, and give the engine the present configuration."""
        self.backend.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o700)
        with (self.state / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._make_passphrase()
            if not self.exists():
                shutil.copy(self.place.root / "Pulumi.yaml", self.state / "Pulumi.yaml")
                # `stack init` writes the salt beside the project file it sees; this one is the copy.
                self.capture("stack", "init", self.stack, folder=self.state)
            self._copy_stack_file()

    def _make_passphrase(self) -> None:
        passphrase = self.state / "passphrase"
        if passphrase.exists():
            return
        new = passphrase.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(PASSPHRASE_BYTES))
        new.replace(passphrase)

    def _copy_stack_file(self) -> None:
        """Replace the engine's copy in one step: another run may be reading it."""
        new = self.engine_file.with_suffix(".new.yaml")
        keys = configfile.engine_copy(self.stack_file, new, salt_from=self.engine_file)
        for path, key in keys.items():
            arguments = ("config", "set", "--secret", "--path", path, "--stack", self.stack)
            self.capture(*arguments, text=key, config_file=new)
        new.replace(self.engine_file)

    def run(self, *arguments: str) -> int:
        """Run the engine in sight of the user; Ctrl-C is the engine's to handle."""
        return attended(self._command(*arguments), self.place.root, self.environment())

    def capture(
        self, *arguments: str, folder: Path | None = None, text: str = "", config_file: Path | None = None
    ) -> str:
        """The standard output of the engine, given `text`; raises `EngineRefused` with its message when it fails."""
        command = [str(self.engine.bin_folder / "pulumi"), "--non-interactive", *arguments]
        result = subprocess.run(
            command,
            cwd=folder or self.place.root,
            env=self.environment() | ({CONFIG_FILE_OPTION: str(config_file)} if config_file else {}),
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise EngineRefused(result.stderr.strip() or result.stdout.strip())
        return result.stdout

    def wanted(self) -> str:
        """What identifies the configuration that the engine is given now."""
        return hashlib.sha256(self.engine_file.read_bytes()).hexdigest()

    def applied(self) -> str | None:
        """The configuration that last came to serve; None before that."""
        return self._applied.read_text() if self._applied.exists() else None

    def note_applied(self, configuration: str) -> None:
        """Remember that a configuration serves."""
        self._applied.write_text(configuration)

    @property
    def _applied(self) -> Path:
        return self.state / "applied"

    def outputs(self) -> dict[str, Any]:
        """What the stack exports, secrets included."""
        text = self.capture("stack", "output", "--stack", self.stack, "--json", "--show-secrets")
        content = json.loads(text)
        return content if isinstance(content, dict) else {}

    def locks(self) -> list[Lock]:
        """The locks on this stack."""
        folder = self.backend / ".pulumi" / "locks"
        found = (_lock(file) for file in sorted(folder.glob(f"**/{self.stack}/*.json")))
        return [lock for lock in found if lock is not None]

    def release_stale_locks(self, say: Callable[[str], None]) -> None:
        """Remove the locks of processes that are gone; those of live ones stay."""
        for lock in self.locks():
            if lock.is_stale:
                say(f"an earlier run (process {lock.pid}, since {lock.since}) ended abnormally; its lock is released")
                lock.file.unlink(missing_ok=True)

    def has_pending_operations(self) -> bool:
        """Whether an earlier run was cut off between the start and the end of a change."""
        content = json.loads(self._checkpoint.read_text())
        return bool(((content.get("checkpoint") or {}).get("latest") or {}).get("pending_operations"))

    def forget(self) -> None:
        """Remove the stack from the engine's state; only after a successful destroy."""
        self.capture("stack", "rm", self.stack, "--yes", "--preserve-config")

    def _command(self, *arguments: str) -> list[str]:
        return [str(self.engine.bin_folder / "pulumi"), *arguments, "--stack", self.stack]


def attended(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> int:
    """Run a command in sight of the user until it ends; Ctrl-C is its own to handle. Returns its exit code."""
    process = subprocess.Popen(command, cwd=folder, env=environment)
    # A terminal sends SIGINT to both; SIGTERM reaches this process alone and means the same.
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: process.send_signal(signal.SIGINT)),
    }
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class EngineRefused(Exception):
    """The engine ended with an error; carries its message."""


def _lock(file: Path) -> Lock | None:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):  # released, or being written, while we looked
        return None
    return Lock(
        file=file,
        pid=int(content["pid"]),
        user=str(content["username"]),
        host=str(content["hostname"]),
        since=str(content["timestamp"]),
    )
