"""The drills of the lab: what each does and what it promises."""

import collections
import difflib
import time
from dataclasses import replace

from drills.catalogue import DrillRefused
from drills.lab import faults
from drills.lab.outcomes import Kept
from drills.lab.processes import PROCESS_DRILLS
from drills.lab.runner import Found, LabDrill
from drills.lab.site import Counter, LabRegion, LabSite, found, pods
from rehearsal.lab import NodeSpec

QUOTA = "drill"
BEYOND_QUOTA = 2
"""Replicas that are asked for above what the quota has."""
SPARE = "drill-spare"
SETTLED_SECONDS = 3.0
"""What a loss sets off is over by then: a replica that can start elsewhere has."""


def rolling_update(site: LabSite, _: Counter) -> Found:
    """A changed pod template of base and spot, region by region."""
    for region in site.regions:
        faults.roll(region, *region.engines)
    return Found()


def spot_reclaim(site: LabSite, _: Counter) -> Found:
    """All spot nodes vanish at once while the first region's base is rolled out."""
    faults.change(site.first, site.first.base)
    for region in site.regions:
        faults.lose_nodes(region, _spot_nodes(region))
    faults.until_rolled(site.first, site.first.base)
    waiting = sum(faults.wanted(region, region.spot) - faults.ready_now(region, region.spot) for region in site.regions)
    return Found(figures={"spot replicas that wait for nodes": waiting})


def zone_loss(site: LabSite, _: Counter) -> Found:
    """All nodes of the first region's first zone vanish, and stay away."""
    region = site.first
    lost = [node for node in region.nodes if node.zone == region.zones[0]]
    faults.lose_nodes(region, lost)
    time.sleep(SETTLED_SECONDS)
    return Found(figures={"nodes lost": len(lost)})


def region_loss(site: LabSite, counter: Counter) -> Found:
    """Everything of the first region is killed, and the next region is rolled out meanwhile."""
    region, others = site.first, site.regions[1:]
    counter.lose(region)
    with faults.without_region(region):
        faults.roll(others[0], *others[0].engines)
    return Found()


def node_drain(site: LabSite, _: Counter) -> Found:
    """An on-demand node is emptied by evictions, after another one was added, as an upgrade of a pool does."""
    region = site.first
    node = _fullest(region)
    region.plane.add_nodes([replace(node, name=SPARE)])
    granted, refused = faults.drain(region, node.name, *region.engines)
    faults.until(lambda: faults.ready_now(region, region.base) == faults.wanted(region, region.base), "base is whole")
    honoured = Kept("an eviction that the budget forbids is refused, and granted later", refused > 0 and granted > 0)
    return Found((honoured,), {"evictions granted": granted, "evictions refused for now": refused})


def bad_image(site: LabSite, _: Counter) -> Found:
    """A release whose image cannot be pulled is rolled out in waves."""
    stopped = ""
    try:
        for region in site.regions:
            for workload in region.engines:
                faults.change(region, workload, digest=site.missing_digest)
            faults.until_rolled(region, *region.engines)
    except faults.RolloutStopped as stop:
        stopped = stop.region
    later = [faults.image_digest(region, region.base) for region in site.regions[1:]]
    kept = (
        Kept("the rollout stops in the first region", stopped == site.first.name),
        Kept("no later region is touched", site.missing_digest not in later),
    )
    return Found(kept)


def quota_hit(site: LabSite, _: Counter) -> Found:
    """The region has no GPU more to give: an autoscaler asks for more, and a release is rolled out."""
    region = site.first
    number = faults.wanted(region, region.spot)
    _set_quota(region)
    faults.scale(region, region.spot, number + BEYOND_QUOTA)
    faults.until(lambda: _replica_failure(region) != "", "the quota refuses what is too much")
    said = _replica_failure(region)
    faults.roll(region, region.base)
    kept = (
        Kept("what is too much is refused, and the refusal names the quota", "exceeded quota" in said),
        Kept("a rollout needs no room beyond the quota", faults.rolled(region, region.base)),
    )
    return Found(kept)


def _set_quota(region: LabRegion) -> None:
    used = 0
    for workload in region.engines:
        there = found(region, workload)
        limits = there["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
        used += int(limits["nvidia.com/gpu"]) * there["spec"]["replicas"]
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": QUOTA, "namespace": region.base.namespace},
    }
    region.plane.client.apply(quota | {"spec": {"hard": {"requests.nvidia.com/gpu": str(used)}}})
    region.plane.client.wait(
        "v1",
        "ResourceQuota",
        QUOTA,
        region.base.namespace,
        until=lambda there: bool(there and (there.get("status") or {}).get("used")),
        seconds=faults.PATIENCE_SECONDS,
    )


