"""What every region serves by: named rules over its objects, each a list of what breaks it."""

import itertools
from collections.abc import Callable, Iterator, Mapping

from components.serving_specs import ReplicaGroupSpec, ServedModelSpec
from tests.components.serving.building import REGISTRY, Served
from tests.components.serving.judging import Node, engines, may_run, pods, selects

Rule = Callable[[Served], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(check: Rule) -> Rule:
    """Name a rule by its function."""
    RULES[check.__name__.replace("_", " ")] = check
    return check


def broken(served: Served) -> Mapping[str, list[str]]:
    """What is broken, by the rule's name."""
    found = {name: list(check(served)) for name, check in RULES.items()}
    return {name: faults for name, faults in found.items() if faults}


def groups(served: Served) -> Iterator[tuple[ServedModelSpec, ReplicaGroupSpec]]:
    """Every group that was asked for."""
    return ((model, group) for model in served.spec.models for group in model.groups)


def nodes(served: Served) -> Mapping[str, Node]:
    """Machines of every pool, by `namespace/role`, and strangers that no engine may run on."""
    found = {"system": Node({"meridian.io/role": "system", "meridian.io/pool": "system"}, ())}
    for model, group in groups(served):
        for capacity, pool in itertools.product(("on-demand", "spot"), group.slots or (group.pool,)):
            labels = {
                "meridian.io/pool": pool,
                "meridian.io/model": model.name,
                "meridian.io/capacity": capacity,
                "meridian.io/role": "gpu",
            }
            found[f"{model.name}/{group.role}/{capacity}/{pool}"] = Node(
                labels, (("nvidia.com/gpu", "present"), ("meridian.io/model", model.name))
            )
    return found


@rule
def replicas_run_where_the_plan_says(served: Served) -> Iterator[str]:
    """A base replica that can land on spot goes with it; one on another pool has another speed."""
    for pod in pods(served):
        there = nodes(served)
        right = f"{pod.namespace}/{pod.role}/{'spot' if pod.role == 'spot' else 'on-demand'}/" if pod.role else "system"
        wanted = {name for name in there if name.startswith(right)}
        able = {name for name, node in there.items() if may_run(pod.spec, node)}
        if able != wanted:
            yield f"{pod.owner} may run on {sorted(able)}, the plan says {sorted(wanted)}"


@rule
def replicas_over_nodes_have_a_slot_each(served: Served) -> Iterator[str]:
    """Kubernetes schedules pod by pod: in one pool for all, two replicas could each hold half of what one needs."""
    for each in served.of("LeaderWorkerSet"):
        said = each["metadata"].get("annotations", {}).get("leaderworkerset.sigs.k8s.io/exclusive-topology")
        if said != "meridian.io/pool":
            yield f"groups of {each['metadata']['name']} may share a pool: exclusive topology is {said}"
    for model, group in groups(served):
        wanted = group.max_replicas if group.nodes_per_replica > 1 else 0
        if len(set(group.slots)) != wanted:
            yield f"{model.name} {group.role} has {len(set(group.slots))} slots for {wanted} replicas over nodes"


@rule
def replicas_are_as_many_as_the_plan_says(served: Served) -> Iterator[str]:
    seen = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each
        for each in served.of("Deployment", "LeaderWorkerSet")
    }
    for model, group in groups(served):
        made = seen.pop((model.name, f"{model.name}-{group.role}"), None)
        if made is None:
            yield f"{model.name} has no {group.role}"
        elif made["spec"]["replicas"] != group.replicas:
            yield f"{model.name} has {made['spec']['replicas']} {group.role}, the plan says {group.replicas}"
        elif (made["kind"] == "LeaderWorkerSet") != (group.nodes_per_replica > 1):
            yield f"{model.name} {group.role} is a {made['kind']} of {group.nodes_per_replica} nodes"
        elif made["kind"] == "LeaderWorkerSet":
            size = made["spec"]["leaderWorkerTemplate"]["size"]
            if size != group.nodes_per_replica:
                yield f"a replica of {model.name} has {size} nodes"
    yield from (f"{name} was not planned" for name in seen)


@rule
def a_rollout_takes_one_replica_and_no_gpu_more(served: Served) -> Iterator[str]:
    for each in served.of("Deployment"):
        spec = each["spec"]
        rolling = spec["strategy"].get("rollingUpdate", {"maxSurge": "25%", "maxUnavailable": "25%"})
        if spec["strategy"]["type"] != "RollingUpdate" or (rolling["maxSurge"], rolling["maxUnavailable"]) != (0, 1):
            yield f"{each['metadata']['name']} is changed by {spec['strategy']}"
        if spec.get("minReadySeconds", 0) < 30:
            yield f"{each['metadata']['name']} goes on before a replica has proved itself"
    for each in served.of("LeaderWorkerSet"):
        rolling = each["spec"]["rolloutStrategy"]["rollingUpdateConfiguration"]
        if (rolling["maxSurge"], rolling["maxUnavailable"]) != (0, 1):
            yield f"{each['metadata']['name']} is changed by {rolling}"


