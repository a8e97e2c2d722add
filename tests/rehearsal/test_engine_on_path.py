"""An engine on PATH: taken when it is new enough and whole."""

from pathlib import Path

import pytest

from rehearsal.engine import EngineError, Source, ensure
from rehearsal.engine.model import go_directive, numbers, pinned_version
from tests.rehearsal.conftest import Command

ONLY_PATH = {"MERIDIAN_ENGINE_SOURCES": "path"}


def ensure_from_path(tmp_path: Path, said: list[str], search: str):
    return ensure(tmp_path / "checkout", progress=said.append, env={"PATH": search, **ONLY_PATH})


def test_an_engine_of_the_pinned_version_on_path_is_taken(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    pulumi = command("pulumi", f"echo v{pinned_version()}")
    command("pulumi-language-python", "")

    engine = ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}")

    assert (engine.bin_folder, engine.version, engine.source) == (pulumi.parent, pinned_version(), Source.PATH)
    assert said == []
    assert not (tmp_path / "checkout").exists(), "finding an engine must leave nothing behind"


def test_a_newer_engine_is_taken_and_its_own_version_told(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    pulumi = command("pulumi", "echo v4.0.1")
    command("pulumi-language-python", "")

    assert ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}").version == "4.0.1"


@pytest.mark.parametrize("version", ["3.258.9", "3.99.0", f"{pinned_version()}-alpha.1", "2.300.0"])
def test_an_older_engine_is_passed_over_with_one_line(
    tmp_path: Path, command: Command, said: list[str], system_path: str, version: str
) -> None:
    pulumi = command("pulumi", f"echo v{version}")
    command("pulumi-language-python", "")

    with pytest.raises(EngineError):
        ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}")

    assert said == [f"passing over {pulumi}: it is {version}, and {pinned_version()} or newer is needed"]


def test_an_engine_without_its_python_helper_is_passed_over(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    pulumi = command("pulumi", f"echo v{pinned_version()}")

    with pytest.raises(EngineError):
        ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}")

    assert len(said) == 1
    assert "pulumi-language-python" in said[0]


def test_the_python_helper_may_lie_elsewhere_on_path(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    pulumi = command("pulumi", f"echo v{pinned_version()}")
    helper = command("pulumi-language-python", "", folder="helpers")

    engine = ensure_from_path(tmp_path, said, f"{pulumi.parent}:{helper.parent}:{system_path}")

    assert engine.source is Source.PATH


@pytest.mark.parametrize("script", ["exit 1", "echo not-a-version", "exec /no/such/file"])
def test_a_command_that_tells_no_version_is_passed_over(
    tmp_path: Path, command: Command, said: list[str], system_path: str, script: str
) -> None:
    pulumi = command("pulumi", script)
    command("pulumi-language-python", "")

    with pytest.raises(EngineError):
        ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}")

    assert said == [f"passing over {pulumi}: it does not tell its version"]


def test_the_engine_is_asked_its_version_without_a_look_at_the_network(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    pulumi = command("pulumi", f'[ "$PULUMI_SKIP_UPDATE_CHECK" = true ] && echo v{pinned_version()}')
    command("pulumi-language-python", "")

    assert ensure_from_path(tmp_path, said, f"{pulumi.parent}:{system_path}").source is Source.PATH


def test_what_this_package_made_is_not_found_as_the_users_own(
    tmp_path: Path, command: Command, said: list[str], system_path: str
) -> None:
    own = "checkout/.meridian/engine/9.9.9/bin"
    command("pulumi", "echo v9.9.9", folder=own)
    command("pulumi-language-python", "", folder=own)

    with pytest.raises(EngineError):
        ensure_from_path(tmp_path, said, f"{tmp_path / own}:{system_path}")


def test_an_unknown_source_is_refused_with_the_known_ones(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(EngineError) as refused:
        ensure(tmp_path, progress=said.append, env={"MERIDIAN_ENGINE_SOURCES": "path,brew"})

    assert "brew" in refused.value.what
    assert "path,installer,modules" in refused.value.fix


def test_an_unsupported_machine_is_refused_with_the_supported_ones(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")

    with pytest.raises(EngineError) as refused:
        ensure(tmp_path, progress=said.append, env={})

    assert "Windows" in refused.value.what
    for machine in ("Linux on x86_64", "Linux on aarch64", "Darwin on arm64"):
        assert machine in refused.value.fix


def test_the_pin_is_that_of_the_python_sdk_in_every_requirements_file() -> None:
    root = Path(__file__).parents[2]
    assert f"pulumi=={pinned_version()}" in (root / "requirements-local.in").read_text().splitlines()
    for lock in ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"):
        assert f"\npulumi=={pinned_version()} " in (root / lock).read_text(), lock


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("3.9.0", "3.10.0"),
        ("3.259.0-rc.1", "3.259.0"),
        ("go1.25", "go1.25.11"),
        ("go1.24.9", "1.25.11"),
    ],
)
def test_versions_compare_as_people_read_them(older: str, newer: str) -> None:
    assert numbers(older) < numbers(newer)


@pytest.mark.parametrize("text", ["", "latest", "3", "v3.x.0"])
def test_what_is_no_version_compares_to_nothing(text: str) -> None:
    assert numbers(text) is None


def test_the_go_directive_is_a_version() -> None:
    assert numbers(go_directive()) is not None
