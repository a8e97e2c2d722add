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

LOOPBACK = "127.0.0.1"
"""Where everything listens but the entries of regions behind DNS, which have an address of their own each."""

REGISTRY = "ports.json"
"""File in a stack's state folder that notes who holds which port."""

SEARCH_SPAN = 1000
"""How many ports above the preferred one are tried."""


class PortTaken(Exception):
    """A port that must be used is held by someone else."""


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Whether a server could listen on this port of a loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
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
        f"Two servers cannot share a port. Stop that process, or name another port: `meridian:local.ports` for an "
        "entry, `meridian:local.steering.ports` for an endpoint."
    )


def choose(
    preferred: Mapping[str, int], *, fixed: bool, registry: Path, owner: str, entry_address: str = LOOPBACK
) -> dict[str, int]:
    """A free port for each purpose, recorded so that nothing else of the stack takes it.

    `fixed` refuses (`PortTaken`) instead of choosing another port than the preferred one of `entry`, the one
    purpose that may have an address of its own.
    """
    with _registry(registry) as taken:
        others = {place for name, places in taken.items() if name != owner for place in places.values()}
        chosen: dict[str, int] = {}
        for purpose, first in sorted(preferred.items()):
            address = _address(purpose, entry_address)
            span = 1 if fixed and purpose == "entry" else SEARCH_SPAN
            candidates = range(first, min(first + span, 65536))
            unavailable = others | {_place(_address(done, entry_address), port) for done, port in chosen.items()}
            port = next(
                (port for port in candidates if _place(address, port) not in unavailable and is_free(port, address)),
                None,
            )
            if port is None:
                raise PortTaken(refusal(first, f"{purpose} of {owner}"))
            chosen[purpose] = port
        taken[owner] = {**taken.get(owner, {}), **_places(chosen, entry_address)}
    return chosen


def record(owned: Mapping[str, int], *, registry: Path, owner: str, entry_address: str = LOOPBACK) -> None:
    """Note exactly these ports as an owner's, dropping those it no longer has."""
    with _registry(registry) as taken:
        taken[owner] = _places(owned, entry_address)


def release(*, registry: Path, owner: str) -> None:
    """Forget the ports of an owner."""
    with _registry(registry) as taken:
        taken.pop(owner, None)


def places(registry: Path, owner: str) -> dict[str, tuple[str, int]]:
    """Address and port by purpose of what an owner holds; empty when it holds nothing."""
    if not registry.exists():
        return {}
    held = json.loads(registry.read_text() or "{}").get(owner, {})
    parts = {purpose: place.rpartition(":") for purpose, place in held.items()}
    return {purpose: (address, int(port)) for purpose, (address, _, port) in parts.items()}


def _address(purpose: str, entry_address: str) -> str:
    return entry_address if purpose == "entry" else LOOPBACK


def _place(address: str, port: int) -> str:
    return f"{address}:{port}"


def _places(chosen: Mapping[str, int], entry_address: str) -> dict[str, str]:
    return {purpose: _place(_address(purpose, entry_address), port) for purpose, port in chosen.items()}


@contextlib.contextmanager
def _registry(file: Path) -> Iterator[dict[str, dict[str, str]]]:
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
            if purpose in _news["preferred"] and not (purpose == "entry" and _entry_moves(_olds, _news))
        }
        missing = {purpose: port for purpose, port in _news["preferred"].items() if purpose not in kept}
        chosen = _choose({**_news, "preferred": missing}) if missing else {}
        owned = {**kept, **chosen}
        record(
            {purpose: int(port) for purpose, port in owned.items()},
            registry=Path(_news["registry"]),
            owner=_news["owner"],
            entry_address=_news["entry_address"],
        )
        return UpdateResult({**_news, "ports": owned})

    def delete(self, _id: str, _props: Props) -> None:
        """Give them back."""
        release(registry=Path(_props["registry"]), owner=_props["owner"])


def _choose(props: Props) -> dict[str, int]:
    preferred = {purpose: int(port) for purpose, port in props["preferred"].items()}
    return choose(
        preferred,
        fixed=props["fixed"],
        registry=Path(props["registry"]),
        owner=props["owner"],
        entry_address=props["entry_address"],
    )


def _entry_moves(olds: Props, news: Props) -> bool:
    if olds["entry_address"] != news["entry_address"]:
        return True
    return bool(news["fixed"]) and int(olds["ports"]["entry"]) != int(news["preferred"]["entry"])


class PortLease(Resource, module="meridian", name="PortLease"):
    """The ports of one region or of a territory's steering, by purpose."""

    ports: pulumi.Output[dict[str, Any]]

    def __init__(
        self,
        name: str,
        *,
        preferred: Mapping[str, int],
        fixed: bool,
        registry: Path,
        entry_address: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: Props = {
            "preferred": dict(preferred),
            "fixed": fixed,
            "registry": str(registry),
            "owner": name,
            "entry_address": entry_address,
            "ports": None,
        }
        super().__init__(PortLeaseProvider(), name, props, opts)
