"""The door on AWS: no credential lies in a file, and the control plane's certificate is always checked."""

import json
import shlex
from typing import Any, get_args

import pytest
import yaml
from botocore import xform_name
from botocore.session import get_session

from components.aws.door import DoorRefused, Plane, as_typed, find_nodes, kubeconfig, tunnel
from components.ground_specs import Door

HOST = "0123ABCD.gr7.eu-north-1.eks.amazonaws.com"
PLANE = Plane("eu-north-1", "prod-eu-north-1", f"https://{HOST}", "LS0tLS1CRUdJTg==")
NODE = "i-0123456789abcdef0"


def read(door: Door, port: int | None = 16443) -> dict[str, Any]:
    return yaml.safe_load(kubeconfig(PLANE, door, port))


def cluster(config: dict[str, Any]) -> dict[str, Any]:
    [found] = config["clusters"]
    return found["cluster"]


def test_through_the_tunnel_the_clusters_own_name_is_checked() -> None:
    assert cluster(read("tunnel")) == {
        "server": "https://127.0.0.1:16443",
        "tls-server-name": HOST,
        "certificate-authority-data": PLANE.authority,
    }


@pytest.mark.parametrize("door", ["direct", "allow-list"])
def test_without_a_tunnel_the_clusters_own_address_is_used(door: Door) -> None:
    found = cluster(read(door, None))
    assert found == {"server": f"https://{HOST}", "certificate-authority-data": PLANE.authority}


@pytest.mark.parametrize("door", get_args(Door))
def test_no_kubeconfig_holds_a_secret_or_leaves_a_check_out(door: Door) -> None:
    config = read(door)
    [user] = config["users"]
    assert set(user["user"]) == {"exec"}
    assert user["user"]["exec"]["args"][2:5] == ["eks", "get-token", "--cluster-name"]
    text = json.dumps(config)
    for word in ("insecure", 'token":', "password", "client-key", "AWS_SECRET", "env"):
        assert word not in text


@pytest.mark.parametrize("door", get_args(Door))
def test_the_parts_of_a_kubeconfig_name_each_other(door: Door) -> None:
    config = read(door)
    [context] = config["contexts"]
    names = {config["current-context"], context["name"], context["context"]["cluster"], context["context"]["user"]}
    assert names == {config["clusters"][0]["name"]} == {config["users"][0]["name"]}


def test_the_tunnel_goes_through_a_node_to_the_control_plane() -> None:
    command = tunnel(PLANE, NODE, 16443)
    assert command[:7] == ("aws", "--region", "eu-north-1", "ssm", "start-session", "--target", NODE)
    parameters = json.loads(command[command.index("--parameters") + 1])
    assert parameters == {"host": [HOST], "portNumber": ["443"], "localPortNumber": ["16443"]}


def test_kubeconfig_and_tunnel_use_the_same_port() -> None:
    parameters = json.loads(tunnel(PLANE, NODE, 20001)[-1])
    assert cluster(read("tunnel", 20001))["server"].endswith(f":{parameters['localPortNumber'][0]}")


def test_nodes_are_found_by_cluster_and_group_and_only_running_ones() -> None:
    command = find_nodes(PLANE, "gateway")
    assert "Name=tag:eks:cluster-name,Values=prod-eu-north-1" in command
    assert "Name=tag:eks:nodegroup-name,Values=gateway" in command
    assert "Name=instance-state-name,Values=running" in command


@pytest.mark.parametrize("command", [find_nodes(PLANE, "gateway"), tunnel(PLANE, NODE, 16443)], ids=["find", "tunnel"])
def test_every_command_and_option_is_one_that_aws_has(command: tuple[str, ...]) -> None:
    # The AWS command line is generated from these models.
    service, operation = command[3:5]
    model = get_session().get_service_model(service)
    [shape] = [
        model.operation_model(name).input_shape for name in model.operation_names if xform_name(name, "-") == operation
    ]
    known = {f"--{xform_name(member, '-')}" for member in shape.members} | {"--region", "--query", "--output"}
    assert {word for word in command if word.startswith("--")} <= known


def test_a_command_survives_being_typed() -> None:
    command = tunnel(PLANE, NODE, 16443)
    assert tuple(shlex.split(as_typed(command))) == command


@pytest.mark.parametrize("port", [None, 0, 443, 65536])
def test_a_tunnel_without_a_usable_port_is_refused(port: int | None) -> None:
    with pytest.raises(DoorRefused, match="1024 to 65535"):
        kubeconfig(PLANE, "tunnel", port)


@pytest.mark.parametrize(
    "endpoint", ["", "http://plain.example", "https://x.example:6443", "https://x/y", "https://a b"]
)
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(DoorRefused, match="no address of an API server"):
        kubeconfig(Plane("eu-north-1", "c", endpoint, "x"), "direct", None)


@pytest.mark.parametrize("node", ["", "gateway", "i-xyz", "i-0123456789abcdef0 --profile other"])
def test_what_is_no_instance_is_refused(node: str) -> None:
    with pytest.raises(DoorRefused, match="no instance"):
        tunnel(PLANE, node, 16443)
