"""What `./meridian door` does: opens the way to a region's control plane for as long as it runs."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from components.aws.door import (
    DoorRefused,
    Plane,
    as_typed,
    describe,
    find_nodes,
    first_node,
    kubeconfig,
    plane,
    tunnel,
)
from components.aws.names import cluster_name
from components.ground_specs import GroundSpec
from components.naming import named
from stacks import configfile, show
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import grounds, regions_on
from stacks.plan.sizing import size
from stacks.problems import ConfigurationRefused, Problem, near
from stacks.workspace import Workspace, workspace

OPENS_WITHIN_SECONDS = 60.0
ASKS_WITHIN_SECONDS = 60.0
CLOSES_WITHIN_SECONDS = 10.0

NEEDED = {
    "aws": "the AWS command line, which makes a token for each call: https://aws.amazon.com/cli/",
    "session-manager-plugin": "AWS's Session Manager plugin, which carries the tunnel: "
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
}


class DoorShut(Exception):
    """The door cannot be opened; the text says why and what to do."""


def door(stack: str, region: str, *, port: int | None) -> int:
    """Open the door and print the path of a kubeconfig; a tunnel stays open until it is interrupted. Exit code."""
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        with opened(stack, region, port=port) as way:
            show.out.print(str(way.kubeconfig), soft_wrap=True, markup=False, highlight=False)
            if way.tunnel is None:
                return 0
            show.say(f"the door is open on port {way.port}; Ctrl-C closes it")
            code = way.tunnel.wait()
            message = f"the tunnel ended with {code}: Session Manager closes what is idle or too old. Open it again"
            raise DoorShut(message)
    except KeyboardInterrupt:
        show.say("the door is closed")
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True)
class Way:
    """An open door."""

    kubeconfig: Path
    port: int | None
    """This machine's end of the tunnel; None where the control plane is reached without one."""
    tunnel: "subprocess.Popen[bytes] | None"


@contextlib.contextmanager
def opened(stack: str, region: str, *, port: int | None = None) -> Iterator[Way]:
    """Keep a region's door open for the time of a block; nothing of it is left then. Raises `DoorShut`."""
    place = workspace()
    spec = _spec(place, stack, region)
    _refuse_missing(spec)
    own = (port or spec.cluster.door_port) if spec.cluster.door == "tunnel" else None
    try:
        reached = plane(spec.location, cluster_name(spec), _answer(describe(spec.location, cluster_name(spec))))
        if own is None:
            yield Way(_written(place, stack, spec, reached, None), None, None)
            return
        group = f"{named('kubernetes', spec.name, 'gateway')}-*"
        node = first_node(_answer(find_nodes(reached, group)), group)
        file = _written(place, stack, spec, reached, own)
        command = tunnel(reached, node, own)
    except DoorRefused as refused:
        raise DoorShut(str(refused)) from None
    with _tunnelled(command, own) as running:
        yield Way(file, own, running)


def _spec(place: Workspace, stack: str, region: str) -> GroundSpec:
    config = parse(configfile.read(place.root / f"Pulumi.{stack}.yaml"))
    if config.environment == "local":
        raise _refused("the stack", f"{stack} runs on this machine", "it has no cluster: use its endpoint as it is")
    fleet = make_fleet(config, catalogue(), size)
    known = regions_on("aws", fleet)
    if region not in known:
        raise _refused("the region", f"{stack} has no region {region!r} on AWS", near(region, known))
    (spec,) = grounds([region], config, fleet, catalogue())
    return spec


def _refused(where: str, what: str, fix: str) -> ConfigurationRefused:
    why = "there is no control plane there that a door leads to"
    return ConfigurationRefused([Problem(where=where, what=what, why=why, fix=fix)])


def _refuse_missing(spec: GroundSpec) -> None:
    wanted = NEEDED if spec.cluster.door == "tunnel" else {"aws": NEEDED["aws"]}
    missing = [f"- `{name}` is not installed here: {text}" for name, text in wanted.items() if not shutil.which(name)]
    if missing:
        message = "\n".join([f"The door of {spec.name} cannot be opened:", *missing, "Install it and try again."])
        raise DoorShut(message)


def _answer(command: tuple[str, ...]) -> str:
    """What a command of AWS prints; raises `DoorShut` with what AWS said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ASKS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        message = f"AWS did not answer within {ASKS_WITHIN_SECONDS:.0f} s: {as_typed(command)}"
        raise DoorShut(message) from None
    if done.returncode:
        said = done.stderr.strip() or f"it ended with {done.returncode}"
        fix = "Log in (`aws sso login`) to the account of meridian:accounts.aws; the region must be up."
        message = f"AWS refused: {said}\n{as_typed(command)}\n{fix}"
        raise DoorShut(message)
    return done.stdout


def _written(place: Workspace, stack: str, spec: GroundSpec, reached: Plane, port: int | None) -> Path:
    """Write the kubeconfig, for this user alone although no secret is in it; returns its path."""
    file = place.state(stack) / "kubeconfigs" / f"{spec.name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(kubeconfig(reached, spec.cluster.door, port))
    return file


@contextlib.contextmanager
def _tunnelled(command: tuple[str, ...], port: int) -> "Iterator[subprocess.Popen[bytes]]":
    if _open(port):
        message = f"port {port} of this machine is taken: close what listens there, or give another one with --port"
        raise DoorShut(message)
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(running, port, command)
        yield running
    finally:
        _end(running)


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(running: "subprocess.Popen[bytes]", port: int, command: tuple[str, ...]) -> None:
    until = time.monotonic() + OPENS_WITHIN_SECONDS
    while time.monotonic() < until:
        if running.poll() is not None:
            message = f"the tunnel did not open (see above): {as_typed(command)}"
            raise DoorShut(message)
        if _open(port):
            return
        time.sleep(0.2)
    message = f"the tunnel did not open within {OPENS_WITHIN_SECONDS:.0f} s: {as_typed(command)}"
    raise DoorShut(message)


def _open(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _end(running: "subprocess.Popen[bytes]") -> None:
    """End the command line and the plugin that it started: they are a session of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if running.poll() is not None:
            return
        _signal(running.pid, number)
        try:
            running.wait(CLOSES_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
