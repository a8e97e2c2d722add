"""Rules on autoscaling and alerts, judged by computing what their queries come to."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components.serving_specs import ReplicaGroupSpec, ServedModelSpec
from tests.components.serving.building import Served
from tests.components.serving.rules import groups, rule

CONTRACT = json.loads((Path(__file__).parents[3] / "serving-image" / "image.json").read_text())["builds"]
BUILD = "gpu" if "gpu" in CONTRACT else "cpu"
KNOWN = set(CONTRACT[BUILD]["metrics"])
SUFFIXES = ("_total", "_bucket", "_sum", "_count")
SHARE = 0.7
"""Of a replica's concurrency, that scaling aims at."""


def _scaler(served: Served, model: ServedModelSpec, role: str) -> Mapping[str, Any] | None:
    name = (model.name, f"{model.name}-{role}")
    return next(
        (
            each
            for each in served.of("ScaledObject")
            if (each["metadata"]["namespace"], each["spec"]["scaleTargetRef"]["name"]) == name
        ),
        None,
    )


NOT_UNDERSTOOD = -1
"""What no rule here can compute is no number of replicas."""


def asked(scaler: Mapping[str, Any], values: Mapping[str, float]) -> int:
    """Replicas that a ScaledObject asks for when its series come to `values`, within its bounds."""
    said = scaler["spec"]["triggers"][0]["metadata"]
    query = said["query"]
    for name, value in values.items():
        query = re.sub(rf"(sum|count)\(vllm:{name}\{{[^}}]*\}}\)", str(value), query)
    query = re.sub(r"max_over_time\(\((.+?) or vector\(0\)\)\[[^\]]*\]\)", r"\1", query)
    if "vllm" in query or not re.fullmatch(r"[\w\s.,()+*/-]+", query):
        return NOT_UNDERSTOOD
    load = eval(query, {"__builtins__": {}}, {"clamp_min": max})  # noqa: S307 - digits, brackets and clamp_min alone
    wanted = math.ceil(load / float(said["threshold"]) - 1e-9)
    return int(max(scaler["spec"]["minReplicaCount"], min(wanted, scaler["spec"]["maxReplicaCount"])))


@rule
def what_an_autoscaler_owns_no_update_sets_back(served: Served) -> Iterator[str]:
    for model, group in groups(served):
        scaled = _scaler(served, model, group.role) is not None
        made = next(
            each
            for each in served.of("Deployment", "LeaderWorkerSet")
            if each["metadata"]["name"] == f"{model.name}-{group.role}"
        )
        left = "spec.replicas" in made["_ignored"]
        if scaled != (group.role != "base") or left != (group.role != "base"):
            yield f"{model.name} {group.role}: scaled {scaled}, left alone {left}"


@rule
def scaling_keeps_to_the_plans_bounds(served: Served) -> Iterator[str]:
    for model, group in groups(served):
        scaler = _scaler(served, model, group.role)
        if scaler is None:
            continue
        bounds = (scaler["spec"]["minReplicaCount"], scaler["spec"]["maxReplicaCount"])
        if bounds != (group.min_replicas, group.max_replicas):
            yield f"{model.name} {group.role} scales between {bounds}"
        if "idleReplicaCount" in scaler["spec"]:
            yield f"{model.name} {group.role} goes below its floor when idle"
        kind = "LeaderWorkerSet" if group.nodes_per_replica > 1 else "Deployment"
        if scaler["spec"]["scaleTargetRef"]["kind"] != kind:
            yield f"{model.name} {group.role} scales a {scaler['spec']['scaleTargetRef']['kind']}"


@rule
def load_that_cannot_be_read_scales_nothing_in(served: Served) -> Iterator[str]:
    for model, group in groups(served):
        scaler = _scaler(served, model, group.role)
        if scaler is None:
            continue
        name = scaler["metadata"]["name"]
        for trigger in scaler["spec"]["triggers"]:
            if trigger["metadata"].get("ignoreNullValues", "true") != "false":
                yield f"{name} takes a missing series for no load"
            if trigger.get("metricType") != "AverageValue":
                yield f"{name} has no fallback with {trigger.get('metricType')}"
        fallback = scaler["spec"].get("fallback") or {}
        least = group.replicas if group.role == "spot" else 0
        if fallback.get("behavior") != "currentReplicasIfHigher" or fallback.get("replicas", 0) < least:
            yield f"{name} falls back to {fallback or 'nothing'}"


@rule
def replicas_go_one_by_one(served: Served) -> Iterator[str]:
    for each in served.of("ScaledObject"):
        behaviour = each["spec"].get("advanced", {}).get("horizontalPodAutoscalerConfig", {}).get("behavior", {})
        down = behaviour.get("scaleDown") or {}
        slow = [(said["type"], said["value"], said["periodSeconds"]) for said in down.get("policies") or []]
        if slow != [("Pods", 1, 300)] or down.get("stabilizationWindowSeconds", 300) < 300:
            yield f"{each['metadata']['name']} scales in by {slow}"


