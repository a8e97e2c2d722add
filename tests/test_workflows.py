"""Workflows: least permissions, nothing of a secret in a command, actions by commit or on a list with a reason."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
IMAGE = next(file for file in FILES if file.name == "image.yml").read_text()
LISTED = dict(
    line.split(maxsplit=1)
    for line in (ROOT / ".github" / "actions-by-tag.txt").read_text().splitlines()
    if not line.startswith("#")
)
MAY_WRITE = {"propose": {"contents", "pull-requests"}, "push": {"id-token"}}
"""What jobs may do beyond reading the code."""


def problems(text: str) -> Iterator[str]:
    """Everything that is wrong with a workflow."""
    found: dict[Any, Any] = yaml.safe_load(text)
    triggers = found[True]  # YAML 1.1 reads the key `on` so
    if "pull_request_target" in triggers:
        yield "strangers' code runs with our rights"
    if found.get("permissions") not in ({}, {"contents": "read"}):
        yield "every job may do more than read"
    for name, job in found["jobs"].items():
        if "timeout-minutes" not in job:
            yield f"{name} may run for ever"
        writes = {what for what, level in job.get("permissions", {}).items() if level == "write"}
        if extra := writes - MAY_WRITE.get(name, set()):
            yield f"{name} may write {', '.join(sorted(extra))}"
        for step in job["steps"]:
            yield from (f"{name}: {problem}" for problem in _of_step(step))


def _of_step(step: dict[str, Any]) -> Iterator[str]:
    run, action = step.get("run", ""), step.get("uses")
    if "${{" in run:
        yield "a value is put into a command as text; give it through env"
    if "secrets." in str(step):
        yield "a stored secret is used where OIDC would do"
    if action and not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", action) and action not in LISTED:
        yield f"{action} is named neither by a commit nor in actions-by-tag.txt"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_workflow_keeps_every_rule(file: Path) -> None:
    assert list(problems(file.read_text())) == []


MISTAKES = {
    "workflow_dispatch:": ("pull_request_target:", "strangers' code runs with our rights"),
    "permissions: {}": ("permissions: write-all", "every job may do more than read"),
    "    timeout-minutes: 90\n": ("", "build may run for ever"),
    "permissions: {contents: read, id-token: write}": (
        "permissions: {contents: write, id-token: write}",
        "push may write contents",
    ),
    'oci-archive:image.tar "docker://$ADDRESS': (
        'oci-archive:image.tar "docker://${{ matrix.registry.address }}',
        "push: a value is put into a command as text; give it through env",
    ),
    "${{ vars.BASE_IMAGE }}": ("${{ secrets.BASE_IMAGE }}", "build: a stored secret is used where OIDC would do"),
    "docker/setup-buildx-action@v3": (
        "docker/setup-buildx-action@master",
        "build: docker/setup-buildx-action@master is named neither by a commit nor in actions-by-tag.txt",
    ),
}


@pytest.mark.parametrize("place", MISTAKES)
def test_a_mistake_in_a_workflow_is_found_out(place: str) -> None:
    other, problem = MISTAKES[place]
    assert place in IMAGE
    assert problem in list(problems(IMAGE.replace(place, other)))


def test_the_list_of_actions_by_tag_holds_only_those_in_use_each_with_a_reason() -> None:
    used = {action for file in FILES for action in re.findall(r"uses: (\S+)", file.read_text())}
    assert LISTED.keys() <= used
    assert all(reason.strip() for reason in LISTED.values())


def test_a_digest_is_proposed_only_after_every_registry_has_the_image() -> None:
    jobs = yaml.safe_load(IMAGE)["jobs"]
    assert {"build", "push"} <= set(jobs["propose"]["needs"])
    assert {"list", "build"} <= set(jobs["push"]["needs"])
    said = [step.get("run", "") or step.get("uses", "") for step in jobs["build"]["steps"]]
    scans = next(number for number, text in enumerate(said) if "scan-action" in text)
    kept = next(number for number, text in enumerate(said) if "upload-artifact" in text)
    assert scans < kept, "an image that the scan refuses would be handed on"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_is_one_that_bash_can_read(file: Path) -> None:
    steps = [
        step for job in yaml.safe_load(file.read_text())["jobs"].values() for step in job["steps"] if "run" in step
    ]
    assert steps
    for step in steps:
        read = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True, check=False)
        assert read.returncode == 0, f"{step['run']}\n{read.stderr}"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_digests_are_written_where_the_environment_says_its_images(tmp_path: Path, environment: str) -> None:
    """The workflow's own step, on a copy of the environment's file."""
    name = f"Pulumi.{environment}.yaml"
    shutil.copy(ROOT / name, tmp_path)
    step = next(step for step in yaml.safe_load(IMAGE)["jobs"]["propose"]["steps"] if "sed -i" in step.get("run", ""))
    ours, envoy = "sha256:" + "ab" * 32, "sha256:" + "cd" * 32
    place = tmp_path / "mirrored" / "mirrored-aws-eu-north-1"
    place.mkdir(parents=True)
    (place / "mirrored.txt").write_text(f"envoy {envoy}\nenvoy-gateway sha256:{'0' * 64}\n")
    variables = {"DIGEST": ours, "ENVIRONMENT": environment, "PATH": "/usr/bin:/bin"}
    subprocess.run(["bash", "-eu", "-c", step["run"]], cwd=tmp_path, env=variables, check=True)
    before, after = (yaml.safe_load((folder / name).read_text())["config"] for folder in (ROOT, tmp_path))
    assert after == before | {"meridian:image": {"digest": ours, "mirrored": {"envoy": envoy}}}
