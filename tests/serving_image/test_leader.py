"""A machine that only computes waits for its leader, and not longer than it may."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from meridian_server.leader import wait_until_closed


@pytest.fixture
def leader() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_it_returns_when_the_leader_closes_its_port(leader: socket.socket) -> None:
    threading.Timer(0.7, leader.close).start()
    began = time.monotonic()
    assert wait_until_closed("127.0.0.1", leader.getsockname()[1], 30)
    assert 0.6 < time.monotonic() - began < 10


def test_it_gives_up_when_the_leader_answers_too_long(leader: socket.socket) -> None:
    assert not wait_until_closed("127.0.0.1", leader.getsockname()[1], 0.2)


def test_the_command_ends_at_once_when_there_is_no_leader_any_more(leader: socket.socket) -> None:
    port = leader.getsockname()[1]
    leader.close()
    ended = subprocess.run(
        [sys.executable, "-m", "meridian_server.leader", "--port", str(port), "--seconds", "20"],
        env={**os.environ, "MERIDIAN_LEADER": "127.0.0.1"},
        timeout=15,
    )
    assert ended.returncode == 0