@rule
def spot_follows_what_the_baseline_cannot_hold(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        base, spot = (_role(model, role) for role in ("base", "spot"))
        if base is None or spot is None:
            continue
        scaler = _scaler(served, model, "spot")
        if scaler is None:
            yield f"{model.name} has spot that nothing scales"
            continue
        held, each = base.replicas * SHARE * base.concurrency, SHARE * spot.concurrency
        for load, wanted in (
            (0.0, spot.min_replicas),
            (held, spot.min_replicas),
            (held + each * spot.max_replicas, spot.max_replicas),
            (10 * (held + each * spot.max_replicas), spot.max_replicas),
            (held + each * 0.5, max(spot.min_replicas, 1)),
        ):
            for running in (0.0, load):
                values = {"num_requests_running": running, "num_requests_waiting": load - running}
                if (found := asked(scaler, values)) != wanted:
                    yield f"{model.name}: {load:g} requests ask for {found} of spot, {wanted} would hold them"


@rule
def the_next_gpu_waits_for_ten_minutes_of_a_missing_floor(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        base, after = (_role(model, role) for role in ("base", "next"))
        scaler = _scaler(served, model, "next")
        if base is None or after is None:
            if scaler is not None:
                yield f"{model.name} scales what it has not"
            continue
        if scaler is None:
            yield f"{model.name}: nothing starts the next GPU"
            continue
        query = scaler["spec"]["triggers"][0]["metadata"]["query"]
        if not re.search(r"max_over_time\(.*\[10m:", query) or "or vector(0)" not in query:
            yield f"{model.name}: the next GPU starts after {query}"
        if 'meridian_io_group="base"' not in query:
            yield f"{model.name}: other replicas count as the baseline"
        for there, wanted in ((base.replicas, 0), (0, after.max_replicas)):
            if (found := asked(scaler, {"num_requests_running": there})) != wanted:
                yield f"{model.name}: with {there} of {base.replicas} there, {found} of the next GPU"


def _role(model: ServedModelSpec, role: str) -> ReplicaGroupSpec | None:
    return next((group for group in model.groups if group.role == role), None)


@rule
def metrics_are_those_of_the_pinned_engine(served: Served) -> Iterator[str]:
    text = json.dumps([each.get("spec", {}) for each in served.of("ScaledObject", "PrometheusRule")])
    for name in sorted(set(re.findall(r"vllm:\w+", text))):
        plain = {name.removesuffix(suffix) for suffix in SUFFIXES if name.endswith(suffix)} | {name}
        if not plain & KNOWN:
            yield f"{name} is no metric of the pinned engine"


@rule
def every_series_is_of_one_model(served: Served) -> Iterator[str]:
    """A query without the namespace would count other models' requests."""
    for each in served.of("ScaledObject", "PrometheusRule"):
        space = each["metadata"]["namespace"]
        for labels in re.findall(r"vllm:\w+(\{[^}]*\})?", json.dumps(each["spec"]).replace("\\", "")):
            if f'namespace="{space}"' not in labels:
                yield f"{each['metadata']['name']} of {space} reads {labels or 'every series'}"


@rule
def what_clients_notice_raises_an_alert(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        rules = [each for each in served.of("PrometheusRule") if each["metadata"]["namespace"] == model.name]
        said = [alert for each in rules for group in each["spec"]["groups"] for alert in group["rules"]]
        named = {alert["alert"]: alert for alert in said}
        base = _role(model, "base")
        floor = named.get("MeridianFloorUnmet")
        if floor is None or base is None or not floor["expr"].endswith(f"< {base.replicas}") or floor["for"] != "10m":
            yield f"{model.name}: nobody is told that the floor is unmet"
        silent = named.get("MeridianNoServedToken", {"expr": "", "labels": {}})
        if "generation_tokens" not in silent["expr"] or "absent(" not in silent["expr"]:
            yield f"{model.name}: nobody is told that no token is served"
        burns = [alert["expr"] for alert in said if alert["alert"] == "MeridianBudgetBurns"]
        budget = 1 - model.availability / 100
        limits = {round(float(found) / budget, 2) for text in burns for found in re.findall(r"> ([\d.e-]+)\)", text)}
        if limits != {14.4, 6.0, 1.0}:
            yield f"{model.name}: the budget burns unseen: {limits}"
        for name, promised in (("Late", model.ttft_p95_ms), ("Slow", model.tpot_p95_ms)):
            found = [float(a["expr"].rpartition("> ")[2]) for a in said if name in a["alert"]]
            if found != [promised / 1000]:
                yield f"{model.name}: {found} s stand for {promised} ms"


@rule
def metrics_are_read_from_those_that_answer(served: Served) -> Iterator[str]:
    for model in served.spec.models:
        mine = [each["spec"] for each in served.of("PodMonitor") if each["metadata"]["namespace"] == model.name]
        if len(mine) != 1:
            yield f"{model.name} is watched {len(mine)} times"
        for spec in mine:
            (endpoint,) = spec["podMetricsEndpoints"]
            tls = endpoint.get("tlsConfig") or {}
            if endpoint.get("scheme") != "https" or tls.get("insecureSkipVerify") or not tls.get("serverName"):
                yield f"metrics of {model.name} are read from whoever answers"
            if "meridian.io/group" not in (spec.get("podTargetLabels") or []):
                yield f"series of {model.name} do not tell their group, which scaling asks for"
