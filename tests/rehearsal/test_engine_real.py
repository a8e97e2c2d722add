"""The engine itself: programs, secrets, policy packs and interrupts, with the really built one."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from rehearsal.engine import Engine, ensure
from rehearsal.engine.model import pinned_version
from tests.rehearsal.engine_project import PASSPHRASE, MakeProject, Project, make_project
from tests.rehearsal.host_process import ROOT, ended, wait_for_file

# The first of these tests builds the engine where no earlier run has: minutes on two cores.
pytestmark = [pytest.mark.real, pytest.mark.timeout(1200)]

INTERRUPT_SECONDS = 5.0
"""The promise: an interrupted `up` has ended, with all its processes, within this time."""

ONE_THING = """
import pulumi
from things import Thing
thing = Thing("one", pulumi.Config().get("text") or "hello")
pulumi.export("size", thing.size)
"""


@pytest.fixture(scope="session")
def engine() -> Engine:
    return ensure(ROOT, progress=print, env={**os.environ, "MERIDIAN_ENGINE_SOURCES": "modules"})


@pytest.fixture
def project(tmp_path: Path, engine: Engine) -> MakeProject:
    def make(program: str, *, settings: str = "") -> Project:
        return make_project(tmp_path, engine, program, settings=settings)

    return make


def test_the_built_engine_is_the_pinned_version_and_uses_only_its_own_folder(project: MakeProject) -> None:
    probe = project(ONE_THING)

    assert probe.pulumi("version").strip() == f"v{pinned_version()}"
    assert "$PATH" not in probe.pulumi("up"), "the engine warns of helpers found elsewhere"


def test_a_warm_call_is_quick(engine: Engine) -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "rehearsal.engine", "ensure", "--json"],
        cwd=ROOT,
        env={**os.environ, "MERIDIAN_ENGINE_SOURCES": "modules"},
        capture_output=True,
        text=True,
        check=True,
    )
    took = time.monotonic() - started

    print(f"warm `python -m rehearsal.engine ensure`: {took:.3f} s")
    assert json.loads(done.stdout)["bin_folder"] == str(engine.bin_folder)
    assert took < 3 * 0.3


def test_a_program_goes_through_its_whole_life(project: MakeProject) -> None:
    probe = project(ONE_THING)

    assert "+ 2 to create" in probe.pulumi("preview")
    assert not (probe.folder / "world").exists(), "a preview must change nothing"

    probe.pulumi("up")
    assert probe.outputs() == {"size": 5}
    assert (probe.folder / "world/one").read_text() == "hello"
    assert "2 unchanged" in probe.pulumi("up")

    probe.pulumi("config", "set", "text", "longer than hello")
    probe.pulumi("up")
    assert probe.outputs() == {"size": 17}

    probe.pulumi("destroy")
    assert not (probe.folder / "world/one").exists()
    assert probe.types() == []


def test_a_refresh_sees_what_is_gone_and_the_next_up_heals_it(project: MakeProject) -> None:
    probe = project(ONE_THING)
    probe.pulumi("up")
    (probe.folder / "world/one").unlink()

    assert "2 unchanged" in probe.pulumi("up"), "without a refresh the engine believes its state"
    assert "- 1 deleted" in probe.pulumi("refresh")
    assert "+ 1 created" in probe.pulumi("up")
    assert (probe.folder / "world/one").read_text() == "hello"


def test_a_refresh_sees_what_was_changed_and_the_next_up_changes_it_back(project: MakeProject) -> None:
    probe = project(ONE_THING)
    probe.pulumi("up")
    (probe.folder / "world/one").write_text("changed by hand")

    assert "~ 1 updated" in probe.pulumi("refresh")
    assert "~ 1 updated" in probe.pulumi("up")
    assert (probe.folder / "world/one").read_text() == "hello"


def test_a_secret_arrives_and_is_encrypted_wherever_it_is_kept(project: MakeProject) -> None:
    probe = project("""
import pulumi
from things import Thing
word = pulumi.Config().require_secret("word")
pulumi.export("size", Thing("one", word).size)
pulumi.export("word", word)
""")
    secret = "a-word-nobody-may-see"
    probe.pulumi("config", "set", "--secret", "word", text=secret)

    said = probe.pulumi("up")

    assert (probe.folder / "world/one").read_text() == secret, "the provider gets the word itself"
    assert probe.outputs()["word"] == "[secret]"
    kept = [path for path in probe.folder.rglob("*") if path.is_file() and path.parent.name != "world"]
    assert probe.folder / "state/.pulumi/stacks/probe/dev.json" in kept
    for path in kept:
        assert secret.encode() not in path.read_bytes(), f"the secret lies open in {path.name}"
    assert secret not in said
    assert PASSPHRASE not in said


def test_a_program_that_raises_fails_with_its_error_told_once(project: MakeProject) -> None:
    probe = project("def greet():\n    raise ValueError('no greeting today')\n\ngreet()\n")

    said = probe.pulumi("up", code=1)

    diagnostics = said[said.index("Diagnostics:") :]
    assert diagnostics.count("ValueError: no greeting today") == 1
    assert "exit code" not in diagnostics, "the host adds no error of its own to one that was shown"


def test_a_program_that_ends_with_a_code_of_its_own_fails_with_that_code_told(project: MakeProject) -> None:
    probe = project("import os; os._exit(7)\n")

    assert "the program ended with exit code 7" in probe.pulumi("preview", code=1)


def test_a_project_that_names_a_missing_environment_is_told_how_to_make_it(tmp_path: Path, engine: Engine) -> None:
    probe = make_project(tmp_path, engine, ONE_THING)
    (tmp_path / "Pulumi.yaml").write_text("name: probe\nruntime: {name: python, options: {virtualenv: nowhere}}\n")

    assert f"python3 -m venv {tmp_path / 'nowhere'}" in probe.pulumi("preview", code=1)


PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def no_shouting(args, report):
    if str(args.props.get("text", "")).isupper():
        report("write it in lower case")

PolicyPack("manners", [ResourceValidationPolicy("no-shouting", "Things do not shout.", no_shouting)],
           enforcement_level=EnforcementLevel.MANDATORY)
"""


