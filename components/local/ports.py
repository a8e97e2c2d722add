"""Ports of a local region: chosen once and kept."""

import contextlib
import fcntl
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pulumi
from pulumi.dynamic import CreateResult, Resource, UpdateResult

from components.local.provider import LocalProvider, Props

SEARCH_SPAN = 1000
"""How many ports above the preferred one are tried."""


class PortTaken(Exception):
    """A port that must be used is held by someone else."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int) -> str:
    """Who listens on a port, as far as this user may know."""
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if any(
                link.status == psutil.CONN_LISTEN and link.laddr and link.laddr.port == port
                for link in process.net_connections(kind="tcp")
            ):
                return f"process {process.pid} ({process.info['name']})"
    return "a process of another user"


def refusal(port: int, purpose: str) -> str:
    """The text of a taken port."""
    return (
        f"port {port}, wanted for {purpose}, is held by {holder(port)}. "
        f"Two servers cannot share a port. Stop that process, or name another port under `meridian:local.ports`."
    )


def choose(preferred: Mapping[str, int], *, fixed: bool, registry: Path, owner: str) -> dict[str, int]:
    """A free port for each purpose, recorded so that no other region of the stack takes it.

    `fixed` refuses (`PortTaken`) instead of choosing another port than the preferred one of `entry`.
    """
    with _registry(registry) as taken:
        others = {port for name, ports in taken.items() if name != owner for port in ports.values()}
        chosen: dict[str, int] = {}
        for purpose, first in sorted(preferred.items()):
            span = 1 if fixed and purpose == "entry" else SEARCH_SPAN
            candidates = range(first, min(first + span, 65536))
            unavailable = others | set(chosen.values())
            port = next((port for port in candidates if port not in unavailable and is_free(port)), None)
            if port is None:
                raise PortTaken(refusal(first, f"{purpose} of {owner}"))
            chosen[purpose] = port
        taken[owner] = {**taken.get(owner, {}), **chosen}
    return chosen


def record(owned: Mapping[str, int], *, registry: Path, owner: str) -> None:
    """Note exactly these ports as a region's, dropping those it no longer has."""
    with _registry(registry) as taken:
        taken[owner] = dict(owned)


def release(*, registry: Path, owner: str) -> None:
    """Forget the ports of a region."""
    with _registry(registry) as taken:
        taken.pop(owner, None)


@contextlib.contextmanager
def _registry(file: Path) -> Iterator[dict[str, dict[str, int]]]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        handle.seek(0)
        taken = json.loads(handle.read() or "{}")
        yield taken
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps(taken))


class PortLeaseProvider(LocalProvider):
    """Chooses ports at creation; a later change of what is wanted keeps every port that still serves."""

    def create(self, props: Props) -> CreateResult:
        """Choose them."""
        return CreateResult(props["owner"], {**props, "ports": _choose(props)})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Keep the ports that are wanted as before and choose the others."""
        kept = {
            purpose: port
            for purpose, port in _olds["ports"].items()
            if purpose in _news["preferred"]
            and not (purpose == "entry" and _news["fixed"] and int(port) != int(_news["preferred"]["entry"]))
        }
        missing = {purpose: port for purpose, port in _news["preferred"].items() if purpose not in kept}
        chosen = _choose({**_news, "preferred": missing}) if missing else {}
        owned = {**kept, **chosen}
        record(
            {purpose: int(port) for purpose, port in owned.items()},
            registry=Path(_news["registry"]),
            owner=_news["owner"],
        )
        return UpdateResult({**_news, "ports": owned})

    def delete(self, _id: str, _props: Props) -> None:
        """Give them back."""
        release(registry=Path(_props["registry"]), owner=_props["owner"])


def _choose(props: Props) -> dict[str, int]:
    preferred = {purpose: int(port) for purpose, port in props["preferred"].items()}
    return choose(preferred, fixed=props["fixed"], registry=Path(props["registry"]), owner=props["owner"])


class PortLease(Resource, module="meridian", name="PortLease"):
    """The ports of one region, by purpose."""

    ports: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        name: str,
        *,
        preferred: Mapping[str, int],
        fixed: bool,
        registry: Path,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: Props = {
            "preferred": dict(preferred),
            "fixed": fixed,
            "registry": str(registry),
            "owner": name,
            "ports": None,
        }
        super().__init__(PortLeaseProvider(), name, props, opts)
