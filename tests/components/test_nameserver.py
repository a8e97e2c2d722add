"""The name server of a territory: answers follow the probes, and never name another territory's entry."""

import itertools
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.local import nameserver, ports
from components.local.certificates import Pair
from components.local.nameserver import Entry, Zone
from components.local.process import NAME_SCHEME, answers_the_name
from tests.components.conftest import ENGINE_NAME, FakeEngine, serving

NAME = "eu.meridian.test"


def zone(count: int = 3) -> Zone:
    return Zone(
        name=NAME,
        ttl_seconds=5,
        unhealthy_after=2,
        entries=[Entry(f"local-{number}", f"127.7.7.{number}", 8443) for number in range(1, count + 1)],
    )


@pytest.mark.parametrize("dead", list(itertools.product([False, True], repeat=3)))
def test_the_first_healthy_entry_answers_and_with_none_all_of_the_territorys_own(dead: tuple[bool, ...]) -> None:
    here = zone()
    for entry, is_dead in zip(here.entries, dead, strict=True):
        for _ in range(here.unhealthy_after):
            here.note(entry, served=not is_dead)
    alive = [entry.address for entry, is_dead in zip(here.entries, dead, strict=True) if not is_dead]
    assert here.addresses() == (alive[:1] or [entry.address for entry in here.entries])


@given(st.lists(st.booleans()))
def test_an_entry_is_left_out_exactly_when_its_last_probes_all_failed(results: list[bool]) -> None:
    here = zone(2)
    for served in results:
        here.note(here.entries[0], served=served)
    out = results[-here.unhealthy_after :] == [False] * here.unhealthy_after
    assert here.addresses() == ["127.7.7.2" if out else "127.7.7.1"]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[tuple[Zone, int]]:
    here = zone(2)
    port = ports.choose({"entry": 25353}, fixed=False, registry=tmp_path / "p.json", owner="t")["entry"]
    servers = nameserver.serve(here, address=ports.LOOPBACK, port=port)
    yield here, port
    for server in servers:
        server.stop()
        server.server.server_close()


def ask(name: str, port: int, kind: str = "A", *, tcp: bool = False) -> dnslib.DNSRecord:
    question = dnslib.DNSRecord.question(name, kind)
    return dnslib.DNSRecord.parse(question.send(ports.LOOPBACK, port, tcp=tcp, timeout=5))


def test_answers_carry_the_address_and_the_time_to_live_over_udp_and_tcp(answering: tuple[Zone, int]) -> None:
    here, port = answering
    for tcp in (False, True):
        (record,) = ask(NAME, port, tcp=tcp).rr
        assert (str(record.rdata), record.ttl) == ("127.7.7.1", here.ttl_seconds)
    assert answers_the_name(f"{NAME_SCHEME}{ports.LOOPBACK}:{port}/{NAME}")


def test_another_name_does_not_exist_and_another_type_has_no_answer(answering: tuple[Zone, int]) -> None:
    _, port = answering
    other = ask("us.meridian.test", port)
    assert (other.header.rcode, other.rr) == (dnslib.RCODE.NXDOMAIN, [])
    none = ask(NAME, port, "AAAA")
    assert (none.header.rcode, none.rr) == (dnslib.RCODE.NOERROR, [])
    assert not answers_the_name(f"{NAME_SCHEME}{ports.LOOPBACK}:{port}/us.meridian.test")


def test_a_probe_believes_only_a_trusted_entry_that_is_ready(authority: Pair, tmp_path: Path) -> None:
    trusting = ssl.create_default_context(cadata=authority.certificate)
    trusting.check_hostname = False  # the fake engine's certificate names an engine, not an entry
    with serving(FakeEngine("one"), authority, tmp_path) as engine:
        entry = Entry("local-1", ports.LOOPBACK, engine.port)
        assert nameserver.serves(entry, trusting)
        assert not nameserver.serves(entry, ssl.create_default_context()), ENGINE_NAME
        engine.status = 503
        assert not nameserver.serves(entry, trusting)
    began = time.monotonic()
    assert not nameserver.serves(entry, trusting)
    assert time.monotonic() - began < 3 * nameserver.PROBE_SECONDS
