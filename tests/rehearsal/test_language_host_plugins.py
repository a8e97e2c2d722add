"""What the language host runs besides programs: policy packs and component providers."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from tests.rehearsal.host_process import EXECUTOR, Host, ended, run_plugin, wait_for_file


def test_a_plugins_output_and_exit_code_arrive_as_they_are(host: Host, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['A'])\nprint('trouble', file=sys.stderr)\nsys.exit(7)\n"
    )

    pieces = list(run_plugin(host, tmp_path, "127.0.0.1:1", "x"))

    assert b"".join(piece.stdout for piece in pieces) == b"['127.0.0.1:1', 'x'] last\n"
    assert b"".join(piece.stderr for piece in pieces) == b"trouble\n"
    assert pieces[-1].exitcode == 7


def test_a_plugins_first_line_arrives_while_it_runs_on(host: Host, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import time\nprint(4711, flush=True)\ntime.sleep(600)\n")

    call = run_plugin(host, tmp_path)

    said = b""
    while not said.endswith(b"\n"):
        said += next(call).stdout
    assert said == b"4711\n"
    call.cancel()


def test_a_cancelled_plugin_ends_with_its_descendants(host: Host, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text(EXECUTOR.replace('sys.argv[sys.argv.index("--") + 2:]', "['stay']"))
    call = run_plugin(host, tmp_path)
    reading = threading.Thread(target=lambda: _drain(call))
    reading.start()
    pids = json.loads(wait_for_file(tmp_path / "pids.json"))

    call.cancel()
    reading.join()

    assert ended(*pids)


def _drain(call: Iterator) -> None:
    try:
        list(call)
    except grpc.RpcError:
        return


def test_a_policy_pack_is_started_by_the_sdks_module_with_its_folder_last(host: Host, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)

    pieces = list(run_plugin(host, tmp_path, "127.0.0.1:1", kind="analyzer"))

    assert pieces[0].stdout.decode() == f"-u -m pulumi.policy 127.0.0.1:1 {tmp_path}\n"


def test_a_plugin_that_is_a_package_is_hosted_by_the_sdk(host: Host, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "my-parts"\n')

    assert next(run_plugin(host, tmp_path, "127.0.0.1:1")).stdout == b"-u -m pulumi.run.plugin my-parts 127.0.0.1:1\n"


@pytest.mark.parametrize(("pyproject", "missing"), [(None, "__main__.py"), ("[tool.x]\n", "`name`")])
def test_a_folder_without_a_plugin_is_refused_with_what_to_add(
    host: Host, tmp_path: Path, pyproject: str | None, missing: str
) -> None:
    if pyproject:
        (tmp_path / "pyproject.toml").write_text(pyproject)

    with pytest.raises(grpc.RpcError) as refused:
        list(run_plugin(host, tmp_path))

    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert missing in refused.value.details()
