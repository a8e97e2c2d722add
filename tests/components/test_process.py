"""A process as a Pulumi resource: it exists once it serves, and drift is what its probe says."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from components.local import certificates, ports, supervisor
from components.local.certificates import Pair
from components.local.layout import Layout
from components.local.process import ProcessProvider, SupervisorProvider
from components.local.supervisor import ProcessFailure

pytestmark = pytest.mark.slow

SERVER = """
import http.server, pathlib, ssl, sys
folder = pathlib.Path(sys.argv[2])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int((folder / "status").read_text()))
        self.end_headers()
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@pytest.fixture
def props(layout: Layout, authority: Pair) -> dict[str, Any]:
    port = ports.choose({"engine": 22443}, fixed=False, registry=layout.state / "ports.json", owner="test")["engine"]
    pair = certificates.make_certificate(authority, ["127.0.0.1"])
    return {
        "state": str(layout.state),
        "region": layout.region,
        "name": "server",
        "command": [sys.executable, "-c", SERVER, str(port), str(layout.process("server"))],
        "environment": {},
        "files": {"certificate.pem": pair.certificate, "key.pem": pair.private_key, "status": "200"},
        "address": ports.LOOPBACK,
        "ports": [port],
        "ready": {
            "url": f"https://127.0.0.1:{port}/",
            "authority": authority.certificate,
            "seconds": 20,
            "min_ready_seconds": 0,
        },
        "stop_seconds": 5,
        "revision": "1",
    }


def test_creation_ends_when_the_process_serves_and_deletion_leaves_nothing(
    layout: Layout, props: dict[str, Any]
) -> None:
    provider = ProcessProvider()
    outs = provider.create(props).outs
    assert provider.read("id", outs).outs["drift"] == ""
    assert (layout.process("server") / "key.pem").stat().st_mode & 0o077 == 0
    provider.delete("id", outs)
    assert supervisor.members(layout, program="server") == []
    assert not layout.process("server").exists()


def test_a_process_that_ends_while_starting_fails_with_its_last_lines(layout: Layout, props: dict[str, Any]) -> None:
    props["command"] = [sys.executable, "-c", "print('no such model'); raise SystemExit(3)"]
    with pytest.raises(ProcessFailure, match="no such model"):
        ProcessProvider().create(props)
    assert supervisor.status(layout, "server") is None


def test_a_process_that_never_serves_fails_and_is_stopped(layout: Layout, props: dict[str, Any]) -> None:
    props["files"]["status"] = "503"
    props["ready"]["seconds"] = 2
    with pytest.raises(ProcessFailure, match="did not serve within 2 s"):
        ProcessProvider().create(props)
    assert supervisor.members(layout, program="server") == []


def test_a_port_held_by_someone_else_is_told_before_anything_starts(layout: Layout, props: dict[str, Any]) -> None:
    provider = ProcessProvider()
    outs = provider.create(props).outs
    other = {**props, "name": "other"}
    with pytest.raises(ProcessFailure, match=r"is held by process \d+"):
        provider.create(other)
    assert provider.read("id", outs).outs["drift"] == ""


def test_a_process_that_stops_serving_has_drift_and_an_update_brings_it_back(
    layout: Layout, props: dict[str, Any]
) -> None:
    provider = ProcessProvider()
    props["ready"]["seconds"] = 5
    outs = provider.create(props).outs
    os.kill(supervisor.status(layout, "server").pid, signal.SIGSTOP)
    seen = provider.read("id", outs).outs
    assert seen["drift"] == "running, but it does not serve"
    assert provider.diff("id", seen, props).changes
    healed = provider.update("id", seen, props).outs
    assert not provider.diff("id", healed, props).changes
    assert provider.read("id", healed).outs["drift"] == ""


def test_a_file_changed_by_hand_has_drift_and_is_written_again(layout: Layout, props: dict[str, Any]) -> None:
    provider = ProcessProvider()
    outs = provider.create(props).outs
    (layout.process("server") / "key.pem").write_text("nonsense")
    seen = provider.read("id", outs).outs
    assert seen["drift"] == "key.pem was changed by hand"
    provider.update("id", seen, props)
    assert provider.read("id", outs).outs["drift"] == ""


def test_a_removed_program_is_gone_for_refresh(layout: Layout, props: dict[str, Any]) -> None:
    provider = ProcessProvider()
    outs = provider.create(props).outs
    supervisor.remove_program(layout, "server")
    assert provider.read("id", outs).id is None


def test_an_equal_configuration_is_no_change_and_another_revision_is(props: dict[str, Any]) -> None:
    provider = ProcessProvider()
    assert not provider.diff("id", {**props, "drift": ""}, props).changes
    assert provider.diff("id", {**props, "drift": ""}, {**props, "revision": "2"}).changes
    assert provider.diff("id", {**props, "drift": ""}, {**props, "name": "new"}).replaces == ["name"]


def test_a_supervisord_that_does_not_answer_is_gone_for_refresh(tmp_path: Path) -> None:
    provider, props = SupervisorProvider(), {"state": str(tmp_path), "region": "local-south"}
    made = provider.create(props)
    assert provider.read(made.id, props).id == made.id
    provider.delete(made.id, props)
    assert provider.read(made.id, props).id is None
    assert not Layout(tmp_path, "local-south").folder.exists()
