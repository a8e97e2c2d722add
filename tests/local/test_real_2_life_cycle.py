"""A local stack from nothing to nothing, with its accidents, in the order of a life."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from components.local import ports, supervisor
from components.local.layout import socket_root
from components.local.supervisor import is_alive
from tests.local.conftest import GIVEN_KEY, REGION, REPLICA, ROOT, Stack, client
from tests.local.test_real_1_serving import ask, status, until

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, never written

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]


def test_a_second_up_changes_nothing(stack: Stack) -> None:
    pids = {row["name"]: row["pid"] for row in status(stack)}
    text = stack.done("up", stack.name)
    assert "unchanged" in text
    assert not any(word in text for word in ("to create", "created", "updated", "replaced", "deleted"))
    assert {row["name"]: row["pid"] for row in status(stack)} == pids


def test_up_ends_with_a_curl_line_that_works_as_printed_and_shows_no_key(stack: Stack) -> None:
    text = stack.done("up", stack.name)
    assert not any(tenant["key"] in text for tenant in stack.outputs()["tenants"].values())
    line = next(line for line in text.splitlines() if line.startswith("curl "))
    answer = shell(stack, line)
    assert "data: [DONE]" in answer.stdout, answer.stderr
    line = next(line for line in text.splitlines() if line.startswith("SSL_CERT_FILE="))
    answer = shell(stack, f"PATH={ROOT}/.meridian/venv/bin:$PATH; {line}")
    assert answer.returncode == 0 and answer.stdout.strip(), answer.stderr


def test_status_shows_every_process_ready_with_its_port_and_memory(stack: Stack) -> None:
    rows = {row["name"]: row for row in status(stack)}
    assert set(rows) == {REPLICA, f"{REGION}-gateway", "eu-steering"}
    assert all(row["health"] == "ready" and row["pid"] and row["port"] for row in rows.values())
    assert 100 < int(str(rows[REPLICA]["memory_mib"])) < 3500


def test_the_state_holds_no_key_in_clear(stack: Stack) -> None:
    keys = [tenant["key"] for tenant in stack.outputs()["tenants"].values()]
    keys += [(stack.layout.process(REPLICA) / name).read_text() for name in ("engine-key", "salt-key", "key.pem")]
    files = [file for file in (stack.state / "backend").rglob("*") if file.is_file()]
    assert len(files) > 3
    assert GIVEN_KEY in keys
    assert GIVEN_KEY not in (stack.state / f"Pulumi.{stack.name}.yaml").read_text()
    for file in files:
        assert not any(key in file.read_text(errors="replace") for key in keys), file
    assert (stack.state / "passphrase").stat().st_mode & 0o077 == 0


def test_the_committed_stack_file_is_not_touched(stack: Stack) -> None:
    assert "encryptionsalt" not in stack.file.read_text()


def test_plain_pulumi_sees_the_same_stack_without_a_change(stack: Stack) -> None:
    script = f'eval "$(./meridian env {stack.name})" && pulumi preview -s {stack.name} --expect-no-changes'
    result = shell(stack, script)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "14 unchanged" in result.stdout or "unchanged" in result.stdout


def test_a_killed_replica_leaves_no_orphan_is_seen_by_refresh_and_restored_by_up(stack: Stack) -> None:
    before = supervisor.members(stack.layout, program=REPLICA)
    os.kill(supervisor.status(stack.layout, REPLICA).pid, signal.SIGKILL)
    assert until(lambda: not any(is_alive(process) for process in before), seconds=15)
    assert f"Process {REPLICA} updated" in " ".join(stack.done("refresh", stack.name).split())
    stack.done("up", stack.name)
    ask(client(stack.outputs()), "Hello")


def test_a_killed_supervisord_is_made_again_with_everything_below_it(stack: Stack) -> None:
    os.kill(int((stack.layout.supervisor / "supervisord.pid").read_text()), signal.SIGKILL)
    stack.done("up", stack.name)
    ask(client(stack.outputs()), "Hello")
    assert {row["health"] for row in status(stack)} == {"ready"}


def test_two_runs_at_once_are_refused_with_who_holds_the_lock(stack: Stack) -> None:
    os.kill(supervisor.status(stack.layout, REPLICA).pid, signal.SIGKILL)  # makes the first run take a while
    first = stack.start("up", stack.name)
    lock = stack.state / "backend" / ".pulumi" / "locks"
    assert until(lambda: any(lock.rglob("*.json")), seconds=60)
    second = stack.meridian("up", stack.name)
    assert second.returncode != 0
    text = second.stdout + second.stderr
    assert "locked" in text and "pid" in text
    output, _ = first.communicate(timeout=300)
    assert first.returncode == 0, output


def test_ctrl_c_in_the_middle_and_another_run_heals(stack: Stack) -> None:
    stack.configure(readiness={"stallSeconds": 5, "probeIntervalSeconds": 2})
    running = stack.start("up", stack.name)
    old = supervisor.status(stack.layout, REPLICA).pid
    assert until(lambda: (now := supervisor.status(stack.layout, REPLICA)) is None or now.pid != old, seconds=120)
    os.killpg(running.pid, signal.SIGINT)
    running.communicate(timeout=120)
    assert running.returncode != 0
    stack.configure()
    stack.done("up", stack.name)
    ask(client(stack.outputs()), "Hello")


def test_a_killed_engine_run_is_healed_by_the_next_one(stack: Stack) -> None:
    stack.configure(readiness={"stallSeconds": 5, "probeIntervalSeconds": 2})
    running = stack.start("up", stack.name)
    old = supervisor.status(stack.layout, REPLICA).pid
    assert until(lambda: (now := supervisor.status(stack.layout, REPLICA)) is None or now.pid != old, seconds=120)
    for process in [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]:
        process.kill()
    running.communicate(timeout=60)
    stack.configure()
    result = stack.meridian("up", stack.name)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "its lock is released" in " ".join(result.stderr.split())
    ask(client(stack.outputs()), "Hello")


def test_a_model_folder_that_is_no_model_is_refused_and_the_stack_goes_on_serving(stack: Stack) -> None:
    for source, says in (("no/such/folder", "there is no folder"), ("docs", "config.json is missing")):
        stack.configure(models={"tiny-llama": {"source": source}})
        result = stack.meridian("up", stack.name)
        text = " ".join((result.stdout + result.stderr).split())
        assert result.returncode != 0
        assert says in text and "is not a model folder" in text and "Traceback" not in text
    stack.configure()
    ask(client(stack.outputs()), "Hello")
    assert "unchanged" in stack.done("up", stack.name)


def test_an_unknown_vllm_flag_is_refused_with_the_nearest_one_and_the_way_back_works(stack: Stack) -> None:
    stack.configure(models={"tiny-llama": {"source": "tiny", "engine": {"extraArgs": {"--max-num-seq": "9"}}}})
    result = stack.meridian("up", stack.name)
    assert result.returncode != 0
    assert "did you mean --max-num-seqs?" in " ".join((result.stdout + result.stderr).split())
    stack.configure()
    stack.done("up", stack.name)
    ask(client(stack.outputs()), "Hello")


def test_a_fixed_port_held_by_someone_else_is_refused_with_its_holder(stack: Stack) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        stack.configure(local={"ports": {REGION: taken}})
        result = stack.meridian("up", stack.name)
    text = " ".join((result.stdout + result.stderr).split())
    assert result.returncode != 0
    assert f"port {taken}" in text and f"process {os.getpid()}" in text and "meridian:local.ports" in text
    stack.configure()
    stack.done("up", stack.name)


def test_down_leaves_no_process_no_port_and_no_file(stack: Stack) -> None:
    held = [int(str(row["port"])) for row in status(stack)]
    processes = supervisor.members(stack.layout)
    assert processes and not any(ports.is_free(port) for port in held)
    shared_memory = set(SHARED_MEMORY.iterdir())
    stack.done("down", stack.name)
    assert not any(is_alive(process) for process in processes)
    assert all(ports.is_free(port) for port in held)
    assert not stack.state.exists() and not socket_root(stack.state).exists()
    assert set(SHARED_MEMORY.iterdir()) <= shared_memory
    assert stack.meridian("status", stack.name).returncode != 0
    assert "nothing to remove" in stack.meridian("down", stack.name).stderr


def shell(stack: Stack, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script],
        env=stack.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
