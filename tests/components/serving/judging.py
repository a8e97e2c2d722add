"""What the API server, the scheduler and the network make of objects: selectors, placement, connections."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.components.serving.building import Served

Labels = Mapping[str, str]


def selects(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether a label selector matches; an empty one matches everything, none at all nothing."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_meets(each, labels) for each in selector.get("matchExpressions") or [])


def _meets(said: Mapping[str, Any], labels: Labels) -> bool:
    value = labels.get(said["key"])
    match said["operator"]:
        case "In":
            return value in said["values"]
        case "NotIn":
            return value not in said["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    message = f"an operator that no rule here knows: {said}"
    raise AssertionError(message)


@dataclass(frozen=True)
class Node:
    """A machine as the scheduler sees it."""

    labels: Labels
    taints: tuple[tuple[str, str], ...]
    """Of effect NoSchedule."""


def may_run(pod: Mapping[str, Any], node: Node) -> bool:
    """Whether a pod's required affinity, node selector and tolerations let it onto a node."""
    if any(node.labels.get(key) != value for key, value in (pod.get("nodeSelector") or {}).items()):
        return False
    affinity = (pod.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    terms = required["nodeSelectorTerms"] if required else [{}]
    if not any(all(_meets(each, node.labels) for each in term.get("matchExpressions") or []) for term in terms):
        return False
    tolerations = pod.get("tolerations") or []
    return all(any(_tolerates(each, taint) for each in tolerations) for taint in node.taints)


def _tolerates(toleration: Mapping[str, Any], taint: tuple[str, str]) -> bool:
    if toleration.get("effect") not in (None, "NoSchedule") or toleration.get("key") not in (None, taint[0]):
        return False
    return toleration.get("operator") == "Exists" or toleration.get("value") == taint[1]


@dataclass(frozen=True)
class End:
    """One end of a connection: a pod, or an address outside the cluster."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = ""
    free: bool = False
    """True where its own side is not asked: what one end refuses must not hang on the other's policies."""


def may_connect(served: Served, source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether the network lets `source` connect: both ends' policies must, where any of them selects the end."""
    out = _lets(served, "Egress", source, target, port, protocol)
    return out and _lets(served, "Ingress", target, source, port, protocol)


def _lets(served: Served, way: str, end: End, other: End, port: int, protocol: str) -> bool:
    if end.address or (way == "Egress" and end.free):
        return True
    mine = [
        each["spec"]
        for each in served.of("NetworkPolicy")
        if each["metadata"]["namespace"] == end.namespace
        and selects(each["spec"]["podSelector"], dict(end.labels))
        and way in each["spec"]["policyTypes"]
    ]
    peers, rules = ("to", "egress") if way == "Egress" else ("from", "ingress")
    return not mine or any(
        _peer_meets(rule.get(peers), end, other) and _port_meets(rule.get("ports"), port, protocol)
        for policy in mine
        for rule in policy.get(rules) or []
    )


def _port_meets(ports: Iterable[Mapping[str, Any]] | None, port: int, protocol: str) -> bool:
    return not ports or any(each["port"] == port and each["protocol"] == protocol for each in ports)


def _peer_meets(peers: Iterable[Mapping[str, Any]] | None, end: End, other: End) -> bool:
    return not peers or any(_is_peer(each, end, other) for each in peers)


def _is_peer(peer: Mapping[str, Any], end: End, other: End) -> bool:
    if block := peer.get("ipBlock"):
        if not other.address:
            return False
        address = ipaddress.ip_address(other.address)
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and not any(address in ipaddress.ip_network(each) for each in block.get("except") or [])
    if other.address:
        return False
    spaces = peer.get("namespaceSelector")
    there = {"kubernetes.io/metadata.name": other.namespace}
    if not (selects(spaces, there) if spaces is not None else other.namespace == end.namespace):
        return False
    return peer.get("podSelector") is None or selects(peer["podSelector"], dict(other.labels))


@dataclass(frozen=True)
class Pod:
    """A pod that some object makes."""

    owner: str
    kind: str
    namespace: str
    labels: Labels
    spec: Mapping[str, Any]
    leads: bool
    """False for machines of a replica that only compute."""

    @property
    def role(self) -> str:
        """The group's role; empty for what is no engine."""
        return self.labels.get("meridian.io/group", "")

    @property
    def end(self) -> End:
        """The pod as an end of a connection."""
        return End(self.namespace, tuple(sorted(self.labels.items())))

    @property
    def containers(self) -> list[Mapping[str, Any]]:
        """All containers, those that run before included."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]


def pods(served: Served) -> Iterator[Pod]:
    """One pod of every template, with the labels that its controller adds."""
    for each in served.of("Deployment", "Job"):
        yield _pod(each, each["spec"]["template"], {}, leads=True)
    for each in served.of("LeaderWorkerSet"):
        template = each["spec"]["leaderWorkerTemplate"]
        name = {"leaderworkerset.sigs.k8s.io/name": each["metadata"]["name"]}
        index = "leaderworkerset.sigs.k8s.io/worker-index"
        yield _pod(each, template["leaderTemplate"], {**name, index: "0"}, leads=True)
        yield _pod(each, template["workerTemplate"], {**name, index: "1"}, leads=False)


def engines(served: Served) -> Iterator[Pod]:
    """Pods of replicas."""
    return (pod for pod in pods(served) if pod.role)


def _pod(owner: Mapping[str, Any], template: Mapping[str, Any], more: Labels, *, leads: bool) -> Pod:
    labels = {**template["metadata"]["labels"], **more}
    metadata = owner["metadata"]
    return Pod(metadata["name"], owner["kind"], metadata["namespace"], labels, template["spec"], leads)
