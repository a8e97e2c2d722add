"""The environment of the engine: off the network, with state and home inside the checkout."""

import os
import sys
from pathlib import Path

import pytest

from rehearsal.engine import Engine, Source, pulumi_environment


def environment(root: Path) -> dict[str, str]:
    engine = Engine(bin_folder=root / "engine/bin", version="3.259.0", source=Source.MODULES)
    return pulumi_environment(root, engine, state=root / "a state", passphrase_file=root / "passphrase")


def test_the_engines_own_folder_comes_first_then_that_of_the_programs_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/theirs")

    search = environment(tmp_path)["PATH"].split(os.pathsep)

    assert search == [str(tmp_path / "engine/bin"), str(Path(sys.executable).parent), "/theirs"]


def test_state_and_home_lie_inside_the_checkout_and_state_is_the_owners_alone(tmp_path: Path) -> None:
    given = environment(tmp_path)

    assert given["PULUMI_HOME"] == str(tmp_path / ".meridian/pulumi")
    assert given["PULUMI_BACKEND_URL"] == f"file://{tmp_path}/a%20state"
    assert (tmp_path / "a state").stat().st_mode & 0o777 == 0o700


def test_a_passphrase_or_account_of_the_users_does_not_win_over_the_stacks_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://example.org")

    given = environment(tmp_path)

    assert "theirs" not in given.values()
    assert given["PULUMI_BACKEND_URL"].startswith("file://")
    assert given["PULUMI_CONFIG_PASSPHRASE_FILE"] == str(tmp_path / "passphrase")


@pytest.mark.parametrize(
    "name",
    [
        "PULUMI_SKIP_UPDATE_CHECK",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION",
        "PULUMI_DISABLE_REGISTRY_RESOLVE",
        "PULUMI_SKIP_CONFIRMATIONS",
    ],
)
def test_the_engine_asks_neither_the_network_nor_the_user(tmp_path: Path, name: str) -> None:
    assert environment(tmp_path)[name] == "true"
