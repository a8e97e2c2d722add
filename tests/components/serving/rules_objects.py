"""Rules on objects as such: names, labels, limits, order, and how they reach the cluster."""

import importlib
from collections import Counter
from collections.abc import Iterator

from rehearsal.standins.checking import faults
from rehearsal.standins.deriving import resource_shape
from rehearsal.standins.shapes import ResourceShape
from tests.components.serving.building import Served
from tests.components.serving.judging import engines, pods
from tests.components.serving.rules import groups, rule

_SHAPES: dict[str, ResourceShape] = {}
_TRUE = (True, "true")
"""A provider's inputs travel as text."""
OWN = ("cert-manager", "envoy-gateway-system")
"""Namespaces that a controller brings, in which objects of ours lie."""


@rule
def everything_goes_to_this_cluster_alone(served: Served) -> Iterator[str]:
    providers = served.world.providers
    for each in served.world.resources:
        if each.provider not in providers:
            yield f"{each.name} goes to whatever cluster is at hand"
    for provider in providers.values():
        if provider.inputs.get("clusterIdentifier") != served.spec.name:
            yield f"{provider.name}: a changed address would replace every object"
        if provider.inputs.get("enableServerSideApply") not in _TRUE:
            yield f"{provider.name}: fields that others own would be overwritten unseen"
        if provider.inputs.get("deleteUnreachable") in _TRUE:
            yield f"{provider.name}: a cluster that does not answer would lose its objects"


@rule
def everything_tells_what_it_belongs_to(served: Served) -> Iterator[str]:
    for each in served.objects:
        labels = each["metadata"].get("labels") or {}
        if not set(served.spec.labels) <= set(labels.items()):
            yield f"{each['kind']} {each['metadata']['name']} lacks labels"


@rule
def everything_stands_in_a_namespace_of_its_model(served: Served) -> Iterator[str]:
    spaces = {each["metadata"]["name"] for each in served.of("Namespace")}
    wanted = {*(model.name for model in served.spec.models), "meridian-gateway", "meridian-weights"}
    if spaces != wanted:
        yield f"namespaces are {sorted(spaces)}"
    for each in served.objects:
        namespace = each["metadata"].get("namespace")
        if namespace is not None and namespace not in spaces and namespace not in OWN:
            yield f"{each['kind']} {each['metadata']['name']} lies in {namespace}"


@rule
def no_two_objects_are_one(served: Served) -> Iterator[str]:
    counted = Counter(each.urn for each in served.world.all)
    counted += Counter(
        str((each["apiVersion"], each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]))
        for each in served.objects
    )
    yield from (f"{name} is there {count} times" for name, count in counted.items() if count > 1)


