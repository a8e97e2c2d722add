"""The drills: what each does, needs and promises."""

import difflib
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx

from components.gateway.behaviour import HEALTH_CHECK
from drills.outcomes import TOO_MANY, Summary, goodput
from drills.runner import Measured, Report, Say, report, shape, under_load
from drills.site import RegionSite, Site, freeze_replica, kill_gateway, kill_region, kill_replica

SERVED_AGAIN_SECONDS = 5.0
OVERLOAD = 10
KEPT_GOODPUT = 0.8
CAPACITY_SECONDS = 12.0
POLL_SECONDS = 0.1
ROTATION_LIMIT_SECONDS = 300


class DrillRefused(Exception):
    """The stack cannot show what the drill is for; the text says what to change."""


@dataclass(frozen=True)
class Drill:
    """One failure made on purpose."""

    what: str
    replicas: int
    """Replicas that the first region must have."""
    regions: int
    """Regions that the territory must have."""
    run: Callable[[Site, Say], Coroutine[Any, Any, Report]]

    def refuse(self, site: Site) -> None:
        """Raise `DrillRefused` when the stack is too small."""
        first = site.first.regions[0]
        if len(first.replicas) < self.replicas:
            message = (
                f"{first.name} has {len(first.replicas)} replica, and with one there is nowhere to go when it is lost. "
                f"Write `meridian:local.replicas: {{{first.name}: {self.replicas}}}`, or run the drill on `drill`, "
                "the stack made for it."
            )
            raise DrillRefused(message)
        if len(site.first.regions) < self.regions:
            message = (
                f"{site.first.target.territory} has one region, and nothing survives the loss of the only one. "
                "Name a second one under `meridian:territories`, or run the drill on `drill`, the stack made for it."
            )
            raise DrillRefused(message)


async def replica_loss(site: Site, say: Say) -> Report:
    """`kill -9` of one of several replicas."""
    found = await under_load(site, lambda: kill_replica(site.first.regions[0]), say)
    return report("replica-loss", found, {"no request without a token failed": _none_failed(found.summary)})


async def replica_freeze(site: Site, say: Say) -> Report:
    """SIGSTOP of one replica's engine."""
    region = site.first.regions[0]
    stated = stated_rotation_seconds(site)

    def fault() -> dict[str, float]:
        began = time.monotonic()
        thaw = freeze_replica(region)
        try:
            out = _until_left_out(region, began)
        finally:
            thaw()
        return {"out of rotation after, s": round(out, 2), "stated, s": stated}

    found = await under_load(site, fault, say)
    in_time = found.figures["out of rotation after, s"] <= stated
    return report("replica-freeze", found, {}, timings={f"out of rotation within {stated:g} s": in_time})


async def gateway_loss(site: Site, say: Say) -> Report:
    """`kill -9` of the first region's gateway."""
    found = await under_load(site, lambda: kill_gateway(site.first.regions[0]), say)
    return report("gateway-loss", found, {}, timings=_served_again(found))


async def region_loss(site: Site, say: Say) -> Report:
    """`kill -9` of everything in the first region."""
    found = await under_load(site, lambda: kill_region(site.first.regions[0]), say)
    elsewhere = {f"{name} did not notice": one.complete == one.sent > 0 for name, one in found.others.items()}
    inside = {region.name for region in site.first.regions}
    stayed = {"every answer came from the territory": set(found.summary.regions_after) <= inside}
    return report("region-loss", found, {**elsewhere, **stayed}, timings=_served_again(found))


async def rolling_change(site: Site, say: Say) -> Report:
    """A changed setting of every engine."""
    found = await under_load(site, site.change_model, say, wanted=shape(clients=8, output_tokens=200))
    whole = found.summary.complete == found.summary.sent
    promises = {"no request failed and every stream is complete": whole, "the load outlasted the change": found.lasted}
    return report("rolling-change", found, promises)


async def overload(site: Site, say: Say) -> Report:
    """Ten times the clients that the region generates for side by side."""
    region = site.first.regions[0]
    full = len(region.replicas) * region.most_sequences
    capacity = await _goodput(site, full, say)
    flooded = await _goodput(site, OVERLOAD * full, say)
    found, kept = flooded.measured, flooded.tokens_per_second / capacity.tokens_per_second
    found.figures.update(
        {
            "capacity, tokens/s": round(capacity.tokens_per_second, 1),
            "goodput at 10x, tokens/s": round(flooded.tokens_per_second, 1),
            "goodput / capacity": round(kept, 3),
        }
    )
    refused_well = found.summary.refused > 0 and _none_failed(found.summary)
    return report(
        "overload",
        found,
        {f"what is too much gets {TOO_MANY} and nothing else fails": refused_well},
        timings={f"goodput stays above {KEPT_GOODPUT:.0%} of capacity": kept >= KEPT_GOODPUT},
    )


DRILLS: dict[str, Drill] = {
    "replica-loss": Drill("kill -9 of one replica", 2, 1, replica_loss),
    "replica-freeze": Drill("SIGSTOP of one replica's engine", 2, 1, replica_freeze),
    "gateway-loss": Drill("kill -9 of a region's gateway", 1, 2, gateway_loss),
    "region-loss": Drill("kill -9 of everything in a region", 1, 2, region_loss),
    "rolling-change": Drill("a changed engine setting, one replica at a time", 2, 1, rolling_change),
    "overload": Drill("ten times the clients that fit", 1, 1, overload),
}


def named(name: str) -> Drill:
    """A drill by its name; raises `DrillRefused` with the nearest ones."""
    if name in DRILLS:
        return DRILLS[name]
    near = difflib.get_close_matches(name, DRILLS, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    message = f"there is no drill {name!r}. {hint}Drills: {', '.join(DRILLS)}."
    raise DrillRefused(message)


def stated_rotation_seconds(site: Site) -> float:
    """How long a frozen replica may get requests: until it says so itself, then until the gateway has asked."""
    asked = HEALTH_CHECK.unhealthy_after * (HEALTH_CHECK.interval_seconds + HEALTH_CHECK.timeout_seconds)
    return float(site.stall_seconds + asked)


@dataclass(frozen=True)
class _Flow:
    measured: Measured
    tokens_per_second: float


async def _goodput(site: Site, clients: int, say: Say) -> _Flow:
    """Tokens of complete answers per second while so many clients ask."""

    def wait() -> None:
        time.sleep(CAPACITY_SECONDS)

    say(f"{clients} clients")
    found = await under_load(site, wait, say, wanted=shape(clients=clients, requests=max(240, 2 * clients)))
    end = found.fault + CAPACITY_SECONDS
    return _Flow(found, goodput(found.outcomes, start=found.fault, end=end))


def _until_left_out(region: RegionSite, began: float) -> float:
    """Seconds until the gateway itself counts a replica as unhealthy, asked of its admin interface."""
    socket = str(region.layout.sockets(region.gateway) / "admin")
    with httpx.Client(transport=httpx.HTTPTransport(uds=socket), timeout=5) as admin:
        while time.monotonic() - began < ROTATION_LIMIT_SECONDS:
            if "/failed_active_hc" in admin.get("http://envoy/clusters").text:
                return time.monotonic() - began
            time.sleep(POLL_SECONDS)
    message = f"{region.gateway} never left the frozen replica out"
    raise RuntimeError(message)


def _served_again(found: Measured) -> dict[str, bool]:
    again = found.summary.served_again_seconds <= SERVED_AGAIN_SECONDS
    return {f"served again within {SERVED_AGAIN_SECONDS:g} s": again}


def _none_failed(found: Summary) -> bool:
    return found.failed_before_first_token == 0
