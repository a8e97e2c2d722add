"""The door on AWS: how changes reach a control plane that has no public address. Pure: commands and files, nothing run.

`tunnel` forwards a port of this machine through a gateway node with Session Manager: no bastion, no open port, allowed
by IAM and logged. `direct` is for a machine inside the network, `allow-list` for listed addresses in dev: both go to
the cluster's own address. Who calls is told by a token that `aws eks get-token` makes for each call, so that no
credential lies in a file.
"""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components.ground_specs import Door

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
"""Session Manager's own document for forwarding through a node to another host."""
EXEC_API = "client.authentication.k8s.io/v1beta1"
"""What the AWS command line answers in."""
HTTPS = 443


class DoorRefused(ValueError):
    """A door that cannot be opened; says what is wrong and what to give instead."""


@dataclass(frozen=True)
class Plane:
    """A region's control plane, as its ground tells it."""

    location: str
    """AWS's own name of the region."""
    cluster: str
    endpoint: str
    """`https://` and a host, without a port or a path."""
    authority: str
    """Its certificate authority, PEM in base64."""

    @property
    def host(self) -> str:
        """The name that its certificate carries."""
        found = re.fullmatch(r"https://([A-Za-z0-9.-]+)/?", self.endpoint)
        if found is None:
            message = f"endpoint {self.endpoint!r} is no address of an API server: give https:// and a host"
            raise DoorRefused(message)
        return found.group(1)


def kubeconfig(plane: Plane, door: Door, port: int | None) -> str:
    """Return a kubeconfig, JSON (which YAML contains); `port` is this machine's end of the tunnel.

    The server's certificate is checked against the cluster's own name, whichever way it is reached. Raises
    `DoorRefused` for an endpoint that is none, and for a tunnel without a port.
    """
    host = plane.host
    reached: dict[str, Any] = {"server": f"https://{host}"}
    if door == "tunnel":
        reached = {"server": f"https://127.0.0.1:{_checked(port)}", "tls-server-name": host}
    name = plane.cluster
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {**reached, "certificate-authority-data": plane.authority}}],
            "users": [{"name": name, "user": {"exec": _token(plane)}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )


def describe(location: str, cluster: str) -> tuple[str, ...]:
    """Return the command that prints the endpoint and the certificate authority of a cluster as a JSON list."""
    return (
        *("aws", "--region", location, "eks", "describe-cluster", "--name", cluster),
        *("--query", "cluster.[endpoint, certificateAuthority.data]", "--output", "json"),
    )


def plane(location: str, cluster: str, answer: str) -> Plane:
    """Read what `describe` printed; raises `DoorRefused` for a cluster that is not ready yet."""
    endpoint, authority = json.loads(answer)
    if not endpoint or not authority:
        message = f"cluster {cluster} has no endpoint yet: it is still being made. Try again when `up` has ended"
        raise DoorRefused(message)
    return Plane(location, cluster, str(endpoint), str(authority))


def first_node(answer: str, node_group: str) -> str:
    """Read what `find_nodes` printed; raises `DoorRefused` when no node runs."""
    nodes = sorted(json.loads(answer))
    if not nodes:
        message = f"no instance of the node group {node_group} runs: the tunnel has nothing to go through"
        raise DoorRefused(message)
    return str(nodes[0])


def find_nodes(plane: Plane, node_group: str) -> tuple[str, ...]:
    """Return the command that prints the ids of a node group's running instances as a JSON list.

    `*` in the group's name stands for anything: the engine ends names with a suffix of its own.
    """
    tags = {"tag:eks:cluster-name": plane.cluster, "tag:eks:nodegroup-name": node_group}
    filters = {**tags, "instance-state-name": "running"}
    return (
        *("aws", "--region", plane.location, "ec2", "describe-instances"),
        *("--filters", *(f"Name={name},Values={value}" for name, value in filters.items())),
        *("--query", "Reservations[].Instances[].InstanceId", "--output", "json"),
    )


def tunnel(plane: Plane, node: str, port: int) -> tuple[str, ...]:
    """Return the command that forwards `port` of this machine to the control plane, through the instance `node`.

    It runs until it is ended. Raises `DoorRefused` for what is no instance or no port.
    """
    if re.fullmatch(r"i-[0-9a-f]{8,17}", node) is None:
        message = f"{node!r} is no instance: give the id of a running gateway node, e.g. i-0123456789abcdef0"
        raise DoorRefused(message)
    parameters: Mapping[str, list[str]] = {
        "host": [plane.host],
        "portNumber": [str(HTTPS)],
        "localPortNumber": [str(_checked(port))],
    }
    return (
        *("aws", "--region", plane.location, "ssm", "start-session", "--target", node),
        *("--document-name", DOCUMENT, "--parameters", json.dumps(parameters)),
    )


def as_typed(command: tuple[str, ...]) -> str:
    """A command as a person types it."""
    return shlex.join(command)


def _checked(port: int | None) -> int:
    if port is None or not 1024 <= port <= 65535:
        message = f"the tunnel's port is {port}: give one of 1024 to 65535 that is free on this machine"
        raise DoorRefused(message)
    return port


def _token(plane: Plane) -> dict[str, Any]:
    return {
        "apiVersion": EXEC_API,
        "command": "aws",
        "args": ["--region", plane.location, "eks", "get-token", "--cluster-name", plane.cluster, "--output", "json"],
        "interactiveMode": "Never",
        "installHint": "Install the AWS command line: https://aws.amazon.com/cli/",
        "provideClusterInfo": False,
    }
