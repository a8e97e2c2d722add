"""The example in layers: made in order, destroyed in reverse, and a lost region that blocks no other."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.engine import ensure
from rehearsal.rehearsing import Place, Subject
from rehearsal.rehearsing.model import Step
from rehearsal.standins.attach import attached
from rehearsal.world import World
from stacks.rehearse import EXAMPLE, subject_of
from stacks.workspace import workspace
from tests.rehearsal.host_process import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

LOST, OTHER = "aws-eu-north-1", "gcp-europe-west4"
CHANGED = {"example:owner": "research"}


class Layered:
    """The example's stacks over one world."""

    def __init__(self, place: Place, failures: Path) -> None:
        self.place, self.failures = place, failures

    def up(self, name: str) -> tuple[int, str]:
        run = self.place.command("up", f"{EXAMPLE}.{name}")
        return run.code, "\n".join(run.errors)

    def held(self) -> list[tuple[str, str]]:
        return held(self.place)


def held(place: Place) -> list[tuple[str, str]]:
    """Type and name of everything in the world."""
    return sorted((each.token, each.urn.rpartition("::")[2]) for each in World(place.world).resources())


def place_of(folder: Path, subject: Subject, standins: dict[str, str]) -> Place:
    return Place(folder, subject, ensure(ROOT, progress=print, env=os.environ), standins)


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layered]:
    folder = tmp_path_factory.mktemp("layers")
    subject, failures = subject_of(workspace(), EXAMPLE, layers=True), folder / "failures.json"
    with attached(folder / "world", cache=ROOT / ".meridian/cache/shapes", failures=failures) as standins:
        place = place_of(folder, subject, standins)
        place.make()
        yield Layered(place, failures)


def test_every_layer_comes_up_after_those_it_refers_to(layered: Layered) -> None:
    for stack in layered.place.subject.stacks:
        assert layered.up(stack.name.removeprefix(f"{EXAMPLE}.")) == (0, ""), stack.name


def test_one_stack_of_everything_makes_the_same_resources_as_all_layers_together(
    layered: Layered, tmp_path: Path
) -> None:
    subject = subject_of(workspace(), EXAMPLE, layers=False)
    with attached(tmp_path / "world", cache=ROOT / ".meridian/cache/shapes") as standins:
        whole = place_of(tmp_path, subject, standins)
        whole.make()
        assert whole.command("up", EXAMPLE).errors == ()

    assert len(held(whole)) > 100
    assert held(whole) == layered.held()


def test_a_region_that_cannot_be_reached_fails_alone_and_heals_later(layered: Layered) -> None:
    layered.place.configure({**layered.place.subject.config, **CHANGED})
    layered.failures.write_text(json.dumps([{"kind": "unreachable", "place": LOST.partition("-")[2]}]))

    code, said = layered.up(f"{LOST}.ground")
    assert code != 0
    assert "eu-north-1 cannot be reached" in said
    for name in (f"{OTHER}.ground", f"{OTHER}.serving", "us.names", "us.steering"):
        assert layered.up(name) == (0, ""), "another region's and territory's change goes on"
    assert owners(layered, OTHER) == {"research"}
    assert owners(layered, LOST) == {"platform"}

    layered.failures.unlink()
    assert layered.up(f"{LOST}.ground") == (0, "")
    assert owners(layered, LOST) == {"research"}


def owners(layered: Layered, region: str) -> set[str]:
    """Who owns what has tags in a region's ground, as its cloud says."""
    found = [each.inputs for each in World(layered.place.world).resources() if f"{region}.ground::" in each.urn]
    tags = [each.get("tags") or each.get("labels") or each.get("resourceLabels") for each in found]
    return {each["owner"] for each in tags if each}


def test_layers_are_destroyed_in_reverse_and_leave_nothing(layered: Layered) -> None:
    for stack in reversed(layered.place.subject.stacks):
        run = layered.place.command("destroy", stack.name)
        assert (run.code, run.errors) == (0, ()), stack.name

    assert layered.held() == []


def test_the_command_ends_well_with_nothing_left_to_do_and_as_many_resources_as_before(tmp_path: Path) -> None:
    done = subprocess.run(
        ["./meridian", "rehearse", "example", "--json"],
        cwd=ROOT,
        env={**os.environ, "MERIDIAN_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    steps = {each["step"]: each["run"]["counts"] for each in report["steps"]}
    assert set(steps["nothing to do"]) == {"same"}
    assert steps["up"] == steps["up again"]
    assert steps["update"]["update"] > 0
    assert steps["update"]["replace"] > 0
    assert report["resources"]["first"] == report["resources"]["again"] > 100
    assert not (tmp_path / "rehearsals" / "example").exists(), "the state was disposable"


def test_an_environment_on_aws_goes_up_stays_changes_and_goes() -> None:
    command = ["./meridian", "rehearse", "dev", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    steps = {each["step"]: each["run"]["counts"] for each in report["steps"]}
    assert set(steps["nothing to do"]) == {"same"}
    assert steps["up"] == steps["up again"]
    assert steps["update"]["update"] > 0
    assert "replace" not in steps["update"], "a tag replaces nothing"
    assert report["resources"]["first"] == report["resources"]["again"] > 100


@pytest.mark.sampled
@pytest.mark.timeout(1200)
def test_productions_part_on_aws_lives_its_whole_life_in_layers_and_leaves_what_clouds_keep_alone(
    tmp_path: Path,
) -> None:
    command = ["./meridian", "rehearse", "prod", "--layers", "--only", "aws", "--keep", "--json"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "MERIDIAN_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {each["stack"] for each in report["steps"]} == PRODUCTION
    for stack in PRODUCTION:
        runs = {each["step"]: each["run"]["counts"] for each in report["steps"] if each["stack"] == stack}
        assert set(runs) == {*Step}, stack
        assert set(runs["nothing to do"]) == {"same"}
        assert "replace" not in runs["update"], "tags and a lifted protection replace nothing"
        assert set(runs["destroy"]) <= {"delete", "discard"}, "references to other stacks are discarded"
        assert runs["up"] == runs["up again"]
    world = World(tmp_path / "rehearsals" / "prod" / "world")
    buried = Counter(stone.token for stone in world.tombstones())
    keys = sum(each.token == "aws:kms/key:Key" for each in world.resources())
    # Two regions: every key of the first life waits for its end, and locked audit logs keep their buckets.
    assert buried == {"aws:kms/key:Key": keys, "aws:s3/bucket:Bucket": 2}
    # Whatever of the first life had stayed would be more than the second one made.
    in_no_cloud = sum(IN_NO_CLOUD[stack.rpartition(".")[2]] for stack in PRODUCTION)
    assert len(world.resources()) == report["resources"]["again"] - in_no_cloud >= 500
    assert report["resources"]["first"] == report["resources"]["again"]


IN_NO_CLOUD = {"names": 1 + 3, "ground": 1, "serving": 2, "steering": 1}
"""Of a stack by its layer: components, and the keys that a territory's names draw (engine, salt, one tenant)."""

PRODUCTION = {
    *("prod.eu.names", "prod.us.names"),
    *("prod.aws-eu-north-1.ground", "prod.aws-us-east-1.ground"),
    *("prod.aws-eu-north-1.serving", "prod.aws-us-east-1.serving"),
    *("prod.eu.steering", "prod.us.steering"),
}


def test_what_cannot_be_built_yet_says_so() -> None:
    done = subprocess.run(["./meridian", "rehearse", "prod"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "is planned and not yet built: gcp, azure" in done.stderr
    assert "--only aws" in done.stderr
    assert "Traceback" not in done.stderr
