"""The folder of one rehearsal: state, configuration of every stack, logs, the stand-ins' world."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.engine import Engine, EngineError, pulumi_environment
from rehearsal.rehearsing.engine_run import Say, run
from rehearsal.rehearsing.model import Run, Subject

PASSPHRASE = "a rehearsal has no secrets"  # noqa: S105 - the state is disposable

DISPOSABLE = {
    "PULUMI_EXPERIMENTAL": "1",
    "PULUMI_SKIP_CHECKPOINTS": "1",
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
}
"""The state is written once a command and not once a resource: it may be lost, so it need not be kept at every step."""


@dataclass(frozen=True)
class Place:
    """Where one rehearsal is, and how its engine runs there."""

    folder: Path
    subject: Subject
    engine: Engine
    standins: Mapping[str, str]
    """Variables that lead the engine to the stand-ins."""
    disposable: bool = True
    """Whether the engine may write the state at the end of a command alone."""

    @property
    def world(self) -> Path:
        """What the stand-ins keep of what was made."""
        return self.folder / "world"

    def environment(self) -> dict[str, str]:
        """The whole environment of the engine."""
        passphrase = self.folder / "passphrase"
        return pulumi_environment(
            self.folder, self.engine, state=self.folder / "backend", passphrase_file=passphrase
        ) | {
            "PYTHONPATH": str(self.subject.search_path),
            # The SDKs take nine seconds to read without their bytecode, and whoever installed them may have kept none.
            "PYTHONPYCACHEPREFIX": str(self.subject.search_path / ".meridian" / "cache" / "bytecode"),
            **(DISPOSABLE if self.disposable else {}),
            **self.standins,
        }

    def make(self) -> None:
        """Make the folder and every stack, each empty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "passphrase").write_text(PASSPHRASE)
        project = self.subject.program / "Pulumi.yaml"
        (self.folder / "Pulumi.yaml").write_bytes(project.read_bytes())
        for stack in self.subject.stacks:
            # `stack init` writes the salt beside the project file that it sees; this one is the copy.
            self._call("stack", "init", f"organization/{self.subject.project}/{stack.name}")
        self.configure(self.subject.config)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Give every stack this configuration, each with the salt of its own encryption."""
        for stack in self.subject.stacks:
            file = self._file(stack.name)
            kept = yaml.safe_load(file.read_text()) if file.exists() else {}
            file.write_text(yaml.safe_dump({**(kept or {}), "config": dict(config)}))

    def command(self, verb: str, stack: str, *arguments: str, say: Say = lambda _: None, memory: bool = False) -> Run:
        """Run the engine on one stack."""
        words = [str(self.engine.bin_folder / "pulumi"), "--non-interactive", "--color=never", verb]
        own = () if verb == "preview" else ("--yes", "--skip-preview")
        where = ("--stack", stack, "--config-file", str(self._file(stack)))
        policies = self.subject.policies if verb in ("preview", "up") else None
        judged = ("--policy-pack", str(policies)) if policies else ()
        log = self.folder / f"{stack}.{verb}.jsonl"
        return run(
            [*words, *where, *own, *judged, *arguments],
            folder=self.subject.program,
            environment=self.environment(),
            log=log,
            say=say,
            memory=memory,
        )

    def resources(self, stack: str) -> list[tuple[str, str]]:
        """Type and name of every resource in a stack's state, but the stack itself, the providers and references."""
        return sorted(
            (each["type"], each["urn"].rpartition("::")[2])
            for each in self.state(stack)
            if not each["type"].startswith("pulumi:")
        )

    def state(self, stack: str) -> list[Any]:
        """A stack's resources as its state file holds them."""
        file = self.folder / "backend" / ".pulumi" / "stacks" / self.subject.project / f"{stack}.json"
        latest = json.loads(file.read_text())["checkpoint"]["latest"] or {}
        return list(latest.get("resources") or [])

    def _file(self, stack: str) -> Path:
        return self.folder / f"Pulumi.{stack}.yaml"

    def _call(self, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.engine.bin_folder / "pulumi"), "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EngineError(
                what=f"`pulumi {' '.join(arguments)}` failed: {done.stderr.strip()}",
                why="A rehearsal needs stacks of its own.",
                fix=f"Remove {self.folder} and run the command again.",
            )
