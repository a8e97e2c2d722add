"""What `./meridian plan` does."""

import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stacks import configfile, plan_show, show
from stacks.catalog import catalogue
from stacks.config import Config, parse
from stacks.plan import Plan, make_plan
from stacks.plan.changes import changes
from stacks.plan.checking import replays
from stacks.plan.cost import cost_of
from stacks.plan.fleet import make_fleet
from stacks.plan.fleet_model import FleetPlan
from stacks.plan.ground import grounds, regions_on
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused, Problem, near
from stacks.workspace import workspace


def plan(stack: str, *, json: bool, explain: str | None, compare: str | None, replay: bool = False) -> None:
    """Show a stack's plan, one model's explanation, the difference to another stack or git revision, or a replay."""
    root = workspace().root
    made = plan_of(root / f"Pulumi.{stack}.yaml")
    if isinstance(made, Plan):
        if explain is not None or compare is not None or replay:
            what = f"{stack} runs on this machine: it buys nothing"
            raise _refused("--explain, --compare, --replay", what, "name a stack on clouds")
        return show.as_json(asdict(made)) if json else _local(made)
    _refuse_no_ground(root / f"Pulumi.{stack}.yaml", made)
    if compare is not None:
        return _compare(root, stack, made, compare, json=json)
    if explain is not None:
        return _explain(made, explain, json=json)
    if replay:
        return _replay(made, parse(configfile.read(root / f"Pulumi.{stack}.yaml")), json=json)
    return show.as_json(as_data(made)) if json else plan_show.plan(made)


def _refuse_no_ground(file: Path, fleet: FleetPlan) -> None:
    """Refuse a plan that cannot become ground; GCP and Azure are planned and not built, so nothing is known of them."""
    grounds(regions_on("aws", fleet), parse(configfile.read(file)), fleet, catalogue())


def as_data(fleet: FleetPlan) -> dict[str, Any]:
    """A plan as JSON, with its costs and margins."""
    margins = [{**asdict(row), "margin": row.margin} for row in fleet.survival]
    over = fleet.failover
    failover = {**asdict(over), "detection_seconds": over.detection_seconds, "seconds": over.seconds}
    drain = [{**asdict(row), "needed_seconds": row.needed_seconds} for row in fleet.drain]
    cost = asdict(cost_of(fleet))
    return {**asdict(fleet), "survival": margins, "failover": failover, "drain": drain, "cost": cost}


def plan_of(file: Path) -> Plan | FleetPlan:
    """The plan of a stack file; raises `ConfigurationRefused`."""
    config = parse(configfile.read(file))
    if config.environment == "local":
        return make_plan(config)
    return make_fleet(config, catalogue(), size, datetime.now(UTC).date())


def _replay(fleet: FleetPlan, config: Config, *, json: bool) -> None:
    seen = []
    for one in replays(fleet, config):
        seen.append(one)
        show.say(f"replayed {one.model} in {one.territory}: {one.event}, {one.arrivals}, {one.requests} requests")
    if json:
        return show.as_json([{**asdict(one), "kept": one.kept} for one in seen])
    return plan_show.replayed(seen)


def _local(made: Plan) -> None:
    for territory in made.territories:
        for region in territory.regions:
            for replica in region.replicas:
                show.out.print(f"{territory.name}  {region.name}  {replica.name}  ({replica.model.source})")


def _explain(fleet: FleetPlan, model: str, *, json: bool) -> None:
    found = [each for each in fleet.models if each.model == model]
    if not found:
        known = sorted({each.model for each in fleet.models})
        raise _refused("--explain", f"there is no model named {model!r}", near(model, known))
    if json:
        return show.as_json([asdict(each) for each in found])
    for each in found:
        plan_show.explanation(each)
    return None


def _compare(root: Path, stack: str, made: FleetPlan, other: str, *, json: bool) -> None:
    """Another stack's name wins over a revision's; a revision means this stack's file as it was then."""
    file = root / f"Pulumi.{other}.yaml"
    before = plan_of(file) if file.exists() else _at_revision(root, stack, other)
    if isinstance(before, Plan):
        raise _refused("--compare", f"{other} runs on this machine and costs nothing", "name a stack on clouds")
    if json:
        first, second = cost_of(before), cost_of(made)
        both: Mapping[str, Any] = {"before": asdict(first), "after": asdict(second)}
        return show.as_json({**both, "difference": second.total - first.total, "changes": changes(before, made)})
    return plan_show.comparison(before, made, (other, stack))


def _at_revision(root: Path, stack: str, revision: str) -> Plan | FleetPlan:
    name = f"Pulumi.{stack}.yaml"
    found = subprocess.run(
        ["git", "-C", str(root), "show", "--end-of-options", f"{revision}:{name}"], capture_output=True, check=False
    )
    if found.returncode != 0:
        raise _refused("--compare", f"{revision!r} is no stack and no git revision with {name}", "name one of the two")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / name
        copy.write_bytes(found.stdout)
        return plan_of(copy)


def _refused(where: str, what: str, fix: str) -> ConfigurationRefused:
    return ConfigurationRefused([Problem(where, what, "the command needs something to look at", fix)])
