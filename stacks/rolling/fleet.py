"""The stacks of an environment, each in the state of its territory, and the engine that works on them."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rehearsal.engine import Engine
from rehearsal.engine.environment import pulumi_environment
from stacks.rolling.order import Turn
from stacks.scope import Layer
from stacks.session import CONFIG_FILE_OPTION, EngineRefused, attended
from stacks.workspace import Workspace

PROJECT = "meridian"
ACQUIRES_PLUGINS = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"
KEPT = ("encryptionsalt", "encryptedkey")
"""What the engine notes in a stack's file of the key that encrypts its state."""


Door = Callable[[str], AbstractContextManager[object]]
"""Takes the name of a region."""


@dataclass(frozen=True)
class StateAt:
    """Where a territory's state lies and who encrypts it."""

    backend: str
    """URL, e.g. `s3://...`."""
    secrets_provider: str
    """`passphrase`, or a key of the territory, e.g. `awskms://...`."""


@dataclass(frozen=True)
class Fleet:
    """One environment and how its engine runs."""

    environment: str
    place: Workspace
    engine: Engine
    settings: Mapping[str, Any]
    """The `config` of the environment's file, the same for every stack; it holds no secrets."""
    turns: tuple[Turn, ...]
    states: Mapping[str, StateAt]
    """By territory."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Added to the engine's environment."""
    door: Door = contextlib.nullcontext
    """Keeps the way to a region's control plane open for the time of a block."""

    @property
    def folder(self) -> Path:
        """The stacks' own files: nothing here is needed to go on from another machine."""
        return self.place.state(self.environment) / "stacks"

    def file(self, stack: str) -> Path:
        """The configuration file that a stack gets: the environment's, with the territory's key."""
        return self.folder / f"Pulumi.{stack}.yaml"

    def existing(self) -> Mapping[str, int]:
        """How many resources each stack of the territories' states has; an empty one is there and not up."""
        found: dict[str, int] = {}
        for backend in dict.fromkeys(state.backend for state in self.states.values()):
            for each in json.loads(self._capture(backend, "stack", "ls", "--json", "--project", PROJECT)):
                found[str(each["name"]).rpartition("/")[2]] = int(each.get("resourceCount") or 0)
        return found

    def protected(self, stack: str, territory: str) -> tuple[str, ...]:
        """Type and name of what a stack's state protects against deletion."""
        text = self._capture(self.states[territory].backend, "stack", "export", "--stack", stack)
        resources = (json.loads(text).get("deployment") or {}).get("resources") or []
        urns = [str(each["urn"]) for each in resources if each.get("protect")]
        return tuple(sorted(f"{urn.split('::')[-2].rpartition('$')[2]} {urn.rpartition('::')[2]}" for urn in urns))

    def exports(self, turn: Turn) -> Mapping[str, Any]:
        """What a stack exports, by name; nothing of it is secret."""
        text = self._capture(self.states[turn.territory].backend, "stack", "output", "--json", "--stack", turn.stack)
        return dict(json.loads(text))

    def prepare(self, turn: Turn, *, exists: bool) -> None:
        """Give a stack its configuration, and make it where there is none; nothing in a cloud is touched."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # `stack init` writes beside the project file that it sees, so that the checkout's own files stay as they are.
        shutil.copy(self.place.root / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        state = self.states[turn.territory]
        if not exists:
            self.file(turn.stack).unlink(missing_ok=True)
            name = f"organization/{PROJECT}/{turn.stack}"
            provider = ("--secrets-provider", state.secrets_provider)
            self._capture(state.backend, "stack", "init", name, "--no-select", *provider)
        self._configure(turn.stack, state)

    def run(self, verb: str, turn: Turn, *arguments: str) -> int:
        """Run the engine on one stack, in sight of the user; its exit code."""
        own = () if verb == "preview" else ("--yes", "--skip-preview")
        policies = self.place.root / "policies"
        judged = ("--policy-pack", str(policies)) if policies.is_dir() and verb in ("preview", "up") else ()
        command = [self._program, verb, "--stack", turn.stack, *own, *judged, *arguments]
        variables = {CONFIG_FILE_OPTION: str(self.file(turn.stack))}
        environment = self._environment(self.states[turn.territory].backend) | variables
        with self.door(turn.part.place) if turn.part.layer is Layer.SERVING else contextlib.nullcontext():
            return attended(command, self.place.root, environment)

    def forget(self, turn: Turn) -> None:
        """Remove a stack from its state; only after a successful destroy."""
        backend = self.states[turn.territory].backend
        self._capture(backend, "stack", "rm", turn.stack, "--yes", "--preserve-config")
        self.file(turn.stack).unlink(missing_ok=True)

    def cancel(self, turn: Turn) -> str:
        """What a person types to end the lock of a run that is gone."""
        backend = self.states[turn.territory].backend
        return f"PULUMI_BACKEND_URL={backend} {self._program} cancel --yes organization/{PROJECT}/{turn.stack}"

    @property
    def _program(self) -> str:
        return str(self.engine.bin_folder / "pulumi")

    def _configure(self, stack: str, state: StateAt) -> None:
        file = self.file(stack)
        noted = yaml.safe_load(file.read_text()) if file.exists() else None
        kept = {key: value for key, value in (noted or {}).items() if key in KEPT}
        provider = {} if state.secrets_provider == "passphrase" else {"secretsprovider": state.secrets_provider}
        new = file.with_suffix(".new")
        new.write_text(yaml.safe_dump({**provider, **kept, "config": dict(self.settings)}, sort_keys=False))
        new.replace(file)

    def _environment(self, backend: str) -> dict[str, str]:
        home = self.place.state(self.environment)
        given = pulumi_environment(
            self.place.root, self.engine, state=home / "backend", passphrase_file=home / "passphrase"
        )
        # The clouds' own providers are not in the checkout: the engine fetches those that the SDKs name.
        found = {key: value for key, value in given.items() if key != ACQUIRES_PLUGINS}
        return {**found, "PULUMI_BACKEND_URL": backend, **self.variables}

    def _capture(self, backend: str, *arguments: str) -> str:
        """What the engine prints; raises `EngineRefused` with its message."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(self.place.root / "Pulumi.yaml", self.folder / "Pulumi.yaml")
        done = subprocess.run(
            [self._program, "--non-interactive", *arguments],
            cwd=self.folder,
            env=self._environment(backend),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EngineRefused(done.stderr.strip() or done.stdout.strip())
        return done.stdout


def stacks_of(turns: Sequence[Turn]) -> str:
    """The names of stacks, for people."""
    return ", ".join(turn.stack for turn in turns) or "none"