def _replica_failure(region: LabRegion) -> str:
    conditions = (found(region, region.spot).get("status") or {}).get("conditions") or []
    return next((each["message"] for each in conditions if each["type"] == "ReplicaFailure"), "")


def _spot_nodes(region: LabRegion) -> list[NodeSpec]:
    return [node for node in region.nodes if node.capacity == "spot"]


def _fullest(region: LabRegion) -> NodeSpec:
    """The node with the most replicas of base."""
    used = collections.Counter(pod["spec"].get("nodeName") for pod in pods(region, region.base))
    return max(region.nodes, key=lambda node: used[node.name])


def _nothing(_: LabSite) -> None:
    """Nothing is left to put back."""


def _nodes_back(site: LabSite) -> None:
    for region in site.regions:
        region.plane.add_nodes(region.nodes)


def _zone_back(site: LabSite) -> None:
    """What was started in the zone that was left stays there: a rollout spreads it again."""
    _nodes_back(site)
    faults.until_whole(site)
    faults.roll(site.first, site.first.base)


def _undrained(site: LabSite) -> None:
    region = site.first
    for node in region.nodes:
        region.plane.client.patch("v1", "Node", node.name, {"spec": {"unschedulable": None}})
    faults.drain(region, SPARE, *region.engines)
    region.plane.client.delete("v1", "Node", SPARE)


def _good_image(site: LabSite) -> None:
    for region in site.regions:
        for workload in region.engines:
            if faults.image_digest(region, workload) == site.missing_digest:
                faults.change(region, workload, digest=faults.image_digest(site.regions[-1], workload))


def _quota_gone(site: LabSite) -> None:
    region = site.first
    region.plane.client.delete("v1", "ResourceQuota", QUOTA, region.base.namespace)
    if _replica_failure(region):
        faults.scale(region, region.spot, faults.wanted(region, region.spot) - BEYOND_QUOTA)


def _budgeted(site: LabSite, whole: int) -> int:
    region = site.first
    there = region.plane.client.get("policy/v1", "PodDisruptionBudget", region.budget, region.base.namespace)
    return whole - int(there["spec"]["maxUnavailable"]) if there else whole


LAB_DRILLS: dict[str, LabDrill] = {
    "rolling-update": LabDrill(
        "a changed template of every engine, wave by wave",
        rolling_update,
        _nothing,
        lambda site, _: site.promised["rollout alone"],
        "the survival table, `rollout alone`",
    ),
    "spot-reclaim": LabDrill(
        "all spot nodes of the territory reclaimed at once, during a rollout",
        spot_reclaim,
        _nodes_back,
        lambda site, _: site.promised["all spot lost"],
        "the survival table, `all spot lost`",
    ),
    "zone-loss": LabDrill(
        "all nodes of a zone lost",
        zone_loss,
        _zone_back,
        lambda site, _: site.promised[f"a zone of {site.first.name} lost"],
        "base in other zones by the plan, and no spot",
    ),
    "region-loss": LabDrill(
        "everything of a region killed, during a rollout of the next",
        region_loss,
        _nothing,
        lambda site, _: site.promised[f"{site.first.name} lost"],
        "the survival table, the region's row",
    ),
    "node-drain": LabDrill(
        "a node emptied by evictions", node_drain, _undrained, _budgeted, "the disruption budget over base and spot"
    ),
    "bad-image": LabDrill(
        "a release that cannot be pulled",
        bad_image,
        _good_image,
        lambda site, _: site.promised["rollout alone"],
        "the survival table, `rollout alone`",
    ),
    "quota-hit": LabDrill(
        "more replicas asked for than the quota has, during a rollout",
        quota_hit,
        _quota_gone,
        lambda _, whole: whole - 1,
        "one replica of the Deployment that is rolled out",
    ),
    **PROCESS_DRILLS,
}


def named(name: str) -> LabDrill:
    """A drill of the lab by its name; raises `DrillRefused` with the nearest one."""
    if name in LAB_DRILLS:
        return LAB_DRILLS[name]
    near = difflib.get_close_matches(name, LAB_DRILLS, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    message = f"the lab has no drill {name!r}. {hint}Drills of the lab: {', '.join(LAB_DRILLS)}."
    raise DrillRefused(message)
