"""An environment in waves, with the real engine, stand-in clouds and a state of files for each territory."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from rehearsal.engine import ensure
from rehearsal.standins.attach import attached
from rehearsal.world import World
from stacks.config import parse
from stacks.problems import ConfigurationRefused
from stacks.rehearse import controllers
from stacks.rolling import commands
from stacks.rolling.fleet import ACQUIRES_PLUGINS, Fleet, StateAt
from stacks.rolling.opening import turns_of
from stacks.workspace import Workspace
from tests.stacks.fleets import ROOT, changed, shared

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

FIRST, SECOND = "aws-eu-central-1", "aws-eu-north-1"
VALUES = {**shared([FIRST, SECOND]), "rollout": {"waves": [[FIRST], [SECOND]]}}
FAILS = [{"kind": "fail", "method": "create", "token": "aws:eks/cluster:Cluster", "place": "eu-central-1"}]


@dataclass
class Rolled:
    """An environment named `dev`, and what its commands told."""

    folder: Path
    standins: dict[str, str]
    failures: Path
    said: list[str]

    def fleet(self, values: dict[str, Any], region: str | None = None) -> tuple[Fleet, commands.Asked]:
        turns, asked = turns_of("dev", parse(values), region)
        states = {"eu": StateAt(f"file://{self.folder / 'state-eu'}", "passphrase")}
        settings = {f"meridian:{key}": value for key, value in values.items()}
        place = Workspace(ROOT, self.folder / "states")
        engine = ensure(ROOT, progress=print, env=os.environ)
        variables = {**self.standins, ACQUIRES_PLUGINS: "true"}
        return Fleet("dev", place, engine, settings, turns, states, variables), asked

    def command(self, name: str, values: dict[str, Any], region: str | None = None) -> int:
        self.said.clear()
        return int(getattr(commands, name)(*self.fleet(values, region), self.said.append))

    def stacks(self) -> dict[str, int]:
        return dict(self.fleet(VALUES)[0].existing())

    def held(self) -> list[tuple[str, str]]:
        """Type and logical name of everything in the stand-ins' world."""
        return sorted((each.token, each.urn.rpartition("::")[2]) for each in World(self.folder / "world").resources())


@pytest.fixture(scope="module")
def rolled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rolled]:
    folder = tmp_path_factory.mktemp("rolled")
    (folder / "state-eu").mkdir()
    (folder / "states" / "dev").mkdir(parents=True)
    (folder / "states" / "dev" / "passphrase").write_text("of a test")
    failures = folder / "failures.json"
    with attached(
        folder / "world", cache=ROOT / ".meridian/cache/shapes", failures=failures, before=controllers()
    ) as standins:
        yield Rolled(folder, dict(standins), failures, [])


def test_a_first_preview_shows_what_can_be_known_and_makes_nothing_in_a_cloud(rolled: Rolled) -> None:
    assert rolled.command("preview", VALUES) == 0
    assert rolled.held() == []
    assert any("dev.eu.steering is previewed once" in line for line in rolled.said)


def test_a_wave_that_fails_ends_the_run_and_what_was_done_before_it_stays(rolled: Rolled) -> None:
    rolled.failures.write_text(json.dumps(FAILS))

    assert rolled.command("up", VALUES) != 0

    told = next(line for line in rolled.said if "failed; done" in line)
    assert f"dev.{FIRST}.ground failed; done and left as it is: dev.eu.names; " in told
    rest = (f"dev.{FIRST}.serving", f"dev.{SECOND}.ground", f"dev.{SECOND}.serving", "dev.eu.steering")
    assert f"not begun: {', '.join(rest)}" in told
    stacks = rolled.stacks()
    assert stacks["dev.eu.names"] > 0
    assert not stacks.get(f"dev.{SECOND}.ground") and not stacks.get("dev.eu.steering")
    held = [name for _, name in rolled.held()]
    assert any(name.startswith("eu-names") for name in held)
    assert not any(SECOND in name for name in held)


def test_when_the_cause_is_gone_the_same_command_makes_what_is_missing_and_nothing_twice(rolled: Rolled) -> None:
    before = rolled.held()
    rolled.failures.unlink()

    assert rolled.command("up", VALUES) == 0

    after = rolled.held()
    assert len(after) == len(set(after)), "nothing is there twice"
    assert set(before) < set(after)
    assert all(count > 0 for count in rolled.stacks().values())
    of_regions = {f"dev.{region}.{layer}" for region in (FIRST, SECOND) for layer in ("ground", "serving")}
    assert set(rolled.stacks()) == {"dev.eu.names", *of_regions, "dev.eu.steering"}


def test_clients_are_told_one_name_per_territory(rolled: Rolled) -> None:
    assert commands.endpoints(*rolled.fleet(VALUES)) == {"eu": {"endpoint": "https://eu.dev.inference.example.com"}}


def test_every_stack_has_the_environments_file_and_its_territorys_key_and_the_checkout_is_untouched(
    rolled: Rolled,
) -> None:
    fleet, asked = rolled.fleet(VALUES)
    for turn in asked.turns:
        content = yaml.safe_load(fleet.file(turn.stack).read_text())
        assert content["config"] == dict(fleet.settings)
        assert content["encryptionsalt"]
    assert not list(ROOT.glob("Pulumi.dev.*.yaml"))


def test_a_state_that_another_machine_made_is_found(rolled: Rolled) -> None:
    other = replace(rolled.fleet(VALUES)[0], place=Workspace(ROOT, rolled.folder / "elsewhere"))
    (rolled.folder / "elsewhere" / "dev").mkdir(parents=True)
    (rolled.folder / "elsewhere" / "dev" / "passphrase").write_text("of a test")

    assert commands.preview(other, rolled.fleet(VALUES, FIRST)[1], rolled.said.append) == 0


def test_one_region_is_changed_alone(rolled: Rolled) -> None:
    tagged = changed(VALUES, "tags", {"owner": "research"})
    assert rolled.command("up", tagged, FIRST) == 0

    owners = {
        ("central" if "central" in each.urn else "north"): each.inputs["tags"]["owner"]
        for each in World(rolled.folder / "world").resources("aws", "aws:lb/loadBalancer:LoadBalancer")
    }
    assert owners == {"central": "research", "north": "platform"}


def test_a_region_that_left_the_configuration_while_it_is_up_is_told_and_nothing_is_changed(rolled: Rolled) -> None:
    before = rolled.held()
    with pytest.raises(ConfigurationRefused) as refused:
        rolled.command("up", shared([FIRST]))
    assert f"{SECOND} is up and in no territory of the configuration" in str(refused.value)
    assert "meridian:rollout.retiring" in str(refused.value)
    assert rolled.held() == before


def test_an_environment_goes_in_reverse_and_leaves_no_stack(rolled: Rolled) -> None:
    assert rolled.command("down", VALUES) == 0
    assert rolled.held() == []
    assert rolled.stacks() == {}
    assert rolled.command("down", VALUES) == 0
    assert any("nothing to remove" in line for line in rolled.said)
