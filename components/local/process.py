"""Supervisord and the processes under it as Pulumi resources.

A process is created when it serves, not when it starts: creation waits for its probe. A refresh
asks the live process; one that does not serve has drift, and the next `up` waits for it or
starts it again.
"""

import contextlib
import shutil
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import dnslib
import httpx
import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from components.local import ports, supervisor
from components.local.layout import Layout, socket_root
from components.local.provider import LocalProvider, Props
from components.local.supervisor import ProcessFailure, Program

NAME_SCHEME = "dns://"
POLL_SECONDS = 0.25
PROBE_SECONDS = 5
ALIVE = frozenset({"RUNNING", "STARTING"})
ENDED = frozenset({"FATAL", "EXITED", "BACKOFF", "UNKNOWN", "STOPPED"})


class SupervisorProvider(LocalProvider):
    """Runs supervisord as a daemon."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"state", "region"})

    def create(self, props: Props) -> CreateResult:
        """Start it and wait for its answer."""
        layout = _layout(props)
        supervisor.start_supervisor(layout)
        return CreateResult(str(layout.folder), props)

    def read(self, id_: str, props: Props) -> ReadResult:
        """A supervisord that does not answer is gone."""
        return ReadResult(id_, props) if supervisor.is_running(_layout(props)) else ReadResult(None, {})

    def delete(self, _id: str, _props: Props) -> None:
        """Stop it and remove everything of the region."""
        layout = _layout(_props)
        supervisor.stop_supervisor(layout)
        shutil.rmtree(layout.folder, ignore_errors=True)
        shutil.rmtree(layout.supervisor_socket.parent, ignore_errors=True)
        with contextlib.suppress(OSError):  # other regions still have their sockets here
            socket_root(layout.state).rmdir()


class ProcessProvider(LocalProvider):
    """Runs one supervised process with its files."""

    replace_on: ClassVar[frozenset[str]] = frozenset({"state", "region", "name"})

    def create(self, props: Props) -> CreateResult:
        """Start it and wait until it serves; leave nothing behind when it does not."""
        _run(props)
        return CreateResult(f"{props['region']}/{props['name']}", {**props, "drift": ""})

    def read(self, id_: str, props: Props) -> ReadResult:
        """Ask the live process and compare its files."""
        if supervisor.status(_layout(props), props["name"]) is None:
            return ReadResult(None, {})
        return ReadResult(id_, {**props, "drift": _drift(props)})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Wait for one that is on its way back; otherwise stop it gracefully and start it anew."""
        changed = any(_olds.get(key) != value for key, value in _news.items() if not key.startswith("__"))
        if changed or not _recovers(_news):
            _run(_news)
        return UpdateResult({**_news, "drift": ""})

    def delete(self, _id: str, _props: Props) -> None:
        """Stop it gracefully and remove its files."""
        layout = _layout(_props)
        supervisor.remove_program(layout, _props["name"])
        shutil.rmtree(layout.process(_props["name"]), ignore_errors=True)
        shutil.rmtree(layout.sockets(_props["name"]), ignore_errors=True)


def _layout(props: Props) -> Layout:
    return Layout(Path(props["state"]), props["region"])