@rule
def a_drain_takes_one_replica_of_base_and_spot(served: Served) -> Iterator[str]:
    budgets = served.of("PodDisruptionBudget")
    for pod in engines(served):
        mine = [
            each
            for each in budgets
            if each["metadata"]["namespace"] == pod.namespace and selects(each["spec"]["selector"], pod.labels)
        ]
        counted = pod.role in ("base", "spot") and pod.leads
        if len(mine) != (1 if counted else 0):
            yield f"{pod.owner} ({'leads' if pod.leads else 'computes'}) is under {len(mine)} budgets"
        yield from (
            f"{pod.owner}: {each['spec']}"
            for each in mine
            if each["spec"].get("maxUnavailable") != 1 or "minAvailable" in each["spec"]
        )
    for model in served.spec.models:
        if sum(each["metadata"]["namespace"] == model.name for each in budgets) != 1:
            yield f"{model.name} has several budgets, which would allow one replica each"


@rule
def pods_can_do_nothing_but_their_work(served: Served) -> Iterator[str]:
    """The restricted standard of Kubernetes, and beyond it: no token, nothing written to the image."""
    for pod in pods(served):
        spec = pod.spec
        if any(spec.get(each) for each in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{pod.owner} lives in its node's spaces"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.owner} can talk to the API server"
        if spec.get("serviceAccountName") in (None, "default"):
            yield f"{pod.owner} is anybody"
        kinds = {kind for volume in spec.get("volumes") or [] for kind in volume if kind != "name"}
        if kinds - {"configMap", "secret", "projected", "emptyDir"}:
            yield f"{pod.owner} has volumes of {sorted(kinds)}"
        for container in pod.containers:
            yield from _unsafe(pod.owner, container, spec.get("securityContext") or {})


def _unsafe(owner: str, container: Mapping[str, object], around: Mapping[str, object]) -> Iterator[str]:
    own = container.get("securityContext") or {}
    said = {**around, **own}  # type: ignore[dict-item]
    name = f"{owner}/{container['name']}"
    if said.get("runAsNonRoot") is not True or said.get("runAsUser", 1) == 0:
        yield f"{name} could run as root"
    if said.get("privileged") or said.get("allowPrivilegeEscalation") is not False:
        yield f"{name} can become more than it is"
    if "ALL" not in ((said.get("capabilities") or {}).get("drop") or []) or said["capabilities"].get("add"):
        yield f"{name} keeps capabilities"
    if (said.get("seccompProfile") or {}).get("type") != "RuntimeDefault":
        yield f"{name} may make any system call"
    if said.get("readOnlyRootFilesystem") is not True:
        yield f"{name} can change its image"
    if any(port.get("hostPort") for port in container.get("ports") or []):  # type: ignore[attr-defined]
        yield f"{name} takes a port of its node"


@rule
def images_come_from_the_territory_by_digest(served: Served) -> Iterator[str]:
    for pod in pods(served):
        for container in pod.containers:
            prefix, _, digest = str(container["image"]).partition("@")
            if not prefix.startswith(f"{REGISTRY}/") or digest != served.spec.image.digest:
                yield f"{pod.owner} runs {container['image']}"


@rule
def nothing_secret_is_in_an_object(served: Served) -> Iterator[str]:
    yield from (f"{each['metadata']['name']} would be in state" for each in served.of("Secret"))
    path = ("meridian", served.spec.environment, served.spec.territory)
    wanted = {
        ("meridian-gateway", "engine-key"),
        *(("meridian-gateway", f"tenant-{t.name}") for t in served.spec.tenants),
    }
    wanted |= {(model.name, name) for model in served.spec.models for name in ("engine-key", "salt-key")}
    seen = set()
    for each in served.of("ExternalSecret"):
        seen.add((each["metadata"]["namespace"], each["spec"]["target"]["name"]))
        for entry in each["spec"]["data"]:
            if tuple(entry["remoteRef"]["key"].split("/")[:3]) != path:
                yield f"{each['metadata']['name']} is read from {entry['remoteRef']['key']}, outside the territory"
    if seen != wanted:
        yield f"secrets are {sorted(seen)}, needed are {sorted(wanted)}"
    for each in served.of("ClusterSecretStore"):
        allowed = {name for said in each["spec"].get("conditions") or [] for name in said.get("namespaces") or []}
        if allowed != {namespace for namespace, _ in wanted}:
            yield f"the store may be used by {sorted(allowed) or 'everybody'}"
    for pod in pods(served):
        for container in pod.containers:
            for said in container.get("env") or []:
                if "value" in said and any(word in said["name"] for word in ("KEY", "TOKEN", "PASSWORD")):
                    yield f"{pod.owner} has {said['name']} in its template"
