"""Autoscaling by KEDA: spot follows load between the plan's bounds, the next GPU stands in for a missing floor. Pure.

The baseline is never scaled, and nothing here stands in for the survival margin: a GPU that starts now answers minutes
later.
"""

from components.serving.words import GROUP, PROMETHEUS, Manifest, meta, of_role, workload
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec, ServingSpec

TARGET_SHARE = 0.7
"""Of the concurrency that meets the SLO: what a scaled replica is to hold."""
POLL_SECONDS = 15
FLOOR_MINUTES = 10
"""A floor unmet for so long is no rollout and no slow start: the next GPU is tried."""
STEP_SECONDS = 300
"""One pod is taken away in so long, and none before load has been low as long."""
GROUP_LABEL = "meridian_io_group"
"""The pods' label as Prometheus writes it."""


def scaled(model: ServedModelSpec, spec: ServingSpec) -> list[Manifest]:
    """A ScaledObject for each group that an autoscaler owns."""
    base, found = of_role(model, "base"), []
    spot, after = of_role(model, "spot"), of_role(model, "next")
    if spot and base:
        target = _target(spot)
        query = _load(model, base.replicas * _target(base))
        found.append(_object(model, spot, spec, query, target, unknown=spot.replicas))
    if after and base:
        found.append(_object(model, after, spec, _missing(model, base, after), 1, unknown=0))
    return found


def _target(group: ReplicaGroupSpec) -> float:
    return round(TARGET_SHARE * group.concurrency, 3)


def _load(model: ServedModelSpec, held: float) -> str:
    """Requests beyond what the baseline holds."""
    running, waiting = (
        f"sum({name}{_of(model)})" for name in ("vllm:num_requests_running", "vllm:num_requests_waiting")
    )
    return f"clamp_min({running} + {waiting} - {held:g}, 0)"


def _missing(model: ServedModelSpec, base: ReplicaGroupSpec, after: ReplicaGroupSpec) -> str:
    """Replicas of the next GPU for those of the baseline that did not answer once in the last minutes."""
    there = f"(count(vllm:num_requests_running{_of(model, 'base')}) or vector(0))"
    longest = f"max_over_time({there}[{FLOOR_MINUTES}m:1m])"
    each = round(after.max_replicas / base.replicas, 4)
    return f"clamp_min({base.replicas} - {longest}, 0) * {each:g}"


def _of(model: ServedModelSpec, role: str | None = None) -> str:
    group = f',{GROUP_LABEL}="{role}"' if role else ""
    return f'{{namespace="{model.name}",model_name="{model.name}"{group}}}'


def _object(
    model: ServedModelSpec, group: ReplicaGroupSpec, spec: ServingSpec, query: str, target: float, *, unknown: int
) -> Manifest:
    """`unknown` is the number while load cannot be read: never fewer than there are."""
    spans = group.nodes_per_replica > 1
    what = ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet") if spans else ("apps/v1", "Deployment")
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": meta(workload(model, group), model.name, spec, **{GROUP: group.role}),
        "spec": {
            "scaleTargetRef": {"apiVersion": what[0], "kind": what[1], "name": workload(model, group)},
            "pollingInterval": POLL_SECONDS,
            "cooldownPeriod": STEP_SECONDS,
            "minReplicaCount": group.min_replicas,
            "maxReplicaCount": group.max_replicas,
            "fallback": {"failureThreshold": 3, "replicas": unknown, "behavior": "currentReplicasIfHigher"},
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _BEHAVIOUR}},
            "triggers": [
                {
                    "type": "prometheus",
                    "metricType": "AverageValue",
                    "metadata": {
                        "serverAddress": PROMETHEUS,
                        "query": query,
                        "threshold": f"{target:g}",
                        "ignoreNullValues": "false",
                    },
                }
            ],
        },
    }


_BEHAVIOUR = {
    "scaleDown": {
        "stabilizationWindowSeconds": STEP_SECONDS,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": STEP_SECONDS}],
    },
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
    },
}
