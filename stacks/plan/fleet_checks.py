"""What is wrong with a fleet's configuration before any capacity is looked at."""

from collections.abc import Iterator

from stacks.catalog.model import Catalogue
from stacks.config import Config
from stacks.plan import cidr
from stacks.plan.drain import DRAIN_DELAY_SECONDS
from stacks.problems import Problem, near

NEEDED = ("domain", "steering", "capacity", "image")
"""Keys of the environment that a fleet cannot do without."""


def problems(config: Config, catalogue: Catalogue) -> list[Problem]:
    """Every problem at once."""
    return [
        *_missing(config),
        *_regions(config, catalogue),
        *_survival(config),
        *_gpus(config, catalogue),
        *_vouched(config, catalogue),
        *_drain(config),
        *_waves(config),
        *cidr.problems(config),
    ]


def _missing(config: Config) -> Iterator[Problem]:
    for key in NEEDED:
        if getattr(config, key) is None:
            yield _needs(f"meridian:{key}", type(config).model_fields[key].description or "")
    for name, territory in config.territories.items():
        if territory.state is None:
            yield _needs(f"meridian:territories.{name}.state", "where state lies and who encrypts it, in the territory")
    for name, model in config.models.items():
        for key in ("revision", "slo"):
            if getattr(model, key) is None:
                yield _needs(f"meridian:models.{name}.{key}", type(model).model_fields[key].description or "")
        if not model.demand:
            yield _needs(f"meridian:models.{name}.demand", "peak demand by territory")
        for territory_name in model.demand:
            if territory_name not in config.territories:
                yield Problem(
                    where=f"meridian:models.{name}.demand.{territory_name}",
                    what=f"there is no territory named {territory_name!r}",
                    why="demand that belongs to no territory would be served nowhere",
                    fix=f"{near(territory_name, sorted(config.territories))}",
                )
    for name, tenant in config.tenants.items():
        for model_name in tenant.models:
            served = config.models.get(model_name)
            if served and tenant.territory in config.territories and tenant.territory not in served.demand:
                yield Problem(
                    where=f"meridian:tenants.{name}.models",
                    what=f"{model_name} has no demand in {tenant.territory}, so it is not served there",
                    why="its requests would have nowhere to go",
                    fix=f"add meridian:models.{model_name}.demand.{tenant.territory}, or take {model_name} out here",
                )


def _needs(where: str, text: str) -> Problem:
    return Problem(where, "is missing", "a fleet on clouds cannot be planned without it", f"add it: {text}")


def _regions(config: Config, catalogue: Catalogue) -> Iterator[Problem]:
    for name, territory in config.territories.items():
        where = f"meridian:territories.{name}"
        for jurisdiction in territory.jurisdictions:
            if jurisdiction not in catalogue.jurisdictions:
                yield Problem(
                    where=f"{where}.jurisdictions",
                    what=f"{jurisdiction!r} is no jurisdiction of the catalogue",
                    why="residency can only be kept where the countries are known",
                    fix=near(jurisdiction, sorted(catalogue.jurisdictions)),
                )
        allowed = {country for each in territory.jurisdictions for country in catalogue.jurisdictions.get(each, ())}
        for region_name in territory.regions:
            region = catalogue.regions.get(region_name)
            if region is None:
                yield Problem(
                    where=f"{where}.regions",
                    what=f"{region_name} is no region of the catalogue",
                    why="its country, machines and prices are unknown",
                    fix=near(region_name, sorted(catalogue.regions)),
                )
            elif region.country not in allowed:
                inside = [each.name for each in catalogue.regions.values() if each.country in allowed]
                same = [each for each in sorted(inside) if each.startswith(f"{region.cloud}-")]
                yield Problem(
                    where=f"{where}.regions",
                    what=f"{region_name} lies in {region.country}, outside {', '.join(territory.jurisdictions)}",
                    why="data, keys and logs of the territory must not leave its jurisdictions",
                    fix=f"write one of: {', '.join((same or sorted(inside))[:8])}",
                )


def _survival(config: Config) -> Iterator[Problem]:
    if config.capacity is None or "region" not in config.capacity.survive:
        return
    for name, territory in config.territories.items():
        if len(territory.regions) == 1:
            yield Problem(
                where=f"meridian:territories.{name}.regions",
                what="one region cannot survive the loss of a region",
                why="with it gone nothing of the territory is left, and fail-over never leaves a territory",
                fix="add a second region, or take `region` out of meridian:capacity.survive",
            )


def _gpus(config: Config, catalogue: Catalogue) -> Iterator[Problem]:
    known = sorted({machine.gpu for machine in catalogue.machines.values()})
    for gpu in config.capacity.gpus if config.capacity else ():
        if gpu not in known:
            yield Problem(
                where="meridian:capacity.gpus",
                what=f"{gpu!r} is no GPU of the catalogue",
                why="its memory, speed and price are unknown",
                fix=near(gpu, known),
            )


def _vouched(config: Config, catalogue: Catalogue) -> Iterator[Problem]:
    for pair in config.capacity.assume_available if config.capacity else ():
        region_name, _, machine_name = pair.partition("/")
        region = catalogue.regions.get(region_name)
        machine = catalogue.machines.get((region.cloud, machine_name)) if region else None
        if region is None or machine is None:
            yield Problem(
                where="meridian:capacity.assumeAvailable",
                what=f"{pair!r} names no region and machine of the catalogue",
                why="only what is known by name can be vouched for",
                fix="write `<region>/<machine>`, e.g. aws-eu-west-1/p5.48xlarge",
            )
        elif catalogue.available(machine, region) == "no":
            yield Problem(
                where="meridian:capacity.assumeAvailable",
                what=f"{machine_name} is not sold in {region_name}",
                why="an unknown can be vouched for, a no cannot",
                fix=f"{machine.gpu} is offered in: {', '.join(catalogue.offered_in(machine.gpu)[:12]) or 'nowhere'}",
            )


def _drain(config: Config) -> Iterator[Problem]:
    if "chat" not in config.lanes:
        return
    for name, model in config.models.items():
        if model.slo is None:
            continue
        seconds = (model.slo.ttft_p95_ms + config.lanes["chat"].max_output_tokens * model.slo.tpot_p95_ms) / 1000
        if seconds > config.drain.timeout_seconds:
            yield Problem(
                where="meridian:drain.timeoutSeconds",
                what=f"{config.drain.timeout_seconds} s are shorter than the longest answer of {name}: {seconds:.0f} s",
                why=f"a replica that stops would cut it off; pods wait {DRAIN_DELAY_SECONDS} s more before they refuse",
                fix=f"write {int(seconds) + 1} or more, or lower meridian:lanes.chat.maxOutputTokens",
            )


def _waves(config: Config) -> Iterator[Problem]:
    regions = {region for territory in config.territories.values() for region in territory.regions}
    seen: set[str] = set()
    for index, wave in enumerate(config.rollout.waves):
        for region in wave:
            if region not in regions or region in seen:
                yield Problem(
                    where=f"meridian:rollout.waves.{index}",
                    what=f"{region} {'stands in two waves' if region in seen else 'is a region of no territory'}",
                    why="each region changes once, in one wave",
                    fix=f"name each of these once: {', '.join(sorted(regions))}",
                )
            seen.add(region)
