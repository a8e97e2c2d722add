"""The official installer, against a server on the loopback that plays its part."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rehearsal.engine import Engine, EngineError, Source, ensure, installer
from rehearsal.engine.model import pinned_version

INSTALLS = """
while [ $# -gt 0 ]; do
    case $1 in
    --version) version=$2; shift ;;
    --install-root) root=$2; shift ;;
    --no-edit-path) edits=none ;;
    esac
    shift
done
[ "$edits" = none ] || exit 9
mkdir -p "$root/bin"
printf '#!/bin/sh\\necho v%s\\n' "${OVERRIDE:-$version}" >"$root/bin/pulumi"
printf '#!/bin/sh\\n' >"$root/bin/pulumi-language-python"
chmod +x "$root/bin"/*
"""

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve one answer to every request on a loopback address, and return that address."""
    servers = []
    stop = threading.Event()

    def start(script: str = "", *, status: int = 200, byte_every: float = 0) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(script) or 1000))
                self.end_headers()
                if not byte_every:
                    self.wfile.write(script.encode())
                    return
                while not stop.wait(byte_every):
                    self.wfile.write(b"#")

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        server.daemon_threads = True
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    stop.set()
    for server in servers:
        server.shutdown()
        server.server_close()


def ensure_from_installer(tmp_path: Path, said: list[str], address: str, system_path: str, **env: str) -> Engine:
    own = {"MERIDIAN_ENGINE_SOURCES": "installer", "MERIDIAN_ENGINE_INSTALLER": address, "PATH": system_path}
    return ensure(tmp_path, progress=said.append, env={**own, **env})


def kept(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / ".meridian" / "engine").iterdir() if path.is_dir())


def test_the_installer_puts_the_pinned_version_into_the_checkout(
    tmp_path: Path, said: list[str], serve: Serve, system_path: str
) -> None:
    engine = ensure_from_installer(tmp_path, said, serve(INSTALLS), system_path)

    assert engine.source is Source.INSTALLER
    assert engine.version == pinned_version()
    assert engine.bin_folder == tmp_path / ".meridian" / "engine" / pinned_version() / "bin"
    assert (engine.bin_folder / "pulumi").is_file()
    assert kept(tmp_path) == [pinned_version()]


def test_an_installed_engine_is_kept_for_the_next_run(
    tmp_path: Path, said: list[str], serve: Serve, system_path: str
) -> None:
    first = ensure_from_installer(tmp_path, said, serve(INSTALLS), system_path)

    assert ensure_from_installer(tmp_path, said, "http://127.0.0.1:1", system_path) == first


def test_an_installed_engine_is_not_taken_where_the_installer_is_not_allowed(
    tmp_path: Path, said: list[str], serve: Serve, system_path: str
) -> None:
    ensure_from_installer(tmp_path, said, serve(INSTALLS), system_path)

    with pytest.raises(EngineError):
        ensure(tmp_path, progress=said.append, env={"MERIDIAN_ENGINE_SOURCES": "path", "PATH": system_path})


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo the tarball is missing >&2; exit 3", "code 3: the tarball is missing"),
        ("exit 4", "code 4: it said nothing"),
        (f"OVERRIDE=3.1.0\n{INSTALLS}", "put 3.1.0 where"),
        ("true", "put no working engine where"),
        (f"{INSTALLS}\nrm $root/bin/pulumi-language-python", "no pulumi-language-python"),
    ],
)
def test_a_script_that_fails_or_installs_the_wrong_thing_leaves_nothing_and_says_why(
    tmp_path: Path, said: list[str], serve: Serve, system_path: str, script: str, reason: str
) -> None:
    with pytest.raises(EngineError) as refused:
        ensure_from_installer(tmp_path, said, serve(script), system_path)

    assert reason in refused.value.what
    assert any(reason in line for line in said)
    assert kept(tmp_path) == []


def test_a_server_error_is_told_with_its_code(tmp_path: Path, said: list[str], serve: Serve, system_path: str) -> None:
    with pytest.raises(EngineError, match="answered 500"):
        ensure_from_installer(tmp_path, said, serve(INSTALLS, status=500), system_path)


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "not an address"])
def test_an_address_that_cannot_be_reached_is_told(
    tmp_path: Path, said: list[str], system_path: str, address: str
) -> None:
    with pytest.raises(EngineError, match="cannot be reached"):
        ensure_from_installer(tmp_path, said, address, system_path)


def test_a_password_in_the_address_is_never_shown(tmp_path: Path, said: list[str], system_path: str) -> None:
    with pytest.raises(EngineError) as refused:
        ensure_from_installer(tmp_path, said, "http://me:not-for-eyes@127.0.0.1:1/install", system_path)

    assert "127.0.0.1:1/install" in refused.value.what
    assert "not-for-eyes" not in f"{refused.value} {said}"


@pytest.mark.parametrize("byte_every", [0.05, 60], ids=["trickles", "hangs"])
def test_a_server_that_sends_no_script_in_time_is_given_up(
    tmp_path: Path,
    said: list[str],
    serve: Serve,
    system_path: str,
    monkeypatch: pytest.MonkeyPatch,
    byte_every: float,
) -> None:
    monkeypatch.setattr(installer, "FETCH_SECONDS", 0.5)
    started = time.monotonic()

    with pytest.raises(EngineError, match="did not send its script"):
        ensure_from_installer(tmp_path, said, serve(byte_every=byte_every), system_path)

    assert time.monotonic() - started < 3 * installer.FETCH_SECONDS


def test_the_installer_is_given_ten_seconds_for_its_script() -> None:
    assert installer.FETCH_SECONDS == 10


def test_what_the_installer_lacked_is_told_when_the_build_fails_too(
    tmp_path: Path, said: list[str], serve: Serve, system_path: str
) -> None:
    env = {"MERIDIAN_ENGINE_SOURCES": "installer,modules", "PATH": str(tmp_path / "nothing-here")}
    env["MERIDIAN_ENGINE_INSTALLER"] = serve(INSTALLS, status=404)

    with pytest.raises(EngineError) as refused:
        ensure(tmp_path, progress=said.append, env=env)

    assert "no `go` on PATH" in refused.value.what
    assert "answered 404" in refused.value.why
