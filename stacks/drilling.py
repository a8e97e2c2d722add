"""`./meridian drill`: gives a drill the stack it is run on."""

import asyncio
import dataclasses
from typing import Any

import yaml

from components.local.layout import Layout, gateway_process
from components.specs import RegionSpec, TerritorySpec
from drills.catalogue import named
from drills.load import Target
from drills.runner import Report
from drills.site import RegionSite, Site, TerritorySite
from stacks import operations, show
from stacks.config import Config
from stacks.plan import Plan
from stacks.session import Session
from stacks.workspace import workspace


def run(name: str, stack: str) -> Report:
    """Run one drill on a local stack that is up, and leave the stack as its file says."""
    drill = named(name)
    site = site_of(stack)
    drill.refuse(site)
    try:
        return asyncio.run(drill.run(site, show.say))
    finally:
        show.say("waiting until the stack is whole again")
        site.heal()


def site_of(stack: str) -> Site:
    """A stack that is up, as drills see it; raises `NotUp`."""
    place = workspace()
    config, plan = operations.planned(place, stack)
    territories = operations.outputs(stack)
    state = place.state(stack)
    return Site(
        territories=tuple(
            TerritorySite(
                target=_target(spec, territories[spec.name], config),
                regions=tuple(_region(region, Layout(state, region.name)) for region in spec.regions),
            )
            for spec in plan.territories
        ),
        stall_seconds=config.readiness.stall_seconds,
        heal=lambda: _quietly(operations.ready_session(place, stack), plan),
        change_model=lambda: _change_model(operations.ready_session(place, stack), plan),
    )


def _target(spec: TerritorySpec, found: dict[str, Any], config: Config) -> Target:
    tenant = next(
        name
        for name, tenant in sorted(config.tenants.items(), key=lambda pair: -pair[1].requests_per_minute)
        if tenant.territory == spec.name and not tenant.suspended
    )
    return Target(
        territory=spec.name,
        endpoint=found["endpoint"],
        authority_file=found["caFile"],
        key=found["tenants"][tenant]["key"],
        model=config.tenants[tenant].models[0],
        name_server=found.get("nameServer"),
    )


def _region(spec: RegionSpec, layout: Layout) -> RegionSite:
    return RegionSite(
        name=spec.name,
        layout=layout,
        replicas=tuple(replica.name for replica in spec.replicas),
        gateway=gateway_process(spec.name),
        most_sequences=spec.replicas[0].model.engine.max_num_seqs,
    )


def _change_model(session: Session, plan: Plan) -> None:
    """Another `maxNumSeqs` for every model, in the engine's copy of the stack file alone."""
    content = yaml.safe_load(session.engine_file.read_text())
    for model in content["config"]["meridian:models"].values():
        engine = model.setdefault("engine", {})
        engine["maxNumSeqs"] = int(engine.get("maxNumSeqs", 8)) + 1
    session.engine_file.write_text(yaml.safe_dump(content, sort_keys=False))
    _quietly(session, plan)


def _quietly(session: Session, plan: Plan) -> None:
    def run(*words: str) -> int:
        session.capture(*words, "--stack", session.stack)
        return 0

    operations.roll_out(session, plan, run)


def as_values(report: Report) -> dict[str, Any]:
    """A report for machines."""
    return dataclasses.asdict(report) | {"kept": report.kept}
