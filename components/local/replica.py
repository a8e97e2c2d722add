"""One vLLM engine of a local region, inside `meridian_server`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from components.gateway.behaviour import HEALTH_CHECK
from components.local.keys import Certificate
from components.local.layout import Layout
from components.local.model import ModelFolder
from components.local.ports import LOOPBACK
from components.local.process import Process, Ready
from components.region import Machine
from components.specs import LaneSpec, RegionSpec, ReplicaSpec

STARTUP_SECONDS = 600
"""A tiny model serves within a minute; a large one read from a slow disk needs several."""

MIN_READY_SECONDS = 2 * HEALTH_CHECK.interval_seconds + HEALTH_CHECK.timeout_seconds
"""A replica's neighbour is stopped only after the gateway's probes have found the replica ready."""

STOP_MARGIN_SECONDS = 15
"""What the engine may take to end after its last request, before it is killed."""


@dataclass(frozen=True)
class ReplicaParts:
    """What a replica is connected to."""

    layout: Layout
    machine: Machine
    model: ModelFolder
    certificate: Certificate
    authority: pulumi.Output[str]
    port: pulumi.Output[int]
    engine_key: pulumi.Output[str]
    salt_key: pulumi.Output[str]


def replica(spec: ReplicaSpec, region: RegionSpec, parts: ReplicaParts, *, opts: pulumi.ResourceOptions) -> Process:
    """The supervised process of one replica; it exists once it served a token."""
    folder, python = parts.layout.process(spec.name), parts.machine.serving_python
    settings = pulumi.Output.all(parts.model.path, parts.port).apply(
        lambda known: json.dumps(_settings(spec, region, parts.layout, model=known[0], port=int(known[1])), indent=1)
    )
    return Process(
        spec.name,
        layout=parts.layout,
        command=[
            str(parts.machine.serving_python),
            "-m",
            "meridian_server",
            "--settings",
            str(folder / "settings.json"),
        ],
        environment={
            "PATH": f"{python.parent}:/usr/bin:/bin",
            "PYTHONPATH": str(server_code(parts.machine)),
            "HOME": str(folder),
            "LANG": "C.UTF-8",
        },
        files={
            "settings.json": settings,
            "certificate.pem": parts.certificate.certificate,
            "key.pem": parts.certificate.private_key,
            "engine-key": parts.engine_key,
            "salt-key": parts.salt_key,
        },
        address=LOOPBACK,
        ports=[parts.port],
        ready=Ready(
            url=pulumi.Output.format("https://127.0.0.1:{0}/-/ready", parts.port),
            authority=parts.authority,
            seconds=STARTUP_SECONDS,
            min_ready_seconds=MIN_READY_SECONDS if len(region.replicas) > 1 else 0,
        ),
        stop_seconds=spec.drain_delay_seconds + spec.drain_timeout_seconds + STOP_MARGIN_SECONDS,
        revision=parts.model.digest,
        opts=opts,
    )


def server_code(machine: Machine) -> Path:
    """The folder that `meridian_server` is imported from."""
    return machine.root / "serving-image"


def _settings(spec: ReplicaSpec, region: RegionSpec, layout: Layout, *, model: str, port: int) -> dict[str, Any]:
    """The settings file of `meridian_server`, whose closed model refuses what it does not know."""
    folder = layout.process(spec.name)
    engine = spec.model.engine
    return {
        "territory": region.territory,
        "region": region.name,
        "replica": spec.name,
        "model": {"path": model, "name": spec.model.name},
        "listen": {
            "host": "127.0.0.1",
            "port": port,
            "certificate_file": str(folder / "certificate.pem"),
            "key_file": str(folder / "key.pem"),
        },
        "engine": {
            "max_model_len": engine.max_model_len,
            "max_num_seqs": engine.max_num_seqs,
            "max_num_batched_tokens": engine.max_num_batched_tokens,
            "max_num_queued_reqs": engine.max_num_queued_reqs,
            "kv_cache_memory_bytes": engine.kv_cache_memory_bytes,
            "enforce_eager": True,
            "extra_args": dict(engine.extra_args),
        },
        "lanes": {lane.name: _lane(lane) for lane in region.lanes},
        "drain": {"delay_seconds": spec.drain_delay_seconds, "timeout_seconds": spec.drain_timeout_seconds},
        "readiness": {"stall_seconds": spec.stall_seconds, "probe_interval_seconds": spec.probe_interval_seconds},
        "secrets": {"engine_key_file": str(folder / "engine-key"), "salt_key_file": str(folder / "salt-key")},
        "audit_file": str(layout.folder / "audit" / f"{spec.name}.jsonl"),
        "run_folder": str(layout.sockets(spec.name)),
        "work_folder": str(folder / "work"),
        "threads": spec.threads,
    }


def _lane(lane: LaneSpec) -> dict[str, int | None]:
    return {
        "max_output_tokens": lane.max_output_tokens,
        "priority": lane.priority,
        "max_choices": lane.max_choices,
        "max_in_flight": lane.max_in_flight,
    }
