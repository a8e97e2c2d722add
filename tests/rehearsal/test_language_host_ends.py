"""The language host ends at once, with everything it started."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from tests.rehearsal.host_process import ROOT, Host, command, ended, run, started, stay, wait_for_file


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_host_and_its_program_at_once(executor: Path, tmp_path: Path, number: signal.Signals) -> None:
    with started(executor) as host:
        pids = stay(host, tmp_path)

        host.process.send_signal(number)

        assert ended(host.process.pid, *pids)
        assert host.process.wait() == 0


def test_a_cancelled_run_ends_the_program_and_reports_no_error_of_its_own(executor: Path, tmp_path: Path) -> None:
    with started(executor) as host:
        answers: list[language_pb2.RunResponse] = []
        running = threading.Thread(target=lambda: answers.append(run(host, tmp_path, "stay")))
        running.start()
        pids = json.loads(wait_for_file(tmp_path / "pids.json"))

        host.stub.Cancel(empty_pb2.Empty())
        running.join()

        assert ended(*pids)
        assert answers == [language_pb2.RunResponse(bail=True)]
        assert run(host, tmp_path, "stay") == language_pb2.RunResponse(bail=True), "nothing starts after a cancel"


def test_a_killed_engine_leaves_no_host_and_no_program(executor: Path, tmp_path: Path) -> None:
    engine = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", engine, *command(executor)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
        host = Host(process, language_pb2_grpc.LanguageRuntimeStub(channel))
        pids = stay(host, tmp_path)

        process.kill()
        process.wait()

        assert ended(*pids)
