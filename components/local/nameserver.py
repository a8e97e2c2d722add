"""The authoritative name server of one territory: `python -m components.local.nameserver --settings FILE`.

Plays what a cloud's health-checked DNS does: probes every entry as its checkers would, and answers
the territory's name with the first healthy entry. Every possible answer is an entry of the
territory: with none healthy it answers with all of them, as Route 53 does, so that clients
reach an entry that says 503, and never another territory.
"""

import argparse
import http.client
import json
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dnslib
from dnslib.server import BaseResolver, DNSServer

from components.gateway.behaviour import READY_PATH

PROBE_SECONDS = 1.0
"""How long a probe may take."""


@dataclass
class Entry:
    """One region's entry, and what its probes found."""

    region: str
    address: str
    port: int
    failures: int = 0
    """Failed probes in a row."""


@dataclass
class Zone:
    """The territory's one name; answers follow what the probes note."""

    name: str
    ttl_seconds: int
    unhealthy_after: int
    entries: list[Entry]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, entry: Entry, *, served: bool) -> None:
        """Take the result of one probe: one success is enough to come back."""
        with self.lock:
            entry.failures = 0 if served else entry.failures + 1

    def addresses(self) -> list[str]:
        """The first healthy entry's address; all of them, in order, when none is healthy."""
        with self.lock:
            healthy = [entry.address for entry in self.entries if entry.failures < self.unhealthy_after]
            return healthy[:1] or [entry.address for entry in self.entries]


class Resolver(BaseResolver):  # type: ignore[misc] # dnslib has no types
    """Answers the zone's name; any other one does not exist here."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone

    def resolve(self, request: Any, handler: Any) -> Any:  # noqa: ARG002 - dnslib's signature
        """One answer."""
        reply = request.reply()
        if str(request.q.qname).rstrip(".").lower() != self.zone.name:
            reply.header.rcode = dnslib.RCODE.NXDOMAIN
        elif request.q.qtype in (dnslib.QTYPE.A, dnslib.QTYPE.ANY):
            for address in self.zone.addresses():
                reply.add_answer(dnslib.RR(request.q.qname, rdata=dnslib.A(address), ttl=self.zone.ttl_seconds))
        return reply


def serves(entry: Entry, context: ssl.SSLContext) -> bool:
    """Whether an entry says that a token was served behind it."""
    connection = http.client.HTTPSConnection(entry.address, entry.port, timeout=PROBE_SECONDS, context=context)
    try:
        connection.request("GET", READY_PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def probe_forever(zone: Zone, entry: Entry, context: ssl.SSLContext, *, interval_seconds: float) -> None:
    """Probe one entry for as long as the process lives; regions are asked side by side, so none delays another."""
    while True:
        zone.note(entry, served=serves(entry, context))
        time.sleep(interval_seconds)


def serve(zone: Zone, *, address: str, port: int) -> Sequence[DNSServer]:
    """Answer over UDP and TCP, each in a thread of its own."""
    servers = [DNSServer(Resolver(zone), address=address, port=port, tcp=tcp) for tcp in (False, True)]
    for server in servers:
        server.start_thread()
    return servers


def main() -> None:
    """Read the settings and serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    settings = json.loads(parser.parse_args().settings.read_text())
    zone = Zone(
        name=settings["name"],
        ttl_seconds=settings["ttl_seconds"],
        unhealthy_after=settings["unhealthy_after"],
        entries=[Entry(**entry) for entry in settings["entries"]],
    )
    context = ssl.create_default_context(cafile=settings["authority_file"])
    for entry in zone.entries:
        threading.Thread(
            target=probe_forever,
            args=(zone, entry, context),
            kwargs={"interval_seconds": settings["probe_interval_seconds"]},
            daemon=True,
        ).start()
    serve(zone, address=settings["address"], port=settings["port"])
    threading.Event().wait()


if __name__ == "__main__":
    main()
