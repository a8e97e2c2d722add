"""Rules on how replicas start, prove themselves, stop, and what they are told."""

import json
import math
from collections.abc import Iterator

from meridian_server import flags
from meridian_server.settings import Settings, SettingsRefused
from pydantic import ValidationError

from tests.components.serving.building import Served
from tests.components.serving.judging import Pod, engines
from tests.components.serving.rules import groups, rule

LEAST_MARGIN = 10
"""Seconds after delay and drain in which an engine ends."""


def _group(served: Served, pod: Pod):  # type: ignore[no-untyped-def]
    return next((m, g) for m, g in groups(served) if (m.name, g.role) == (pod.namespace, pod.role))


def _files(served: Served) -> dict[tuple[str, str], dict[str, str]]:
    return {(each["metadata"]["namespace"], each["metadata"]["name"]): each["data"] for each in served.of("ConfigMap")}


def _told(served: Served, pod: Pod) -> str:
    """The settings file that a pod's engine is started with."""
    volumes = {each["name"]: each for each in pod.spec["volumes"]}
    command = pod.spec["containers"][0]["command"]
    file = command[command.index("--settings") + 1]
    mounts = {each["mountPath"]: each["name"] for each in pod.spec["containers"][0]["volumeMounts"]}
    name = volumes[mounts[file.rpartition("/")[0]]]["configMap"]["name"]
    return _files(served)[pod.namespace, name][file.rpartition("/")[2]]


@rule
def a_replica_stops_after_its_last_answer(served: Served) -> Iterator[str]:
    for pod in engines(served):
        _, group = _group(served, pod)
        drain = json.loads(_told(served, pod))["drain"]
        engine = pod.spec["containers"][0]
        grace = pod.spec["terminationGracePeriodSeconds"]
        sleep = engine["lifecycle"]["preStop"].get("sleep", {}).get("seconds", 0)
        needed = group.drain_delay_seconds + group.drain_timeout_seconds
        if grace < needed + LEAST_MARGIN:
            yield f"{pod.owner} is killed after {grace} s, drain takes {needed} s"
        if pod.leads and sleep + drain["delay_seconds"] != group.drain_delay_seconds:
            yield f"{pod.owner} takes requests for {sleep} + {drain['delay_seconds']} s after it is told to stop"
        if drain["timeout_seconds"] != group.drain_timeout_seconds:
            yield f"{pod.owner} lets answers run {drain['timeout_seconds']} s, the notice allows less"
        if not pod.leads:
            words = (engine["lifecycle"]["preStop"].get("exec") or {}).get("command") or [""]
            if "meridian_server.leader" not in words or float(words[-1]) < needed:
                yield f"{pod.owner}: a machine that only computes goes before its leader has answered"


@rule
def ready_means_a_token_was_served(served: Served) -> Iterator[str]:
    for pod in engines(served):
        engine = pod.spec["containers"][0]
        probes = {kind: engine.get(f"{kind}Probe") for kind in ("startup", "readiness", "liveness")}
        if not pod.leads:
            yield from (f"{pod.owner}: a headless engine answers no {kind} probe" for kind in probes if probes[kind])
            continue
        for kind, path in (("startup", "/-/ready"), ("readiness", "/-/ready"), ("liveness", "/-/live")):
            asked = (probes[kind] or {}).get("httpGet") or {}
            if (asked.get("path"), asked.get("scheme"), asked.get("port")) != (path, "HTTPS", "api"):
                yield f"{pod.owner} is judged {kind} by {asked or 'nothing'}"
        if probes["startup"] and _seconds(probes["startup"]) < 1200:
            yield f"{pod.owner} is killed while it loads"
        if probes["liveness"] and _seconds(probes["liveness"]) < 120:
            yield f"{pod.owner} is killed when it is busy for a moment"


def _seconds(probe) -> float:  # type: ignore[no-untyped-def]
    return float(probe["periodSeconds"] * probe["failureThreshold"])


