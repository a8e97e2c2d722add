"""The command line: a user's mistake ends with its text, exit code 2 or 1, and never with a traceback."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from components.local.layout import Layout
from drills.catalogue import DrillRefused, named
from drills.load import Target
from drills.site import RegionSite, Site, TerritorySite

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stack_file() -> Iterator[Path]:
    file = ROOT / f"Pulumi.test-cli-{os.getpid()}.yaml"
    yield file
    file.unlink(missing_ok=True)


def meridian(*arguments: str, states: Path | None = None) -> tuple[int, str]:
    """Exit code and everything printed, on one line."""
    environment = {**os.environ, **({"MERIDIAN_STATE": str(states)} if states else {})}
    result = subprocess.run(
        [str(ROOT / "meridian"), *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    text = result.stdout + result.stderr
    assert "Traceback" not in text
    return result.returncode, " ".join(text.split())


def configured(file: Path, **changes: object) -> str:
    """Write a stack file with changed values; returns the stack's name."""
    content = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text())
    content["config"] |= {f"meridian:{key}": value for key, value in changes.items()}
    file.write_text(yaml.safe_dump(content))
    return file.name.split(".")[1]


@pytest.mark.slow
def test_every_problem_is_printed_with_why_and_fix_and_nothing_is_made(stack_file: Path, tmp_path: Path) -> None:
    name = configured(stack_file, teritories={}, lanes={"chat": {"maxOutputTokens": "many"}})
    code, text = meridian("up", name, states=tmp_path)
    assert code == 2
    assert "2 problems in the configuration" in text
    assert "did you mean `territories`?" in text and "meridian:lanes.chat.maxOutputTokens" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_brackets_in_a_message_are_printed_as_they_are(stack_file: Path) -> None:
    territories = {"eu": {"jurisdictions": ["EU"], "regions": ["BAD NAME"]}}
    code, text = meridian("up", configured(stack_file, territories=territories))
    assert code == 2
    assert "e.g. [local-north]" in text


@pytest.mark.slow
def test_a_key_that_looks_like_markup_is_a_problem_like_any_other(stack_file: Path) -> None:
    code, text = meridian("up", configured(stack_file, **{"[/x]": 1}))
    assert code == 2
    assert "unknown key `[/x]`" in text


@pytest.mark.slow
@pytest.mark.parametrize("command", ["up", "preview", "status", "env"])
def test_a_stack_without_a_file_is_refused_with_the_known_ones(command: str, tmp_path: Path) -> None:
    code, text = meridian(command, "nowhere", states=tmp_path)
    assert code == 2
    assert "there is no such stack file" in text and "local" in text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_territory_that_serves_nobody_is_refused(stack_file: Path) -> None:
    territories = {
        "eu": {"jurisdictions": ["EU"], "regions": ["local-north"]},
        "us": {"jurisdictions": ["US"], "regions": ["local-west"]},
    }
    code, text = meridian("up", configured(stack_file, territories=territories))
    assert code == 2
    assert "meridian:territories.us: no tenant belongs to it" in text


@pytest.mark.slow
def test_questions_about_a_stack_that_is_not_up_are_answered_kindly(tmp_path: Path) -> None:
    code, text = meridian("status", "local", states=tmp_path)
    assert code == 1
    assert "./meridian up local" in text
    code, text = meridian("down", "local", states=tmp_path)
    assert code == 0
    assert "nothing to remove" in text


@pytest.mark.slow
def test_status_for_machines_is_json_even_when_nothing_is_up(tmp_path: Path) -> None:
    environment = {**os.environ, "MERIDIAN_STATE": str(tmp_path)}
    command = [str(ROOT / "meridian"), "status", "local", "--json"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert json.loads(result.stdout) == []


@pytest.mark.real
def test_what_a_run_left_before_its_stack_existed_is_removed_by_down(tmp_path: Path) -> None:
    (tmp_path / "local" / "backend").mkdir(parents=True)
    code, _ = meridian("down", "local", states=tmp_path)
    assert code == 0
    assert not (tmp_path / "local").exists()


@pytest.mark.real
def test_a_state_folder_that_cannot_be_written_is_told_with_its_path() -> None:
    code, text = meridian("up", "local", states=Path("/proc/nowhere"))
    assert code == 1
    assert "/proc/nowhere" in text


def test_an_unknown_drill_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(DrillRefused, match="Did you mean region-loss"):
        named("regoin-loss")


def site(replicas: int, regions: int) -> Site:
    def region(number: int) -> RegionSite:
        names = tuple(f"r{number}-{index}" for index in range(replicas))
        return RegionSite(f"r{number}", Layout(Path("nowhere"), f"r{number}"), names, "gateway", 8)

    target = Target("eu", "https://127.0.0.1:1", "ca.pem", "mk-key", "tiny", None)
    territory = TerritorySite(target, tuple(region(number) for number in range(regions)))
    return Site((territory,), 8, heal=lambda: None, change_model=lambda: None)


@pytest.mark.parametrize(("name", "replicas", "regions"), [("replica-loss", 1, 2), ("region-loss", 2, 1)])
def test_a_stack_too_small_for_a_drill_is_refused_with_what_to_write(name: str, replicas: int, regions: int) -> None:
    with pytest.raises(DrillRefused, match="meridian:"):
        named(name).refuse(site(replicas, regions))
    named(name).refuse(site(2, 2))
