"""The two questions that do not go to a cloud's API: the public DNS, and whether a port can be reached."""

import contextlib
import socket
from pathlib import Path

from dnslib import QTYPE, DNSError, DNSRecord

PATIENCE_SECONDS = 5.0
DNS_PORT = 53
RESOLVERS = Path("/etc/resolv.conf")


def name_servers(domain: str, resolver: tuple[str, int] | None = None) -> tuple[str, ...]:
    """Ask a resolver, by default this machine's, for the name servers of a domain; OSError when it does not answer."""
    question = DNSRecord.question(domain, "NS")
    host, port = resolver or (_resolver(), DNS_PORT)
    try:
        answer = DNSRecord.parse(question.send(host, port, timeout=PATIENCE_SECONDS))
    except DNSError as error:
        message = f"an answer that cannot be read: {error}"
        raise OSError(message) from None
    return tuple(str(record.rdata) for record in answer.rr if record.rtype == QTYPE.NS)


def reachable(host: str, port: int) -> bool:
    """Whether a TCP connection can be made within five seconds."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=PATIENCE_SECONDS):
        return True
    return False


def _resolver() -> str:
    for line in RESOLVERS.read_text().splitlines():
        words = line.split()
        if words[:1] == ["nameserver"] and len(words) > 1:
            return words[1]
    message = f"{RESOLVERS} names no nameserver"
    raise OSError(message)
