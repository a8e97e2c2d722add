"""From what a person typed to the stacks of an environment: refused by its plan or for want of a login, or opened."""

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import yaml

from rehearsal.engine import ensure
from stacks import bootstrap, configfile, door, show
from stacks.config import Config, parse
from stacks.deploying.held import held, territories_of
from stacks.plan.territory import home
from stacks.problems import ConfigurationRefused, Problem, near
from stacks.rolling.commands import Asked
from stacks.rolling.fleet import Fleet, StateAt
from stacks.rolling.order import Turn, order
from stacks.workspace import Workspace


class NotLoggedIn(Exception):
    """A cloud does not know who asks, or knows somebody else; the text says what to do."""


def is_on_clouds(place: Workspace, stack: str) -> bool:
    """Whether a stack file's environment is on clouds; raises `ConfigurationRefused` when there is no such file."""
    said = configfile.read(place.root / f"Pulumi.{stack}.yaml").get("environment")
    return said in ("dev", "prod")


def opened(place: Workspace, stack: str, only: Sequence[str], region: str | None) -> tuple[Fleet, Asked]:
    """The environment that a person named. Raises `ConfigurationRefused` before anything is installed, and
    `NotLoggedIn` before anything is asked of a state."""
    config, settings = _configured(place, stack, only)
    turns, asked = turns_of(stack, config, region)
    bootstrap.ensure(bootstrap.rehearsal(place.root), say=show.say)
    engine = ensure(place.root, progress=show.say, env=os.environ)
    _refuse_strangers(config)
    way = partial(door.opened, stack)
    return Fleet(stack, place, engine, settings, turns, states_of(config), door=way), asked


def turns_of(stack: str, config: Config, region: str | None) -> tuple[tuple[Turn, ...], Asked]:
    """All stacks of an environment in order, and those that were asked for; raises `ConfigurationRefused`."""
    held(stack, config)  # the whole environment is judged, whatever part of it is changed
    territories = territories_of(config)
    turns = order(stack, territories, config.rollout.waves)
    asked = order(stack, territories, config.rollout.waves, region)
    if region is not None and not asked:
        regions = sorted(name for members in territories.values() for name in members)
        what = f"there is no region named {region!r} to build"
        raise ConfigurationRefused([Problem("--region", what, "nothing would be done", near(region, regions))])
    everything = {name for each in config.territories.values() for name in each.regions}
    partial = everything != {name for members in territories.values() for name in members}
    return turns, Asked(asked, partial)


def states_of(config: Config) -> Mapping[str, StateAt]:
    """Where the state of each territory lies; the plan has refused a territory without one."""
    return {
        name: StateAt(each.state.backend, each.state.secrets_provider)
        for name, each in config.territories.items()
        if each.state is not None
    }


def _configured(place: Workspace, stack: str, only: Sequence[str]) -> tuple[Config, Mapping[str, Any]]:
    file = place.root / f"Pulumi.{stack}.yaml"
    config = parse(configfile.narrowed(configfile.read(file), only))
    if keys := [name for name, tenant in config.tenants.items() if tenant.key is not None]:
        raise ConfigurationRefused([_key_in_clear(name) for name in keys])
    return config, configfile.narrowed(yaml.safe_load(file.read_text())["config"], only)


def _key_in_clear(tenant: str) -> Problem:
    return Problem(
        where=f"meridian:tenants.{tenant}.key",
        what="a key stands in the file of an environment on clouds",
        why="every stack of the environment gets the file, whatever territory it lies in",
        fix="leave it out: keys of tenants on clouds are made there and kept by the territory's secret manager",
    )


def _refuse_strangers(config: Config) -> None:
    """Ask AWS who is logged in: the same question that `preflight` asks first."""
    # Here, because it is installed only now where nobody needed the clouds' SDKs before.
    from stacks.preflight import asking, aws

    account = config.accounts.get("aws")
    where = home(min(config.territories), config)
    try:
        found = aws.identity(asking.real_clients(), account, where)
    except asking.Unanswered as unanswered:
        found = unanswered.check
    if found.state != "ok":
        more = "`./meridian preflight` asks this and more; `./meridian rehearse` needs no login."
        message = f"{found.detail}. {found.fix} {more}"
        raise NotLoggedIn(message)
