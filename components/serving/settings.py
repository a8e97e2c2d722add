"""The settings file of a group's replicas: `meridian_server` refuses what it does not know."""

from typing import Any

from components.serving.words import PORT
from components.serving_specs import ReplicaGroupSpec, ServedModelSpec, ServingSpec
from components.specs import LaneSpec

FOLDER = "/settings"
TLS, SECRETS = "/tls", "/secrets"
RUN, WORK, SHM = "/run/meridian", "/work", "/dev/shm"  # noqa: S108 - vLLM's processes share memory there

MEMORY_UTILISATION = 0.9
"""Share of a GPU's memory that the plan's size of the KV cache counts on (`stacks.capacity.model.kv_tokens`)."""


def settings(model: ServedModelSpec, group: ReplicaGroupSpec, spec: ServingSpec, address: str) -> dict[str, Any]:
    """The content of the file; `address` is the folder of the weights in the region's bucket."""
    return {
        "territory": spec.territory,
        "region": spec.name,
        "replica": f"{model.name}-{group.role}",  # each pod's own name replaces it
        "model": {"path": address, "name": model.name},
        "listen": {
            "host": "0.0.0.0",  # noqa: S104 - the pod's own network, closed by policies
            "port": PORT,
            "certificate_file": f"{TLS}/tls.crt",
            "key_file": f"{TLS}/tls.key",
        },
        "engine": _engine(model, group),
        "lanes": {lane.name: _lane(lane) for lane in spec.lanes if lane.name in group.lanes},
        # The delay has passed before the server is told: the pod's preStop waits it out, no longer an endpoint.
        "drain": {"delay_seconds": 0, "timeout_seconds": group.drain_timeout_seconds},
        "readiness": {"stall_seconds": spec.stall_seconds, "probe_interval_seconds": spec.probe_interval_seconds},
        "secrets": {"engine_key_file": f"{SECRETS}/engine-key", "salt_key_file": f"{SECRETS}/salt-key"},
        "audit_file": "/dev/stdout",
        "run_folder": RUN,
        "work_folder": WORK,
        "threads": group.gpus_per_node,
        "build": "gpu",
    }


def _engine(model: ServedModelSpec, group: ReplicaGroupSpec) -> dict[str, Any]:
    """A group's own concurrency, as the next GPU has another one; its queue in the same proportion."""
    size = model.engine
    return {
        "max_model_len": size.max_model_len,
        "max_num_seqs": group.concurrency,
        "max_num_batched_tokens": size.max_num_batched_tokens,
        "max_num_queued_reqs": max(1, size.max_num_queued_reqs * group.concurrency // size.max_num_seqs),
        "enforce_eager": False,
        "extra_args": dict(size.extra_args),
        "gpu": {
            "tensor_parallel": group.gpus_per_node,
            "nodes": group.nodes_per_replica,
            "memory_utilisation": MEMORY_UTILISATION,
            "quantization": size.quantization,
        },
    }


def _lane(lane: LaneSpec) -> dict[str, int | None]:
    return {
        "max_output_tokens": lane.max_output_tokens,
        "priority": lane.priority,
        "max_choices": lane.max_choices,
        "max_in_flight": lane.max_in_flight,
    }