@rule
def settings_are_what_the_server_takes(served: Served) -> Iterator[str]:
    for pod in engines(served):
        model, group = _group(served, pod)
        try:
            told = Settings.model_validate_json(_told(served, pod))
            node = flags.Node(0 if pod.leads else 1, "leader")
            flags.arguments(told, known=flags.known_flags("cpu"), node=node)
        except (ValidationError, SettingsRefused) as refused:
            yield f"{pod.owner}: {refused}"
            continue
        gpu = told.engine.gpu
        taken = pod.spec["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")
        if gpu is None or (gpu.tensor_parallel, gpu.nodes) != (group.gpus_per_node, group.nodes_per_replica):
            yield f"{pod.owner} is spread as {gpu}"
        if taken != str(group.gpus_per_node):
            yield f"{pod.owner} takes {taken} GPUs"
        if gpu and gpu.quantization != model.engine.quantization:
            yield f"{pod.owner} is quantised as {gpu.quantization}"
        if told.engine.max_num_seqs != group.concurrency or set(told.lanes) != set(group.lanes):
            yield f"{pod.owner} serves {told.engine.max_num_seqs} at once, lanes {sorted(told.lanes)}"
        if told.engine.max_num_queued_reqs < told.engine.max_num_seqs:
            yield f"{pod.owner} refuses what it could serve"
        if (told.territory, told.region) != (served.spec.territory, served.spec.name):
            yield f"{pod.owner} says it is in {told.territory}, {told.region}"
        if told.model.name != pod.namespace:
            yield f"{pod.owner} answers to {told.model.name}"


@rule
def weights_are_checked_before_they_are_served(served: Served) -> Iterator[str]:
    jobs = {each["spec"]["template"]["spec"]["containers"][0]["command"][-1] for each in served.of("Job")}
    for pod in engines(served):
        model, _ = _group(served, pod)
        address = str(json.loads(_told(served, pod))["model"]["path"])
        before = [each["command"] for each in pod.spec.get("initContainers") or []]
        if not any(words[2:4] == ["meridian_server.weights", "verify"] and words[-1] == address for words in before):
            yield f"{pod.owner} serves {address} unchecked"
        if model.revision not in address:
            yield f"{pod.owner} serves {address}, which may change under it"
        if served.wiring.loader and address not in jobs:
            yield f"nobody brings {address}"


@rule
def replicas_start_again_when_their_settings_change(served: Served) -> Iterator[str]:
    """A mounted ConfigMap changes under a running engine, which read it once."""
    marks: dict[str, set[str]] = {}
    for each in served.of("Deployment"):
        marks.setdefault(str(each["spec"]["template"]["metadata"].get("annotations")), set()).add(
            each["metadata"]["name"]
        )
    for mark, owners in marks.items():
        if mark == "None" or len(owners) > 1:
            yield f"{sorted(owners)} have the same mark of settings: {mark}"


@rule
def zones_share_the_baseline(served: Served) -> Iterator[str]:
    for pod in engines(served):
        _, group = _group(served, pod)
        spread = pod.spec.get("topologySpreadConstraints") or []
        if group.nodes_per_replica > 1:
            if spread:
                yield f"{pod.owner}: machines of one replica must lie close"
            continue
        hard = [
            each
            for each in spread
            if each["whenUnsatisfiable"] == "DoNotSchedule" and each["topologyKey"] == "topology.kubernetes.io/zone"
        ]
        if (group.role == "base") != bool(hard):
            yield f"{pod.owner} is held to its zones: {bool(hard)}"
        if not spread or any(each["topologyKey"] != "topology.kubernetes.io/zone" for each in spread):
            yield f"{pod.owner} may stand in one zone alone"
        for each in spread:
            if dict(each["labelSelector"]["matchLabels"]).get("meridian.io/group") != pod.role:
                yield f"{pod.owner} is counted with others"


@rule
def memory_of_volumes_fits_the_limit(served: Served) -> Iterator[str]:
    """A memory volume counts against its container: more than its limit would be killed, not refused."""
    for pod in engines(served):
        limit = _gib(pod.spec["containers"][0]["resources"]["limits"].get("memory", "0Gi"))
        volumes = [each["emptyDir"] for each in pod.spec["volumes"] if "emptyDir" in each]
        memory = sum(_gib(each.get("sizeLimit", "999Gi")) for each in volumes if each.get("medium") == "Memory")
        if not limit or memory * 2 > limit:
            yield f"{pod.owner} may hold {memory:g} GiB in volumes of its {limit:g} GiB"
        if any("sizeLimit" not in each for each in volumes):
            yield f"{pod.owner} may fill its node's disk"


def _gib(text: str) -> float:
    number, unit = float(text[:-2]), text[-2:]
    return number / math.pow(1024, {"Gi": 0, "Mi": 1}[unit])
