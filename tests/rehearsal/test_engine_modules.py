"""The engine built from Go modules: every way it can fail says what is missing."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal.engine import Engine, EngineError, Source, ensure, go_tool
from rehearsal.engine.model import go_directive, pinned_version
from tests.rehearsal.conftest import Command

HELPERS = ["pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python"]

Go = Callable[..., dict[str, str]]


@pytest.fixture
def go(tmp_path: Path, command: Command, system_path: str) -> Go:
    """Put a `go` on PATH that answers as the real one does, and return the environment to use it in.

    It writes its arguments and the variables that matter to the file `calls`.
    """

    def make(*, version: str = go_directive(), toolchain: str = "local", on_list: str = "", on_build: str = "") -> dict:
        sdk = tmp_path / "sdk" / "python" / "cmd"
        sdk.mkdir(parents=True, exist_ok=True)
        (sdk / "pulumi-language-python-exec").write_text("# the SDK's executor\n")
        script = f"""
echo "$* | $GOFLAGS $CGO_ENABLED ${{GOOS:-none}} ${{GOMODCACHE:-own}} ${{GOCACHE:-own}}" >>{tmp_path}/calls
case "$*" in
"env GOVERSION") echo go{version} ;;
"env GOTOOLCHAIN") echo {toolchain} ;;
"env GOMODCACHE GOCACHE") echo {tmp_path}/modules; echo {tmp_path}/cache ;;
"list -m"*) echo {tmp_path}/sdk ;;
"list -deps"*) {on_list or "echo one; echo example.org/two"} ;;
"build"*) {on_build or "echo one >&2"}; shift 6; printf '#!/bin/sh\\n' >"$1"; chmod +x "$1" ;;
*) exit 64 ;;
esac"""
        folder = command("go", script).parent
        return {"MERIDIAN_ENGINE_SOURCES": "modules", "PATH": f"{folder}:{system_path}"}

    return make


def ensure_from_modules(tmp_path: Path, said: list[str], env: dict[str, str]) -> Engine:
    return ensure(tmp_path / "checkout", progress=said.append, env=env)


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_a_built_engine_has_all_its_helpers_in_one_folder(tmp_path: Path, said: list[str], go: Go) -> None:
    engine = ensure_from_modules(tmp_path, said, go())

    assert engine.source is Source.MODULES
    assert sorted(path.name for path in engine.bin_folder.iterdir()) == HELPERS
    for helper in HELPERS:
        assert (engine.bin_folder / helper).stat().st_mode & 0o111, f"{helper} cannot be executed"


def test_a_built_engine_is_kept_and_go_is_not_asked_again(tmp_path: Path, said: list[str], go: Go) -> None:
    env = go()
    first = ensure_from_modules(tmp_path, said, env)
    before = calls(tmp_path)

    assert ensure_from_modules(tmp_path, said, env) == first
    assert calls(tmp_path) == before


def test_the_build_takes_exactly_the_committed_versions_for_this_machine(
    tmp_path: Path, said: list[str], go: Go
) -> None:
    hostile = {"GOFLAGS": "-mod=vendor", "GOOS": "plan9", "CGO_ENABLED": "1"}
    ensure_from_modules(tmp_path, said, {**go(), **hostile})

    (build,) = [call for call in calls(tmp_path) if call.startswith("build")]
    assert "| -mod=readonly 0 none own own" in build
    assert f"version.Version=v{pinned_version()}" in build


def test_go_caches_lie_in_the_named_folder(tmp_path: Path, said: list[str], go: Go) -> None:
    ensure_from_modules(tmp_path, said, {**go(), "MERIDIAN_CACHE": str(tmp_path / "kept")})

    assert all(call.endswith(f"{tmp_path}/kept/go/modules {tmp_path}/kept/go/build") for call in calls(tmp_path))


def test_without_go_it_is_said_how_to_get_it(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(EngineError) as refused:
        ensure_from_modules(tmp_path, said, {"MERIDIAN_ENGINE_SOURCES": "modules", "PATH": str(tmp_path)})

    assert refused.value.what == "There is no `go` on PATH."
    assert f"Go {go_directive()}" in refused.value.fix


@pytest.mark.parametrize(("version", "toolchain"), [("1.24.9", "local"), ("1.20.1", "auto")])
def test_a_go_that_is_too_old_is_refused_with_the_version_needed(
    tmp_path: Path, said: list[str], go: Go, version: str, toolchain: str
) -> None:
    with pytest.raises(EngineError) as refused:
        ensure_from_modules(tmp_path, said, go(version=version, toolchain=toolchain))

    assert f"is Go {version}" in refused.value.what
    assert go_directive() in refused.value.why


def test_an_older_go_that_fetches_a_newer_one_itself_is_used(tmp_path: Path, said: list[str], go: Go) -> None:
    ensure_from_modules(tmp_path, said, go(version="1.24.9", toolchain="auto"))

    assert any("fetches Go" in line for line in said)


def test_without_the_network_the_module_that_is_missing_is_named(tmp_path: Path, said: list[str], go: Go) -> None:
    message = "lukechampine.com/frand@v1.5.1: Get https://proxy.example.org/x: dial tcp: lookup failed"
    env = go(on_list=f"echo 'go: {message}' >&2; exit 1")

    with pytest.raises(EngineError) as refused:
        ensure_from_modules(tmp_path, said, env)

    assert "lukechampine.com/frand@v1.5.1" in refused.value.what
    assert "GOPROXY" in refused.value.fix


@pytest.mark.parametrize(
    ("message", "what"),
    [
        ("write /tmp/x: no space left on device", "disk became full"),
        ("verifying example.org/some/module@v1.2.3: checksum mismatch", "some/module@v1.2.3 is not the one"),
        ("main.go:3: syntax error", "main.go:3"),
    ],
)
def test_a_build_that_fails_says_what_go_said_and_leaves_nothing(
    tmp_path: Path, said: list[str], go: Go, message: str, what: str
) -> None:
    with pytest.raises(EngineError) as refused:
        ensure_from_modules(tmp_path, said, go(on_build=f"echo '{message}' >&2; exit 1"))

    assert what in refused.value.what
    assert [path.name for path in (tmp_path / "checkout/.meridian/engine").iterdir()] == ["lock"]


def test_too_little_disk_space_is_refused_before_anything_is_fetched(
    tmp_path: Path, said: list[str], go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_900_000_000))

    with pytest.raises(EngineError) as refused:
        ensure_from_modules(tmp_path, said, go())

    assert "3.9 GB" in refused.value.what
    assert not any(call.startswith(("list", "build")) for call in calls(tmp_path))


def test_a_build_with_full_caches_needs_no_such_space(
    tmp_path: Path, said: list[str], go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    (tmp_path / f"modules/github.com/pulumi/pulumi/pkg/v3@v{pinned_version()}").mkdir(parents=True)
    (tmp_path / "cache/00").mkdir(parents=True)

    assert ensure_from_modules(tmp_path, said, go()).source is Source.MODULES


def test_a_long_build_reports_while_go_is_silent(
    tmp_path: Path, said: list[str], go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go_tool, "REPORT_SECONDS", 0.05)

    ensure_from_modules(tmp_path, said, go(on_build="echo example.org/two >&2; sleep 0.4"))

    assert len([line for line in said if line.startswith("compiled 1 of at most 2 packages")]) >= 3


def test_a_half_made_engine_of_a_run_that_was_cut_off_is_removed(tmp_path: Path, said: list[str], go: Go) -> None:
    partial = tmp_path / "checkout/.meridian/engine" / f"{pinned_version()}.partial-abc"
    (partial / "bin").mkdir(parents=True)
    (partial / "bin/pulumi").write_text("half of it")

    ensure_from_modules(tmp_path, said, go())

    assert not partial.exists()
    assert any(partial.name in line for line in said)


@pytest.mark.parametrize("missing", ["engine.json", "bin/pulumi", "bin/pulumi-language-python"])
def test_an_engine_that_lost_a_part_is_made_anew(tmp_path: Path, said: list[str], go: Go, missing: str) -> None:
    env = go()
    engine = ensure_from_modules(tmp_path, said, env)
    (engine.bin_folder.parent / missing).unlink()

    assert ensure_from_modules(tmp_path, said, env) == engine
    assert (engine.bin_folder.parent / missing).is_file()


def test_launchers_of_a_kept_engine_follow_the_checkout(tmp_path: Path, said: list[str], go: Go) -> None:
    env = go()
    launcher = ensure_from_modules(tmp_path, said, env).bin_folder / "pulumi-language-python"
    current = launcher.read_text()
    launcher.write_text("#!/bin/sh\n# of an older checkout\n")

    ensure_from_modules(tmp_path, said, env)

    assert launcher.read_text() == current


def test_a_second_run_waits_says_so_and_uses_what_the_first_made(tmp_path: Path, said: list[str], go: Go) -> None:
    env = go(on_build=f"touch {tmp_path}/building; while [ ! -e {tmp_path}/go-on ]; do sleep 0.02; done")
    first_said: list[str] = []
    first = threading.Thread(target=ensure_from_modules, args=(tmp_path, first_said, env))
    first.start()
    while not (tmp_path / "building").exists():
        threading.Event().wait(0.02)

    def note(line: str) -> None:
        said.append(line)
        (tmp_path / "go-on").touch()

    engine = ensure(tmp_path / "checkout", progress=note, env=env)
    first.join()

    assert said == ["another run is setting up the engine; waiting for it"]
    assert engine.source is Source.MODULES
    assert len([call for call in calls(tmp_path) if call.startswith("build")]) == 1