def _run(props: Props) -> None:
    layout, name = _layout(props), props["name"]
    supervisor.remove_program(layout, name)
    for port in props["ports"]:
        if not ports.is_free(int(port), props["address"]):
            raise ProcessFailure(ports.refusal(int(port), name))
    folder = layout.process(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    supervisor.make_socket_folder(layout, name)
    for relative, content in props["files"].items():
        _write_private(folder / relative, content)
    program = Program(
        name=name,
        command=tuple(props["command"]),
        environment=tuple(sorted(props["environment"].items())),
        stop_seconds=int(props["stop_seconds"]),
    )
    try:
        supervisor.put_program(layout, program)
        _wait_until_it_serves(props, seconds=props["ready"]["seconds"])
        time.sleep(props["ready"]["min_ready_seconds"])
    except Exception:
        supervisor.remove_program(layout, name)
        raise


def _recovers(props: Props) -> bool:
    """Whether supervisord started the process again and it comes to serve within its usual time."""
    status = supervisor.status(_layout(props), props["name"])
    if status is None or _differing_file(props):
        return False
    try:
        _wait_until_it_serves(props, seconds=props["ready"]["seconds"] - status.uptime_seconds)
    except ProcessFailure:
        return False
    return True


def _wait_until_it_serves(props: Props, *, seconds: float) -> None:
    layout, name = _layout(props), props["name"]
    deadline = time.monotonic() + seconds
    first_pid = 0
    while True:
        if _serves(props):
            return
        status = supervisor.status(layout, name)
        first_pid = first_pid or (status.pid if status else 0)
        if status is None or status.state in ENDED or (first_pid and status.pid != first_pid):
            what = "ended while it was starting"
            raise ProcessFailure(_failure(props, what))
        if time.monotonic() > deadline:
            what = f"did not serve within {props['ready']['seconds']} s"
            raise ProcessFailure(_failure(props, what))
        time.sleep(POLL_SECONDS)


def _failure(props: Props, what: str) -> str:
    layout, name = _layout(props), props["name"]
    return f"{name} {what}. Its last lines, from {layout.process(name) / 'log'}:\n{supervisor.log_tail(layout, name)}"


def _serves(props: Props) -> bool:
    if props["ready"]["url"].startswith(NAME_SCHEME):
        return answers_the_name(props["ready"]["url"])
    context = ssl.create_default_context(cadata=props["ready"]["authority"])
    try:
        return (
            httpx.get(props["ready"]["url"], verify=context, trust_env=False, timeout=PROBE_SECONDS).status_code
            == httpx.codes.OK
        )
    except httpx.HTTPError:
        return False


def answers_the_name(url: str) -> bool:
    """Whether a name server, given as `dns://ADDRESS:PORT/NAME`, has an answer for the name."""
    place, _, name = url.removeprefix(NAME_SCHEME).partition("/")
    address, _, port = place.rpartition(":")
    try:
        reply = dnslib.DNSRecord.parse(dnslib.DNSRecord.question(name).send(address, int(port), timeout=PROBE_SECONDS))
    except (OSError, dnslib.DNSError):
        return False
    return bool(reply.rr)


def _drift(props: Props) -> str:
    status = supervisor.status(_layout(props), props["name"])
    if status is None or status.state not in ALIVE:
        return f"not running: {status.state if status else 'unknown'}"
    if changed := _differing_file(props):
        return f"{changed} was changed by hand"
    return "" if _serves(props) else "running, but it does not serve"


def _differing_file(props: Props) -> str | None:
    folder = _layout(props).process(props["name"])
    for relative, content in sorted(props["files"].items()):
        file = folder / relative
        if not file.exists() or file.read_text() != content:
            return str(relative)
    return None


def _write_private(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(content)


class Supervisor(Resource, module="meridian", name="Supervisor"):
    """The supervisord of a region."""

    def __init__(self, name: str, *, layout: Layout, opts: pulumi.ResourceOptions) -> None:
        props: Props = {"state": str(layout.state), "region": layout.region}
        super().__init__(SupervisorProvider(), name, props, opts)


@dataclass(frozen=True)
class Ready:
    """How a process shows that it serves: a GET that answers 200, or a name that has an answer."""

    url: pulumi.Input[str]
    """`https://…`, or `dns://ADDRESS:PORT/NAME`."""
    authority: pulumi.Input[str]
    """The certificate, PEM, that vouches for the answering server."""
    seconds: int
    """How long it may take to serve after its start."""
    min_ready_seconds: int = 0
    """How long it must have served before anything that waits for it goes on, so that others have noticed it."""


class Process(Resource, module="meridian", name="Process"):
    """One supervised process; its files are secret, for they hold keys."""

    def __init__(
        self,
        name: str,
        *,
        layout: Layout,
        command: list[str],
        environment: Mapping[str, str],
        files: Mapping[str, pulumi.Input[str]],
        address: str,
        ports: list[pulumi.Input[int]],
        ready: Ready,
        stop_seconds: int,
        revision: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`address` is where it listens; `revision` is whatever must restart it when it changes besides its files."""
        props: dict[str, Any] = {
            "state": str(layout.state),
            "region": layout.region,
            "name": name,
            "command": command,
            "environment": dict(environment),
            "files": pulumi.Output.secret(dict(files)),
            "address": address,
            "ports": ports,
            "ready": {
                "url": ready.url,
                "authority": ready.authority,
                "seconds": ready.seconds,
                "min_ready_seconds": ready.min_ready_seconds,
            },
            "stop_seconds": stop_seconds,
            "revision": revision,
        }
        secret = pulumi.ResourceOptions(additional_secret_outputs=["files"])
        super().__init__(ProcessProvider(), name, props, pulumi.ResourceOptions.merge(opts, secret))