@rule
def a_model_takes_what_was_planned_and_no_more(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        quotas = [each for each in served.of("ResourceQuota") if each["metadata"]["namespace"] == model.name]
        if len(quotas) != 1:
            yield f"{model.name} has {len(quotas)} quotas"
            continue
        hard = quotas[0]["spec"]["hard"]
        mine = [group for asked, group in groups(served) if asked.name == model.name]
        sizes = [group.nodes_per_replica * group.gpus_per_node for group in mine]
        planned = sum(group.max_replicas * size for group, size in zip(mine, sizes, strict=True))
        # One replica of each group may still be stopping while the next one starts.
        if not planned <= float(hard["requests.nvidia.com/gpu"]) <= planned + sum(sizes):
            yield f"{model.name} may ask for {hard['requests.nvidia.com/gpu']} GPUs, planned are {planned}"
        if any(hard.get(each) != "0" for each in ("services.loadbalancers", "services.nodeports")):
            yield f"{model.name} may open a door of its own"


@rule
def nobody_pushes_a_replica_out(served: Served) -> Iterator[str]:
    made = {each["metadata"]["name"]: each for each in served.of("PriorityClass")}
    for pod in pods(served):
        if pod.spec.get("priorityClassName") not in made:
            yield f"{pod.owner} has the priority {pod.spec.get('priorityClassName')}"
    if any(each.get("preemptionPolicy") != "Never" or each.get("globalDefault") for each in made.values()):
        yield "a priority class pushes pods out, or is everybody's"
    value = {name: each["value"] for name, each in made.items()}
    if not value.get("meridian-base", 0) > value.get("meridian-spot", 0) > value.get("meridian-weights", 0):
        yield f"the baseline does not come first: {value}"


@rule
def replicas_are_made_after_what_they_need(served: Served) -> Iterator[str]:
    """An engine that starts before its weights or secrets are there would be restarted until they are."""
    by_urn = {each.urn: each for each in served.world.all}
    needed = {"ConfigMap", "ExternalSecret", "NetworkPolicy", "ServiceAccount", "Certificate", "Namespace"}
    needed |= {"Job"} if served.wiring.loader else set()
    for each in served.world.resources:
        if each.inputs.get("kind") not in ("Deployment", "LeaderWorkerSet"):
            continue
        kinds, todo = set(), list(each.depends_on)
        while todo:
            found = by_urn.get(todo.pop())
            if found is not None and found.inputs.get("kind") and found.urn not in kinds:
                kinds |= {found.urn}
                todo += list(found.depends_on)
        seen = {by_urn[urn].inputs["kind"] for urn in kinds}
        if needed - seen:
            yield f"{each.name} does not wait for {sorted(needed - seen)}"


@rule
def identities_are_those_that_the_ground_ties(served: Served) -> Iterator[str]:
    made = {(e["metadata"]["namespace"], e["metadata"]["name"]) for e in served.of("ServiceAccount")}
    wanted = {("meridian-weights", "loader"), *((model.name, "engine") for model in served.spec.models)}
    if made != wanted:
        yield f"service accounts are {sorted(made)}"
    used = {(pod.namespace, pod.spec.get("serviceAccountName")) for pod in pods(served)}
    yield from (f"{name} is nobody's account" for name in used - made)
    for each in served.of("ServiceAccount"):
        if each.get("automountServiceAccountToken") is not False:
            yield f"{each['metadata']['name']} gives its pods a token of the API server"


@rule
def engines_can_be_known_by_their_certificate(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        mine = [e["spec"] for e in served.of("Certificate") if e["metadata"]["namespace"] == model.name]
        mounted = {
            volume["secret"]["secretName"]
            for pod in engines(served)
            if pod.namespace == model.name
            for volume in pod.spec["volumes"]
            if "secret" in volume
        }
        if {each["secretName"] for each in mine} != mounted:
            yield f"engines of {model.name} show {sorted(mounted)}"
        for each in mine:
            # The name that the gateway checks; another model's engines must not have it.
            if each["dnsNames"] != [f"engine.{model.name}.svc"]:
                yield f"engines of {model.name} show a certificate of {each['dnsNames']}"
            checked = {
                endpoint["tlsConfig"]["serverName"]
                for monitor in served.of("PodMonitor")
                if monitor["metadata"]["namespace"] == model.name
                for endpoint in monitor["spec"]["podMetricsEndpoints"]
            }
            if checked != set(each["dnsNames"]):
                yield f"Prometheus asks engines of {model.name} for {sorted(checked)}"
            if each["issuerRef"]["name"] != "meridian-internal" or each.get("isCA"):
                yield f"engines of {model.name} are vouched for by {each['issuerRef']}"


@rule
def the_sdk_knows_every_input(served: Served) -> Iterator[str]:
    for each in served.world.resources:
        kind = each.type.rpartition(":")[2]
        if each.type.split(":")[1].rpartition("/")[0] in _CUSTOM:
            continue
        for fault in faults(each.inputs, _shape(each.type, kind)):
            yield f"{kind} {each.name}: {fault.path}: {fault.reason}"


_CUSTOM = (*("external-secrets.io", "cert-manager.io", "keda.sh", "monitoring.coreos.com", "leaderworkerset.x-k8s.io"),)
"""APIs of others: their objects are judged by a real API server in the lab."""


def _shape(kind: str, name: str) -> ResourceShape:
    if kind not in _SHAPES:
        group, version = kind.split(":")[1].split("/")
        module = importlib.import_module(f"pulumi_kubernetes.{group.partition('.')[0]}.{version}")
        _SHAPES[kind] = resource_shape(getattr(module, name))
    return _SHAPES[kind]
