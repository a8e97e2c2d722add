"""What `./meridian preflight` does."""

import importlib.util
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from stacks import bootstrap, configfile, show
from stacks.catalog import catalogue
from stacks.catalog.vcpus import vcpus
from stacks.config import Config, parse
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import grounds, regions_on
from stacks.plan.sizing import size
from stacks.preflight.model import Check, RegionNeed, needs_of_ground, passed
from stacks.problems import ConfigurationRefused, Problem
from stacks.workspace import workspace

COLOURS = {"ok": "green", "failed": "red", "unknown": "yellow"}


def preflight(stack: str, *, account: str | None, json: bool) -> bool:
    """Ask the clouds about the plan of a stack and print the answers; True when nothing stands in the way."""
    root = workspace().root
    config, regions = _asked(root, stack)
    if account is not None and not re.fullmatch(r"\d{12}", account):
        raise _refused("--account", f"{account!r} is no AWS account", "write its 12 digits")
    if account not in (None, config.accounts["aws"]):
        fix = "leave the option out, or correct meridian:accounts.aws"
        raise _refused("--account", f"{account} is not the configuration's {config.accounts['aws']}", fix)
    checks = _ask(root, config, regions, account)
    if json:
        show.as_json([asdict(check) for check in checks])
    else:
        table(checks)
    return passed(checks)


def table(checks: Sequence[Check]) -> None:
    """Print checks for people, and below what to do about those that stand in the way."""
    rows = Table("", "where", "what", "found", box=None)
    for check in checks:
        colour = COLOURS[check.state]
        rows.add_row(f"[{colour}]{check.state}[/{colour}]", *map(escape, (check.where, check.what, check.detail)))
    show.out.print(rows)
    for check in checks:
        if check.fix:
            show.out.print(f"[bold]{escape(check.where)}: {escape(check.what)}[/bold]  {escape(check.fix)}")


def _asked(root: Path, stack: str) -> tuple[Config, tuple[RegionNeed, ...]]:
    config = parse(configfile.read(root / f"Pulumi.{stack}.yaml"))
    if config.environment == "local":
        raise _refused("the stack", f"{stack} runs on this machine", "name a stack on clouds; `up` checks this machine")
    fleet = make_fleet(config, catalogue(), size, datetime.now(UTC).date())
    digest = config.image.digest if config.image else None
    specs = grounds(regions_on("aws", fleet), config, fleet, catalogue())
    if not specs:
        raise _refused("meridian:territories", "no region lies on AWS", "preflight asks AWS alone so far")
    for other in sorted({region.cloud for region in fleet.regions} - {"aws"}):
        show.say(f"regions on {other} are not asked about: preflight knows AWS alone so far")
    return config, tuple(needs_of_ground(spec, digest) for spec in specs)


def _ask(root: Path, config: Config, regions: tuple[RegionNeed, ...], account: str | None) -> list[Check]:
    if importlib.util.find_spec("botocore") is None:
        bootstrap.ensure(bootstrap.rehearsal(root), say=show.say)
    # Installed only now where nobody needed the clouds' SDKs before.
    from stacks.preflight import asking, aws, network

    steering = config.steering
    return aws.all_checks(
        asking.real_clients(),
        regions,
        account=account or config.accounts.get("aws"),
        zone=steering.hosted_zone if steering is not None and steering.provider == "route53" else None,
        door=config.network.door,
        vcpus=vcpus(),
        lookup=network.name_servers,
        reach=network.reachable,
    )


def _refused(where: str, what: str, fix: str) -> ConfigurationRefused:
    why = "nothing can be asked of a cloud about it"
    return ConfigurationRefused([Problem(where=where, what=what, why=why, fix=fix)])
