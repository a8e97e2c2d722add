"""What the commands do."""

import itertools
import os
import platform
import shlex
import shutil
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from components.local.layout import STEERING_SUFFIX, Layout, socket_root
from components.local.status import ProcessStatus, region_status
from components.local.supervisor import stop_supervisor
from components.specs import TerritorySpec
from rehearsal.engine import ensure
from stacks import bootstrap, configfile, show
from stacks.config import Config, parse
from stacks.plan import Plan, make_plan
from stacks.problems import ConfigurationRefused, Problem
from stacks.rolling import commands
from stacks.rolling.opening import is_on_clouds, opened
from stacks.session import Session
from stacks.waves import arguments, held_back
from stacks.workspace import Workspace, workspace

RESERVED = frozenset({"venv", "serving-cpu", "engine", "cache", "pulumi", "rehearsals", "lab", "waf"})
"""Folders of `.meridian/` that are not a stack's."""


class NotUp(Exception):
    """A question about a stack that does not exist."""


class Part(StrEnum):
    """What can be installed on its own."""

    DEV = "dev"
    REHEARSAL = "rehearsal"
    ENGINE = "engine"
    SERVING = "serving"
    LAB = "lab"


def setup(parts: Sequence[Part]) -> None:
    """Install parts, each only where it is missing or out of date."""
    place = workspace()
    if Part.DEV in parts:
        bootstrap.ensure(bootstrap.development(place.root), say=show.say)
    if Part.REHEARSAL in parts:
        bootstrap.ensure(bootstrap.rehearsal(place.root), say=show.say)
    if Part.ENGINE in parts:
        ensure(place.root, progress=show.say, env=os.environ)
    if Part.SERVING in parts:
        bootstrap.refuse_unsupported(platform.system(), platform.machine())
        bootstrap.ensure(bootstrap.serving(place.root), say=show.say)
    if Part.LAB in parts:
        _setup_lab(place)


def _setup_lab(place: Workspace) -> None:
    """Control planes, the controller of groups, and what runs the gateway's Kubernetes form: all built from Go modules
    but Envoy."""
    from rehearsal import lab  # no other command needs it
    from rehearsal.gateway import building, envoy
    from rehearsal.lab.controllers import leader_worker_set

    lab.ensure(place.root, show.say, os.environ)
    lab.ensure_definitions(place.root, show.say, os.environ)
    leader_worker_set.ensure(place.root, show.say, os.environ)
    building.ensure(place.root, progress=show.say, env=os.environ)
    envoy.ensure(place.root, progress=show.say)


def ready_session(place: Workspace, stack: str) -> Session:
    """The session of a stack, with everything installed that it needs and the present configuration."""
    setup([Part.ENGINE, Part.SERVING])
    session = Session(place, stack, ensure(place.root, progress=show.say, env=os.environ))
    session.prepare()
    return session


def up(stack: str, only: Sequence[str] = (), region: str | None = None) -> int:
    """Make or change a stack; 0 when it serves, or on clouds when all asked for is made."""
    place = workspace()
    if _on_clouds(place, stack, only, region):
        return commands.up(*opened(place, stack, only, region), show.say)
    config, plan = planned(place, stack)
    session = ready_session(place, stack)
    session.release_stale_locks(show.say)
    # With a live lock the pending operations are those of a run that goes on; the engine says who holds it.
    if session.has_pending_operations() and not session.locks():
        show.say("an earlier run was interrupted; finding out what it left")
        if code := session.run("refresh", "--yes", "--skip-preview", "--clear-pending-creates"):
            return code
    if code := roll_out(session, plan, session.run):
        return code
    show.how_to_call(stack, session.outputs()["territories"], next(iter(config.models)))
    return 0


def roll_out(session: Session, plan: Plan, run: Callable[..., int]) -> int:
    """Bring a stack to its configuration, a change one region after the other; `run` runs the engine.

    The first `up`, and one that only heals what is broken, take all regions at once.
    """
    wanted = session.wanted()
    waves = held_back(plan) if session.applied() not in (None, wanted) else []
    for number, processes in enumerate(waves, start=1):
        show.say(f"wave {number} of {len(waves) + 1}: {len(processes)} processes are left for later waves")
        if code := run("up", "--yes", "--skip-preview", "--refresh", *arguments(processes)):
            return code
    if code := run("up", "--yes", "--skip-preview", "--refresh"):
        return code
    session.note_applied(wanted)
    return 0


def preview(stack: str, only: Sequence[str] = (), region: str | None = None) -> int:
    """What `up` would do."""
    place = workspace()
    if _on_clouds(place, stack, only, region):
        return commands.preview(*opened(place, stack, only, region), show.say)
    planned(place, stack)
    session = ready_session(place, stack)
    return session.run("preview", "--refresh")


def refresh(stack: str, only: Sequence[str] = (), region: str | None = None) -> int:
    """Note in the state what is really there."""
    place = workspace()
    if _on_clouds(place, stack, only, region):
        return commands.refresh(*opened(place, stack, only, region), show.say)
    session = existing(stack)
    session.release_stale_locks(show.say)
    return session.run("refresh", "--yes", "--skip-preview")


