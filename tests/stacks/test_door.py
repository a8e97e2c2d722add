"""`./meridian door`: the commands are run by a stand-in for the AWS command line, the kubeconfig by a real client."""

import json
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.aws.door import Plane, describe, find_nodes, tunnel
from tests.components.aws_on_path import HOST, NODE, ROOT, Aws, standing_in

REGION, CLUSTER, GROUP = "aws-eu-north-1", "meridian-dev-eu-north-1", "aws-eu-north-1-gateway-1a2b3c4"
PLANE = Plane("eu-north-1", CLUSTER, f"https://{HOST}", "UEVN")
PARSED_NOT, REFUSED, NO_PLUGIN = 252, 254, 255


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    with standing_in(tmp_path, cluster=CLUSTER, group=GROUP) as found:
        yield found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def run(aws: Aws, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, env=aws.environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.slow
def test_the_questions_are_answered_as_they_are_asked(aws: Aws) -> None:
    assert json.loads(run(aws, *describe("eu-north-1", CLUSTER)).stdout) == [f"https://{HOST}", aws.authority]
    found = run(aws, *find_nodes(PLANE, "aws-eu-north-1-gateway-*"))
    assert json.loads(found.stdout) == [NODE], found.stderr
    assert json.loads(run(aws, *find_nodes(PLANE, "aws-eu-north-1-system-*")).stdout) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "code", "told"),
    [
        (("--document-name", "AWS-Another"), REFUSED, "InvalidDocument"),
        (("--parameters", '{"host": ["a"], "port": ["1"]}'), REFUSED, "InvalidParameters"),
        (("--parameters", '{"host": ["a"], "portNumber": [443]}'), PARSED_NOT, "Parameter validation failed"),
        (("--parameters", '{"host": ["a; b"]}'), REFUSED, "InvalidParameters"),
        (("--target", "i-fffffffffffffffff"), REFUSED, "TargetNotConnected"),
        (("--targets", NODE), PARSED_NOT, "Unknown options"),
    ],
)
def test_the_stand_in_refuses_what_aws_would(aws: Aws, wrong: tuple[str, str], code: int, told: str) -> None:
    option, value = wrong
    words = list(tunnel(PLANE, NODE, free_port()))
    if option in words:
        words[words.index(option) + 1] = value
    else:
        words += [option, value]
    done = run(aws, *words)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def start(aws: Aws, *words: str) -> "subprocess.Popen[str]":
    states = {"MERIDIAN_STATE": str(aws.folder / "states")}
    return subprocess.Popen(
        [sys.executable, "-m", "stacks.cli", "door", *words],
        cwd=ROOT,
        env={**aws.environment, **states},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_door_opens_for_a_real_client_and_closes_without_a_trace(aws: Aws, number: signal.Signals) -> None:
    port = free_port()
    running = start(aws, "dev", REGION, "--port", str(port))
    try:
        file = Path(running.stdout.readline().strip())
        assert file.exists(), running.communicate(timeout=30)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_text())["clusters"][0]["cluster"]["tls-server-name"] == HOST
        if number == signal.SIGINT:
            asked_by_a_real_client(aws, file)
    finally:
        running.send_signal(number)
        _, err = running.communicate(timeout=30)
    assert (running.returncode, "the door is closed" in err) == (0, True), err
    assert (aws.folder / "host").read_text() == HOST
    with socket.create_server(("127.0.0.1", port)):
        pass  # nothing of the tunnel is left


def asked_by_a_real_client(aws: Aws, file: Path) -> None:
    """kubectl reads the file, runs its command for a token, checks the certificate by name and gets an answer."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on PATH: the kubeconfig is not read by a real client here")
    done = run(aws, kubectl, "--kubeconfig", str(file), "--request-timeout=20s", "get", "--raw", "/version")
    assert json.loads(done.stdout)["gitVersion"] == "v1.34.0", done.stderr
    assert set(aws.tokens) == {f"Bearer k8s-aws-v1.{CLUSTER}"}


@pytest.mark.slow
def test_a_control_plane_with_another_name_is_not_believed(tmp_path: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("no kubectl on PATH: the kubeconfig is not read by a real client here")
    with standing_in(tmp_path, cluster=CLUSTER, group=GROUP, name="elsewhere.example") as aws:
        running = start(aws, "dev", REGION, "--port", str(free_port()))
        file = running.stdout.readline().strip()
        done = run(aws, kubectl, "--kubeconfig", file, "--request-timeout=20s", "get", "--raw", "/version")
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert done.returncode != 0
    assert "certificate is valid for elsewhere.example, not" in done.stderr
    assert aws.tokens == []


def said(aws: Aws, *words: str) -> tuple[int, str]:
    running = start(aws, *words)
    _, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    return running.returncode, " ".join(err.split())


@pytest.mark.slow
def test_what_is_not_installed_is_told_with_where_to_get_it(aws: Aws) -> None:
    (aws.bin / "session-manager-plugin").unlink()
    code, told = said(aws, "dev", REGION)
    assert code == 1
    assert "`session-manager-plugin` is not installed here" in told
    assert "`aws` is not installed" not in told
    (aws.bin / "aws").unlink()
    assert "`aws` is not installed here" in said(aws, "dev", REGION)[1]


@pytest.mark.slow
def test_what_stands_in_the_way_is_told_in_words(aws: Aws) -> None:
    assert "did you mean aws-eu-north-1" in said(aws, "dev", "aws-eu-north-2")[1]
    assert said(aws, "local", REGION) == (2, said(aws, "local", REGION)[1])
    (aws.folder / "instances.json").write_text("{}")
    assert "has nothing to go through" in said(aws, "dev", REGION)[1]
    (aws.folder / "cluster.json").unlink()
    assert "ResourceNotFoundException" in said(aws, "dev", REGION)[1]
    (aws.folder / "no-credentials").touch()
    code, told = said(aws, "dev", REGION)
    assert (code, "aws sso login" in told) == (1, True)


@pytest.mark.slow
def test_a_port_that_is_taken_is_told(aws: Aws) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"port {port} of this machine is taken" in said(aws, "dev", REGION, "--port", str(port))[1]
