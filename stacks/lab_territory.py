"""What a drill in the lab is run on: a plan, its nodes, the objects of its serving layer, and what it promises."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import drills.lab
from components.serving import rendering
from components.serving.pods import Leaves
from components.serving.wiring import Wiring
from components.serving.words import CONTROLLERS, ENGINE, GROUP, MODEL, NAME, workload
from components.serving_specs import ServedModelSpec, ServingSpec
from drills.lab import gateway
from drills.lab.site import Workload
from rehearsal.lab import NodeSpec, pool_nodes
from stacks import configfile
from stacks.catalog import catalogue
from stacks.config import Config, parse
from stacks.plan import survival
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan, ModelFleet, Pool
from stacks.plan.serving import serving
from stacks.plan.sizing import size

FILE = Path(drills.lab.__file__).with_name("territory.yaml")

MIN_READY_SECONDS = 1
"""30 in the real one. A rollout of the lab takes seconds, one of a fleet takes hours; what it keeps is the same."""
PROGRESS_SECONDS = 12
"""Long enough for every good rollout here; an hour in the real one, where GPUs may have to be bought first."""
REGISTRY = "registry.example.com/meridian"
VCPUS, MEMORY_GIB, GPUS = 192, 2048, 8
"""Of every machine with GPUs that this plan may choose (p5.48xlarge and its like)."""
PROMISED_IN_ZONE = "a zone of {} lost"

_CLOSED = Wiring(
    secret_store={"aws": {"service": "SecretsManager", "region": "us-east-1"}},
    secret_separator="/",  # noqa: S106 - between the parts of a name
    identity_annotation=None,
    identity_labels=(),
    identity=(),
    bucket=(),
    loader=(),
    rdma_resource=None,
)
"""No cloud is behind a lab's cluster: nothing is opened to one."""


@dataclass(frozen=True)
class Territory:
    """A plan of one model in one territory."""

    config: Config
    plan: FleetPlan

    @property
    def fleet(self) -> ModelFleet:
        """The one model of it."""
        (fleet,) = self.plan.models
        return fleet

    @property
    def regions(self) -> tuple[str, ...]:
        """By wave."""
        return tuple(region for wave in self.plan.waves for region in wave)

    def spec(self, region: str) -> ServingSpec:
        """What a region serves."""
        return serving(region, self.config, self.plan, catalogue())

    def nodes(self, region: str) -> list[NodeSpec]:
        """The nodes that the plan buys there."""
        spec = self.spec(region)
        machines = [
            replace(node, name=f"{node.name}-{zone}")
            for pool in self._pools(region)
            for zone, count in zip(spec.zones, pool.nodes_by_zone, strict=False)
            for node in _nodes_of(pool, region, zone, count)
        ]
        return [*machines, *pool_nodes("gateway", role="gateway", zones=spec.zones, count=spec.gateway.nodes)]

    def promised(self) -> Mapping[str, int]:
        """The survival table, counted in replicas, and what the loss of a zone may take beside it."""
        pools = tuple(replace(pool, replica_rps=1.0) for pool in self.fleet.pools)
        rows = survival.rows(replace(self.fleet, pools=pools), self.plan.survive, self.plan.waves)
        zones = {PROMISED_IN_ZONE.format(region): self._without_zone(region) for region in self.regions}
        return {**{row.event: int(row.remaining_rps) for row in rows}, **zones}

    def _without_zone(self, region: str) -> int:
        """Base loses its fullest zone; spot goes where it finds nodes, so that all of it may be in that zone."""
        elsewhere = sum(pool.replicas for pool in self.fleet.pools if pool.region != region)
        base = [pool for pool in self._pools(region) if pool.capacity != "spot"]
        return elsewhere + sum(pool.replicas - _in_fullest_zone(pool) for pool in base)

    def _pools(self, region: str) -> list[Pool]:
        return [pool for pool in self.fleet.pools if pool.region == region]


@cache
def territory() -> Territory:
    """The territory of `drills/lab/territory.yaml`, planned."""
    config = parse(configfile.read(FILE))
    return Territory(config, make_fleet(config, catalogue(), size, datetime.now(UTC).date()))


def objects(spec: ServingSpec) -> list[dict[str, Any]]:
    """Everything of a region's serving layer in the order of need, its rollouts hurried, and a gateway to be killed."""
    found = [*(_namespace(name) for name in CONTROLLERS), *rendering.foundations(spec, _CLOSED)]
    for model in spec.models:
        leaves: dict[str, Leaves] = {
            group.role: Leaves(f"{REGISTRY}/{spec.image.repository}@{spec.image.digest}", "s3://weights", "mark")
            for group in model.groups
        }
        found += rendering.surroundings(model, spec, _CLOSED, "engine")
        found += [rendering.config_map(model, group.role, spec, "{}") for group in model.groups]
        found += [_hurried(each) for each in rendering.engines(model, spec, _CLOSED, leaves)]
    return [*found, gateway.daemon_set()]


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def engine(model: ServedModelSpec, role: str) -> Workload:
    """How a group's Deployment is found."""
    group = next(each for each in model.groups if each.role == role)
    labels = {NAME: ENGINE, MODEL: model.name, GROUP: role}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return Workload("Deployment", workload(model, group), model.name, selector)


def _hurried(manifest: dict[str, Any]) -> dict[str, Any]:
    times = {"minReadySeconds": MIN_READY_SECONDS, "progressDeadlineSeconds": PROGRESS_SECONDS}
    return {**manifest, "spec": {**manifest["spec"], **times}}


def _nodes_of(pool: Pool, region: str, zone: str, count: int) -> list[NodeSpec]:
    return pool_nodes(
        pool.name.removeprefix(f"{region}-"),
        role="gpu",
        zones=(zone,),
        count=count,
        capacity=pool.capacity,
        machine=pool.machine,
        model=pool.model,
        cpu=VCPUS,
        memory_gib=MEMORY_GIB,
        gpus=GPUS,
    )


def _in_fullest_zone(pool: Pool) -> int:
    per_node = pool.replicas // pool.nodes
    return min(pool.replicas, max(pool.nodes_by_zone) * per_node)
