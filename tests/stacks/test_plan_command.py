"""`./meridian plan`: tables that lose nothing, JSON, explanations, and comparison with stacks and git revisions."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks import plan_command
from stacks.problems import ConfigurationRefused
from stacks.workspace import Workspace
from tests.stacks.fleets import DEV, PROD, ROOT, changed

QUIET = {"json": False, "explain": None, "compare": None}


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def write(folder: Path, stack: str, values: dict[str, Any]) -> None:
    content = {"config": {f"meridian:{key}": value for key, value in values.items()}}
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(content))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first revision, tagged, has half of today's demand in eu."""
    monkeypatch.setattr(plan_command, "workspace", lambda: Workspace(root=tmp_path, states=tmp_path / "states"))
    git(tmp_path, "init", "-q")
    write(tmp_path, "prod", changed(PROD, "models/llama-70b/demand/eu/requestsPerSecond", 3))
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "less demand")
    git(tmp_path, "tag", "before")
    write(tmp_path, "prod", PROD)
    write(tmp_path, "dev", DEV)
    (tmp_path / "Pulumi.local.yaml").write_bytes((ROOT / "Pulumi.local.yaml").read_bytes())
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], stack: str, **how: Any) -> str:
    plan_command.plan(stack, **(QUIET | how))
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], stack: str, **how: Any) -> Any:
    return json.loads(shown(capsys, stack, json=True, **how))


def test_a_table_that_goes_to_a_file_is_not_cut(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = data(capsys, "prod")
    text = shown(capsys, "prod")
    assert "…" not in text
    for fleet in plan["models"]:
        for pool in fleet["pools"]:
            [line] = [line for line in text.splitlines() if f" {pool['name']} " in line]
            assert pool["machine"] in line and pool["capacity"] in line
    explained = shown(capsys, "prod", explain="llama-70b")
    assert "…" not in explained
    [line] = [line for line in explained.splitlines() if "chosen" in line and "aws-eu-north-1" in line]
    assert "per request/s" in line


def test_an_explanation_tells_every_candidate(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fleets = data(capsys, "prod", explain="llama-70b")
    assert [fleet["territory"] for fleet in fleets] == ["eu", "us"]
    lines = [line for line in shown(capsys, "prod", explain="llama-70b").splitlines() if " x " in line]
    assert len(lines) == sum(len(fleet[part]) for fleet in fleets for part in ("chosen", "others", "rejected"))


def test_two_stacks_are_compared_by_what_they_cost(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = {stack: data(capsys, stack)["cost"]["total"] for stack in ("dev", "prod")}
    found = data(capsys, "prod", compare="dev")
    assert found["before"]["total"] == totals["dev"]
    assert found["after"]["total"] == totals["prod"]
    assert found["difference"] == pytest.approx(totals["prod"] - totals["dev"])
    last = shown(capsys, "prod", compare="dev").splitlines()[-1]
    assert f"{totals['prod'] - totals['dev']:+,.0f}" in last


@pytest.mark.parametrize("revision", ["before", "HEAD", "before^{commit}"])
def test_a_stack_is_compared_with_itself_at_a_git_revision(
    checkout: Path, capsys: pytest.CaptureFixture[str], revision: str
) -> None:
    write(checkout, "then", changed(PROD, "models/llama-70b/demand/eu/requestsPerSecond", 3))
    then, now = data(capsys, "then")["cost"]["total"], data(capsys, "prod")["cost"]["total"]
    assert then < now
    found = data(capsys, "prod", compare=revision)
    assert (found["before"]["total"], found["after"]["total"]) == (then, now)
    text = shown(capsys, "prod", compare=revision)
    assert f"{revision} -> prod" in text
    assert f"{now - then:+,.0f}" in text.splitlines()[-1]
    assert "us-east-1" not in text, "what is the same in both is left out"


@pytest.mark.slow
def test_a_replay_tells_times_of_every_event(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "dev", replay=True)
    assert {row["event"] for row in found} == {row["event"] for row in data(capsys, "dev")["survival"]}
    assert all(row["kept"] == (row["ttft_p95_ms"] <= row["slo_ttft_ms"]) for row in found)


@pytest.mark.parametrize(
    ("stack", "how", "says"),
    [
        ("prod", {"compare": "no-such-revision"}, "'no-such-revision' is no stack and no git revision"),
        ("prod", {"compare": "--output=x"}, "is no stack and no git revision"),
        ("prod", {"compare": "local"}, "local runs on this machine and costs nothing"),
        ("dev", {"compare": "before"}, "is no stack and no git revision with Pulumi.dev.yaml"),
        ("prod", {"explain": "llama-7b"}, "did you mean llama-70b?"),
        ("local", {"explain": "tiny"}, "local runs on this machine"),
        ("local", {"replay": True}, "local runs on this machine"),
        ("local", {"compare": "prod"}, "local runs on this machine"),
    ],
)
def test_a_question_that_has_no_answer_is_refused(checkout: Path, stack: str, how: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        plan_command.plan(stack, **(QUIET | how))
    assert says in str(refused.value)


def test_a_plan_that_cannot_become_ground_on_aws_is_refused(checkout: Path) -> None:
    write(checkout, "dev", changed(DEV, "cluster/administrators", []))
    with pytest.raises(ConfigurationRefused, match=r"meridian:cluster\.administrators: is missing"):
        plan_command.plan("dev", **QUIET)


def test_what_a_revision_could_not_become_does_not_hinder_a_comparison(checkout: Path) -> None:
    write(checkout, "other", changed(DEV, "cluster/administrators", []))
    plan_command.plan("dev", **{**QUIET, "compare": "other", "json": True})
