"""The environments: complete or made anew, once, with a clear word when that cannot be."""

import multiprocessing
import shutil
from pathlib import Path

import pytest

from stacks import bootstrap
from stacks.bootstrap import Environment, SetupFailed


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    lock = tmp_path / "requirements-test.txt"
    lock.write_text("# nothing\n")
    return Environment(tmp_path, "venv", lock, needs_gib=0.001)


def pretend_complete(environment: Environment) -> None:
    environment.python.parent.mkdir(parents=True)
    environment.python.touch()
    environment.stamp.write_text(bootstrap._fingerprint(environment))


def test_a_complete_environment_is_left_alone(environment: Environment) -> None:
    pretend_complete(environment)
    said: list[str] = []
    bootstrap.ensure(environment, say=said.append)
    assert said == []


def test_an_environment_that_an_aborted_run_left_is_made_anew(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    (environment.folder / "bin").mkdir(parents=True)
    (environment.folder / "half").touch()
    monkeypatch.setattr(bootstrap, "_fill", lambda env, *_: pretend_filled(env))
    said: list[str] = []
    bootstrap.ensure(environment, say=said.append)
    assert "half made" in said[0]
    assert not (environment.folder / "half").exists()
    assert environment.stamp.exists()


def pretend_filled(environment: Environment) -> None:
    environment.python.parent.mkdir(parents=True, exist_ok=True)
    environment.python.touch()


def test_a_changed_lock_fills_the_environment_again_and_keeps_what_is_there(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_complete(environment)
    (environment.folder / "kept").touch()
    environment.lock.write_text("# something\n")
    filled: list[Path] = []
    monkeypatch.setattr(bootstrap, "_fill", lambda env, *_: filled.append(env.folder))
    bootstrap.ensure(environment, say=lambda _: None)
    assert filled == [environment.folder]
    assert (environment.folder / "kept").exists()


def test_a_failed_fill_leaves_no_stamp(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise SetupFailed("no")

    monkeypatch.setattr(bootstrap, "_fill", broken)
    with pytest.raises(SetupFailed):
        bootstrap.ensure(environment, say=lambda _: None)
    assert not environment.stamp.exists()


def test_a_full_disk_is_told_before_anything_is_made(environment: Environment) -> None:
    greedy = Environment(environment.root, environment.name, environment.lock, needs_gib=10**6)
    with pytest.raises(SetupFailed, match=r"needs .* GiB of disk; .* GiB are free"):
        bootstrap.ensure(greedy, say=lambda _: None)
    assert not greedy.folder.exists()


@pytest.mark.parametrize("place", [("Windows", "AMD64"), ("Darwin", "arm64"), ("Linux", "riscv64")])
def test_an_unsupported_platform_is_refused_with_the_supported_ones(place: tuple[str, str]) -> None:
    with pytest.raises(SetupFailed, match="Linux on aarch64, Linux on x86_64"):
        bootstrap.refuse_unsupported(*place)


def test_a_supported_platform_is_not_refused() -> None:
    bootstrap.refuse_unsupported("Linux", "x86_64")


def test_the_second_of_two_runs_waits_and_says_for_whom(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = multiprocessing.get_context("fork")
    holding, finish = context.Event(), context.Event()

    def hold() -> None:
        with bootstrap._lock(environment.folder, lambda _: None):
            holding.set()
            finish.wait(10)
            pretend_complete(environment)

    first = context.Process(target=hold)
    first.start()
    assert holding.wait(10)
    said: list[str] = []

    def heard(line: str) -> None:
        said.append(line)
        finish.set()

    bootstrap.ensure(environment, say=heard)
    first.join(10)
    assert said == [f"venv: waiting for process {first.pid}, which is making it"]


def test_the_cache_stays_in_the_checkout_unless_the_user_names_one(tmp_path: Path) -> None:
    assert bootstrap.package_variables(tmp_path, {})["UV_CACHE_DIR"] == str(tmp_path / ".meridian" / "cache" / "uv")
    assert bootstrap.package_variables(tmp_path, {"MERIDIAN_CACHE": "/c"})["UV_CACHE_DIR"] == "/c/uv"
    assert bootstrap.package_variables(tmp_path, {"UV_CACHE_DIR": "/mine"})["UV_CACHE_DIR"] == "/mine"


@pytest.mark.slow
def test_a_real_environment_is_made_from_a_lock_with_hashes(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    lock = tmp_path / "requirements-small.txt"
    text = (root / "requirements-local.txt").read_text()
    start = text.index("h11==")
    lock.write_text(text[start : text.index("    # via", start)])
    environment = Environment(tmp_path, "venv", lock, needs_gib=0.1)
    bootstrap.ensure(environment, say=lambda _: None)
    assert list(environment.folder.glob("lib/python*/site-packages/h11"))
    shutil.rmtree(environment.folder)
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0"[:-1] + "0", 1))
    with pytest.raises(SetupFailed, match="could not be installed"):
        bootstrap.ensure(environment, say=lambda _: None)
