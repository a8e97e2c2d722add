"""Rules on who may talk to whom, judged by trying connections."""

from collections.abc import Iterator
from dataclasses import replace

from tests.components.serving.building import Served
from tests.components.serving.judging import End, Pod, engines, may_connect, pods, selects
from tests.components.serving.rules import groups, rule

PROXY = End("envoy-gateway-system", (("app.kubernetes.io/component", "proxy"), ("app.kubernetes.io/name", "envoy")))
PROMETHEUS = End("monitoring", (("app.kubernetes.io/name", "prometheus"),))
DNS = End("kube-system", (("k8s-app", "kube-dns"),))
STRANGERS = {
    "Envoy Gateway itself": End("envoy-gateway-system", (("app.kubernetes.io/name", "gateway-helm"),)),
    "a pod of the gateway's namespace": End("meridian-gateway", PROXY.labels),
    "a proxy of another namespace": End("default", PROXY.labels),
    "a pod of monitoring that is not Prometheus": End("monitoring", (("app", "grafana"),)),
    "another namespace": End("default", (("app", "shell"),)),
    "the internet": End(address="198.51.100.7"),
}
INTERNET, METADATA, INSIDE = "198.51.100.7", "169.254.169.254", "10.20.3.4"
BUCKET, AGENT = "3.5.1.2", "169.254.170.23"


def _to(address: str) -> End:
    return End(address=address)


@rule
def engines_are_reached_by_gateway_and_prometheus_alone(served: Served) -> Iterator[str]:
    for pod in engines(served):
        for name, end in (("the gateway", PROXY), ("Prometheus", PROMETHEUS)):
            if may_connect(served, end, pod.end, 8000) != pod.leads:
                yield f"{name} {'cannot reach' if pod.leads else 'reaches the headless'} {pod.owner}"
            if may_connect(served, _free(end), pod.end, 29500):
                yield f"{name} reaches the inner port of {pod.owner}"
        strangers = {**STRANGERS, "a pod beside it": End(pod.namespace, (("app", "shell"),))}
        strangers |= {f"an engine of {other.owner}": other.end for other in _others(served, pod)}
        yield from (
            f"{name} reaches {pod.owner}"
            for name, end in strangers.items()
            if may_connect(served, _free(end), pod.end, 8000)
        )


def _free(end: End) -> End:
    return replace(end, free=True)


def _others(served: Served, pod: Pod) -> list[Pod]:
    return [other for other in engines(served) if (other.namespace, other.role) != (pod.namespace, pod.role)]


@rule
def engines_leave_for_weights_and_names_alone(served: Served) -> Iterator[str]:
    for pod in engines(served):
        for target, port, allowed in (
            (BUCKET, 443, True),
            (BUCKET, 80, False),
            (AGENT, 80, True),
            (METADATA, 80, False),
            (INTERNET, 443, False),
            (INSIDE, 443, False),
            (INSIDE, 6443, False),
        ):
            if may_connect(served, pod.end, _to(target), port) != allowed:
                yield f"{pod.owner} {'cannot' if allowed else 'can'} reach {target}:{port}"
        for protocol in ("UDP", "TCP"):
            if not may_connect(served, pod.end, DNS, 53, protocol):
                yield f"{pod.owner} cannot ask for names by {protocol}"
        if may_connect(served, pod.end, PROMETHEUS, 9090):
            yield f"{pod.owner} reaches Prometheus"


@rule
def weights_alone_leave_the_region(served: Served) -> Iterator[str]:
    for pod in pods(served):
        if pod.role:
            continue
        for target, port, allowed in (
            (INTERNET, 443, bool(served.wiring.loader)),
            (INTERNET, 80, False),
            (BUCKET, 443, True),
            (METADATA, 80, False),
            (METADATA, 443, False),
            (INSIDE, 443, False),
        ):
            if may_connect(served, pod.end, _to(target), port) != allowed:
                yield f"{pod.owner} {'cannot' if allowed else 'can'} reach {target}:{port}"
    beside = End("meridian-weights", (("app", "shell"),))
    if may_connect(served, beside, _to(INTERNET), 443):
        yield "any pod beside the loader can leave the region"


@rule
def the_gateway_goes_to_engines_and_its_controller_alone(served: Served) -> Iterator[str]:
    controller = End("envoy-gateway-system", (("app.kubernetes.io/name", "gateway-helm"),))
    for target, port, allowed in (
        (controller, 18000, True),
        (controller, 9443, False),
        (_to(INTERNET), 443, False),
        (_to(INSIDE), 6443, False),
        (_to(METADATA), 80, False),
    ):
        if may_connect(served, PROXY, target, port) != allowed:
            yield f"the gateway {'cannot' if allowed else 'can'} reach {target}:{port}"
    if not may_connect(served, _to(INSIDE), PROXY, 10443):
        yield "the load balancer cannot reach the gateway"
    if may_connect(served, _to(INSIDE), PROXY, 19000) or may_connect(served, _to(INSIDE), PROXY, 19001):
        yield "the gateway's administration can be reached"


@rule
def every_namespace_is_closed(served: Served) -> Iterator[str]:
    for space in served.of("Namespace"):
        name, labels = space["metadata"]["name"], space["metadata"]["labels"]
        if labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            yield f"{name} takes pods that may do more"
        anybody = End(name, (("app", "shell"),))
        if may_connect(served, anybody, _to(INTERNET), 443) or may_connect(served, anybody, _to(INSIDE), 8000):
            yield f"a pod of {name} can leave"
        if may_connect(served, _free(End("default", ())), anybody, 8000):
            yield f"a pod of {name} can be reached"
    used = {pod.namespace for pod in pods(served)}
    yield from (
        f"{name} is not ours to close" for name in used - {e["metadata"]["name"] for e in served.of("Namespace")}
    )


@rule
def parts_of_a_replica_meet_and_nobody_else_does(served: Served) -> Iterator[str]:
    seen = list(engines(served))
    for one in seen:
        for other in seen:
            same = (one.namespace, one.role) == (other.namespace, other.role)
            spans = any(
                group.nodes_per_replica > 1
                for model, group in groups(served)
                if (model.name, group.role) == (one.namespace, one.role)
            )
            if may_connect(served, one.end, other.end, 29500) != (same and spans):
                yield f"{one.owner} {'cannot meet' if same else 'meets'} {other.owner}"


@rule
def services_stay_inside_and_name_those_that_answer(served: Served) -> Iterator[str]:
    for each in served.of("Service"):
        if each["spec"].get("type", "ClusterIP") != "ClusterIP" or each["spec"].get("externalIPs"):
            yield f"{each['metadata']['name']} is a door of its own"
        for pod in engines(served):
            mine = pod.namespace == each["metadata"]["namespace"]
            chosen = mine and selects({"matchLabels": each["spec"]["selector"]}, pod.labels)
            if mine and chosen != pod.leads:
                yield f"{pod.owner} ({'leads' if pod.leads else 'computes'}) is {'' if chosen else 'not '}sent requests"
    with_one = {each["metadata"]["namespace"] for each in served.of("Service")}
    yield from (f"{model.name} has no service" for model in served.spec.models if model.name not in with_one)