@pytest.fixture(scope="module")
def policy_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own: the policy SDK needs an older protobuf than this project's."""
    folder = tmp_path_factory.mktemp("policy") / "env"
    packages = ["pulumi-policy==1.21.0", f"pulumi=={pinned_version()}"]
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    with_venv = [[sys.executable, "-m", "venv", str(folder)], [str(folder / "bin/pip"), "install", "-q", *packages]]
    with_uv = [
        [str(uv), "venv", "-q", "--python", sys.executable, str(folder)],
        [str(uv), "pip", "install", "-q", "--python", str(folder / "bin/python"), *packages],
    ]
    for command in with_uv if uv else with_venv:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip(f"the policy SDK cannot be installed: {done.stderr.strip()[-300:]}")
    return folder


def test_a_policy_pack_judges_what_a_program_would_make(
    project: MakeProject, policy_environment: Path, tmp_path: Path
) -> None:
    probe = project(ONE_THING)
    pack = tmp_path / "pack"
    pack.mkdir()
    options = f"{{virtualenv: {policy_environment}}}"
    (pack / "PulumiPolicy.yaml").write_text(f"runtime: {{name: python, options: {options}}}\nversion: 0.0.1\n")
    (pack / "__main__.py").write_text(PACK)

    assert "manners" in probe.pulumi("preview", "--policy-pack", str(pack))

    probe.pulumi("config", "set", "text", "HELLO")
    refused = probe.pulumi("up", "--policy-pack", str(pack), code=1)
    assert "no-shouting" in refused
    assert "write it in lower case" in refused
    assert not (probe.folder / "world").exists(), "a mandatory policy must stop the creation"


COMPONENT = """
from typing import Optional, TypedDict
import pulumi
from pulumi.provider.experimental import component_provider_host

class GreetingArgs(TypedDict):
    name: pulumi.Input[str]

class Greeting(pulumi.ComponentResource):
    words: pulumi.Output[str]
    def __init__(self, name: str, args: GreetingArgs, opts: Optional[pulumi.ResourceOptions] = None):
        super().__init__("parts:index:Greeting", name, {}, opts)
        self.words = pulumi.Output.concat("hello ", args["name"])
        self.register_outputs({"words": self.words})

component_provider_host(name="parts", components=[Greeting])
"""


def test_a_component_provider_runs_from_a_folder_of_the_project(project: MakeProject, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/PulumiPlugin.yaml").write_text("runtime: python\n")
    (tmp_path / "parts/__main__.py").write_text(COMPONENT)
    probe = project(
        """
import pulumi
greeting = pulumi.ComponentResource("parts:index:Greeting", "one", {"name": "you", "words": None}, remote=True)
pulumi.export("words", greeting.words)
""",
        settings="plugins:\n  providers:\n    - {name: parts, path: ./parts}\n",
    )

    probe.pulumi("up")

    assert probe.types() == ["parts:index:Greeting"]
    assert probe.outputs() == {"words": "hello you"}


def test_an_interrupted_up_ends_soon_leaves_no_process_and_the_next_one_converges(project: MakeProject) -> None:
    slow = 'from things import Thing\nThing("quick", "a")\nThing("slow", "b", seconds=SECONDS)\n'
    probe = project(slow.replace("SECONDS", "60"))
    running = subprocess.Popen(
        probe.command("up"), cwd=probe.folder, env=probe.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    wait_for_file(probe.folder / "world/quick", seconds=30)
    processes = _tree(running.pid)
    assert len(processes) >= 4, "the engine, the language host, the program and the provider run now"

    interrupted = time.monotonic()
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)
    print(f"interrupted `up` ended after {time.monotonic() - interrupted:.1f} s")

    assert running.returncode != 0
    assert time.monotonic() - interrupted < 3 * INTERRUPT_SECONDS
    assert ended(*processes)
    (probe.folder / "__main__.py").write_text(slow.replace("SECONDS", "0"))
    probe.pulumi("up")
    assert sorted(path.name for path in (probe.folder / "world").iterdir()) == ["provider.pid", "quick", "slow"]
    assert "3 unchanged" in probe.pulumi("up")


def test_a_killed_engine_leaves_no_process(project: MakeProject) -> None:
    probe = project('from things import Thing\nThing("slow", "b", seconds=60)\n')
    running = subprocess.Popen(probe.command("up"), cwd=probe.folder, env=probe.environment, stdout=subprocess.DEVNULL)
    wait_for_file(probe.folder / "world/provider.pid", seconds=30)
    processes = _tree(running.pid)

    running.kill()
    running.wait()

    assert ended(*processes)


def _tree(pid: int) -> list[int]:
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def test_the_host_does_not_hold_the_engine_up_at_its_end(project: MakeProject) -> None:
    probe = project(ONE_THING)
    probe.pulumi("preview")
    started = time.monotonic()

    probe.pulumi("preview")

    took = time.monotonic() - started
    print(f"preview of one resource: {took:.2f} s")
    assert took < 10, "a host that ignores the engine's interrupt costs ten seconds a command"
