"""A small Pulumi project for the real engine, in a folder of its own."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.engine import Engine, pulumi_environment

PASSPHRASE = "only for this test"

THINGS = '''
import json, os, pathlib, time
import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

WORLD = pathlib.Path("world")

class Provider(ResourceProvider):
    """Keeps each thing as a file of the folder `world`; a thing named slow takes its time."""
    def create(self, props):
        WORLD.mkdir(exist_ok=True)
        (WORLD / "provider.pid").write_text(str(os.getpid()))
        time.sleep(float(props["seconds"]))
        return self._written(props)
    def _written(self, props):
        (WORLD / props["name"]).write_text(props["text"])
        return CreateResult(props["name"], {**props, "size": len(props["text"])})
    def read(self, id, props):
        file = WORLD / id
        if not file.exists():
            return ReadResult(None, {})
        return ReadResult(id, {**props, "text": file.read_text(), "size": len(file.read_text())})
    def diff(self, id, olds, news):
        return DiffResult(changes=any(olds.get(key) != value for key, value in news.items()))
    def update(self, id, olds, news):
        return UpdateResult(self._written(news).outs)
    def delete(self, id, props):
        (WORLD / id).unlink(missing_ok=True)

class Thing(Resource):
    size: pulumi.Output[int]
    text: pulumi.Output[str]
    def __init__(self, name, text, seconds=0, opts=None):
        super().__init__(Provider(), name, {"name": name, "text": text, "seconds": seconds, "size": None}, opts)
'''


@dataclass(frozen=True)
class Project:
    """A project with one stack, `dev`, and the engine that works on it."""

    folder: Path
    engine: Engine
    environment: dict[str, str]

    @property
    def state(self) -> str:
        """The text of the stack's state file."""
        return (self.folder / "state/.pulumi/stacks/probe/dev.json").read_text()

    def command(self, *arguments: str) -> list[str]:
        return [str(self.engine.bin_folder / "pulumi"), "--non-interactive", "--color=never", *arguments]

    def pulumi(self, *arguments: str, code: int = 0, text: str = "") -> str:
        """Run the engine, expect an exit code, and return all it printed."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=110,
        )
        assert done.returncode == code, f"pulumi {arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def outputs(self) -> Any:
        return json.loads(self.pulumi("stack", "output", "--json"))

    def types(self) -> list[str]:
        """The types of the resources in the state, the stack's and the providers' own left out."""
        latest = json.loads(self.state)["checkpoint"]["latest"]
        types = [resource["type"] for resource in latest.get("resources") or []]
        return [name for name in types if not name.startswith("pulumi:")]


MakeProject = Callable[..., Project]


def make_project(folder: Path, engine: Engine, program: str, *, settings: str = "") -> Project:
    """Write the project, with `program` as its __main__.py, and create its stack."""
    (folder / "Pulumi.yaml").write_text(f"name: probe\nruntime: python\n{settings}")
    (folder / "things.py").write_text(THINGS)
    (folder / "__main__.py").write_text(program)
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE)
    environment = pulumi_environment(folder, engine, state=folder / "state", passphrase_file=passphrase)
    # The folder of these tests is no place a program imports from.
    project = Project(folder=folder, engine=engine, environment={**environment, "PYTHONPATH": ""})
    project.pulumi("stack", "init", "organization/probe/dev")
    return project