def down(stack: str, only: Sequence[str] = (), region: str | None = None) -> int:
    """Remove a stack with everything it made."""
    place = workspace()
    if _on_clouds(place, stack, only, region):
        return commands.down(*opened(place, stack, only, region), show.say)
    if not (place.state(stack) / "backend").exists():
        show.say(f"{stack} is not up; nothing to remove")
        return 0
    session = Session(place, stack, ensure(place.root, progress=show.say, env=os.environ))
    if session.exists():
        session.release_stale_locks(show.say)
        if code := session.run("destroy", "--yes", "--skip-preview", "--refresh"):
            return code
        session.forget()
    # What a cut-off run started before the engine noted it is not in its state.
    for folder in sorted((session.state / "regions").glob("*")):
        stop_supervisor(Layout(session.state, folder.name))
    shutil.rmtree(session.state, ignore_errors=True)
    shutil.rmtree(socket_root(session.state), ignore_errors=True)
    return 0


def status(stack: str) -> list[ProcessStatus]:
    """The processes of a stack on this machine."""
    place = workspace()
    _, plan = planned(place, stack)
    state = place.state(stack)
    return [row for territory in plan.territories for row in _territory_status(state, territory)]


def _territory_status(state: Path, territory: TerritorySpec) -> list[ProcessStatus]:
    authority = state / "territories" / territory.name / "ca.pem"
    steering = Layout(state, f"{territory.name}{STEERING_SUFFIX}")
    resolves = territory.steering.name if territory.steering.provider == "dns" else None
    regions = (region_status(Layout(state, region.name), authority) for region in territory.regions)
    return [*region_status(steering, authority, resolves=resolves), *itertools.chain.from_iterable(regions)]


def outputs(stack: str, only: Sequence[str] = ()) -> dict[str, Any]:
    """Per territory the endpoint, and on this machine the CA file and the tenants' keys."""
    place = workspace()
    if _on_clouds(place, stack, only, None):
        territories = commands.endpoints(*opened(place, stack, only, None))
    else:
        territories = existing(stack).outputs().get("territories") or {}
    if not territories:
        message = f"{stack} has no outputs yet; `./meridian up {stack}` has not ended well so far"
        raise NotUp(message)
    return dict(territories)


def key_of(tenant: str, territories: dict[str, Any]) -> str:
    """The API key of a tenant."""
    tenants = (each for territory in territories.values() for each in territory.get("tenants", {}).items())
    keys = {name: entry["key"] for name, entry in tenants}
    if tenant not in keys:
        message = f"there is no key of a tenant {tenant!r} here; tenants: {', '.join(sorted(keys)) or 'none'}"
        raise NotUp(message)
    return str(keys[tenant])


def first_model(stack: str) -> str:
    """A model's name, for examples."""
    _refuse_reserved(stack)
    return next(iter(parse(configfile.read(workspace().root / f"Pulumi.{stack}.yaml")).models))


def exports(stack: str) -> list[str]:
    """Shell lines that give plain `pulumi` the stack's engine, state and passphrase."""
    place = workspace()
    planned(place, stack)
    session = ready_session(place, stack)
    present = os.environ
    return [
        f"export {name}={shlex.quote(value)}"
        for name, value in sorted(session.environment().items())
        if present.get(name) != value
    ]


def planned(place: Workspace, stack: str) -> tuple[Config, Plan]:
    """The configuration and plan of a stack; raises `ConfigurationRefused` before anything is installed."""
    _refuse_reserved(stack)
    config = parse(configfile.read(place.root / f"Pulumi.{stack}.yaml"))
    return config, make_plan(config)


def _on_clouds(place: Workspace, stack: str, only: Sequence[str], region: str | None) -> bool:
    """Whether a stack is an environment on clouds; parts of a stack on this machine cannot be asked for."""
    _refuse_reserved(stack)
    if not (place.root / f"Pulumi.{stack}.yaml").exists() and place.state(stack).exists():
        return False  # `down` removes what a stack left whose file is gone
    if is_on_clouds(place, stack):
        return True
    if only or region:
        what, why = f"{stack} runs on this machine, as a whole", "its regions are processes of one stack"
        raise ConfigurationRefused([Problem("--only, --region", what, why, "leave the option out")])
    return False


def _refuse_reserved(stack: str) -> None:
    if stack in RESERVED:
        why = "its state would lie in the folder of what is installed, and `down` would remove that"
        raise ConfigurationRefused([Problem(f"Pulumi.{stack}.yaml", "the name is taken", why, "rename the stack file")])


def existing(stack: str) -> Session:
    """The session of a stack that exists; raises `NotUp`."""
    place = workspace()
    session = Session(place, stack, ensure(place.root, progress=show.say, env=os.environ))
    if not session.exists():
        message = f"{stack} is not up; `./meridian up {stack}` makes it"
        raise NotUp(message)
    return session
