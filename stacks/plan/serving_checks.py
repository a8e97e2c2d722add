"""What is wrong with what a region is to serve, found before a cluster is asked for anything."""

from collections.abc import Iterator

from components.serving_specs import ReplicaGroupSpec, ServedModelSpec
from stacks.config import Config
from stacks.plan.fleet_model import FleetPlan, RegionFleet
from stacks.problems import Problem

ENVOY = "envoy"
"""Repository of the gateway's image, and its name among the mirrored ones."""

LEAST_REPLICAS = 2
"""A rollout takes one away and none is added before: with one alone nothing would be left."""

TAKEN = (
    *("default", "external-secrets", "keda", "lws", "meridian-gateway", "meridian-weights", "monitoring"),
    *("envoy-gateway-system", "lws-system", "nvidia"),
)
"""Namespaces that are not a model's; so is every name that begins with `kube-`."""


def environment(config: Config) -> Iterator[Problem]:
    """Problems of names, which no region changes."""
    for name in config.models:
        if name in TAKEN or name.startswith("kube-"):
            yield Problem(
                where=f"meridian:models.{name}",
                what=f"{name!r} is the namespace of something else in every cluster",
                why="a model is isolated by a namespace of its own, named as the model",
                fix=f"call it otherwise, e.g. {name}-model",
            )
    if config.image is None:
        yield Problem("meridian:image", "is missing", "nothing runs by a tag", "write {digest: sha256:...}")
    elif ENVOY not in config.image.mirrored:
        yield Problem(
            where="meridian:image.mirrored",
            what=f"has no digest of {ENVOY}, which the gateway is made of",
            why="nothing runs by a tag, and no image comes from outside the territory",
            fix=f"write {{{ENVOY}: sha256:...}} as the image workflow proposes it",
        )


def model(spec: ServedModelSpec, region: RegionFleet, config: Config, plan: FleetPlan) -> Iterator[Problem]:
    """Problems of one model in one region."""
    for group in spec.groups:
        yield from _replicas(group, spec, region)
        yield from _notice(group, spec, region, plan)
    yield from _lanes(spec, region, config)


def _replicas(group: ReplicaGroupSpec, spec: ServedModelSpec, region: RegionFleet) -> Iterator[Problem]:
    if group.role == "base" and group.replicas < LEAST_REPLICAS:
        yield Problem(
            where=f"meridian:models.{spec.name}.demand.{region.territory}",
            what=f"{region.name} would serve {spec.name} by {group.replicas} replica on machines that do not go away",
            why="a rollout stops one replica before the next one starts, so for minutes nobody would answer",
            fix="ask for more requests per second, allow smaller GPUs, or lower meridian:capacity.spotShare",
        )


def _notice(group: ReplicaGroupSpec, spec: ServedModelSpec, region: RegionFleet, plan: FleetPlan) -> Iterator[Problem]:
    if group.role != "spot":
        return
    notice = next(
        row.budget_seconds
        for row in plan.drain
        if (row.model, row.cloud, row.capacity) == (spec.name, region.cloud, "spot")
    )
    if group.drain_timeout_seconds <= 0:
        yield Problem(
            where=f"meridian:models.{spec.name}",
            what=f"spot of {region.cloud} goes after {notice} s, a replica says so for {group.drain_delay_seconds} s",
            why="no running request could end in between",
            fix="write meridian:capacity.spotShare: 0",
        )


def _lanes(spec: ServedModelSpec, region: RegionFleet, config: Config) -> Iterator[Problem]:
    base = next(group for group in spec.groups if group.role == "base")
    for lane in sorted(set(config.lanes) - set(base.lanes)):
        yield Problem(
            where=f"meridian:lanes.{lane}",
            what=f"its longest answer does not fit the drain of {spec.name} in {region.name}",
            why="a replica that stops would cut it off",
            fix=f"lower meridian:lanes.{lane}.maxOutputTokens, or raise meridian:drain.timeoutSeconds",
        )
    for group in spec.groups:
        if group.lanes != base.lanes:
            yield Problem(
                where="meridian:capacity.spotShare",
                what=f"{group.role} replicas of {spec.name} in {region.name} may serve {', '.join(group.lanes)} alone",
                why="one address stands for all replicas of a model, so a request of another lane could be sent there",
                fix="write 0, or shorten the longest answer of chat until it fits the notice of spot",
            )
