"""What preflight needs of a plan, which quota a machine counts against, and what a person sees."""

import json
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dnslib.server import DNSServer
from dnslib.zoneresolver import ZoneResolver

from components.ground_specs import CapacityType, PoolRole, PoolSpec
from stacks.catalog import catalogue
from stacks.catalog.vcpus import vcpus
from stacks.preflight import command
from stacks.preflight.model import Check, needs_of_ground, passed
from stacks.preflight.network import name_servers, reachable
from stacks.preflight.quotas import quota_of
from stacks.problems import ConfigurationRefused
from tests.components.aws_entry import GROUND

ROOT = Path(__file__).parents[2]
NAMES = (
    "Running On-Demand G and VT instances",
    "Running On-Demand P instances",
    "Running On-Demand High Memory instances",
    "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    "All G and VT Spot Instance Requests",
    "All P4, P3 and P2 Spot Instance Requests",
    "All P5 Spot Instance Requests",
    "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    "EC2-VPC Elastic IPs",
)
"""As Service Quotas names them: general knowledge, 2026-11, not re-read."""


@pytest.mark.parametrize(
    ("machine", "capacity", "name"),
    [
        ("g6e.12xlarge", "on-demand", "Running On-Demand G and VT instances"),
        ("gr6.4xlarge", "spot", "All G and VT Spot Instance Requests"),
        ("p5en.48xlarge", "on-demand", "Running On-Demand P instances"),
        ("p5en.48xlarge", "spot", "All P5 Spot Instance Requests"),
        ("p4d.24xlarge", "spot", "All P4, P3 and P2 Spot Instance Requests"),
        ("p6-b200.48xlarge", "on-demand", "Running On-Demand P instances"),
        ("p6-b200.48xlarge", "spot", None),
        ("t3.medium", "on-demand", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
        ("m7i.xlarge", "on-demand", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
        ("24xlarge", "on-demand", None),
    ],
)
def test_a_machine_counts_against_the_quota_of_its_family(machine: str, capacity: str, name: str | None) -> None:
    assert quota_of(machine, capacity, NAMES) == name


def test_every_aws_machine_of_the_catalogue_has_its_virtual_cpus() -> None:
    machines = {key for key in catalogue().machines if key[0] == "aws"}
    assert machines < set(vcpus())
    assert vcpus()["aws", "m6i.xlarge"] == 4


def test_a_grounds_pools_count_at_their_most_with_system_nodes_and_reservations() -> None:
    def pool(name: str, role: PoolRole, machines: tuple[str, ...], reservation: str | None = None) -> PoolSpec:
        capacity: CapacityType = "reserved" if reservation else "on-demand"
        return PoolSpec(name, role, None, machines, capacity, reservation, ("a",), 1, 1, 3, 0, False, 100)

    pools = (pool("system", "system", ("m6i.xlarge",)), pool("gpu", "gpu", ("p5.48xlarge", "p5e.48xlarge"), "cr-1"))
    need = needs_of_ground(replace(GROUND, pools=pools), "sha256:1")
    assert (need.name, need.location, need.zones) == ("aws-eu-north-1", "eu-north-1", ("eu-north-1a", "eu-north-1b"))
    assert [(each.machine, each.nodes, each.reservation) for each in need.pools] == [
        ("m6i.xlarge", 3, None),
        ("p5.48xlarge", 3, "cr-1"),
    ]
    assert (need.cluster, need.version, need.existing) == ("meridian-prod-eu-north-1", "1.34", False)
    assert need.digests == {"meridian-prod/serving": "sha256:1"}
    assert set(need.digests) < set(need.repositories)


def test_the_command_asks_for_every_pool_of_every_ground_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def no_checks(clients: Any, regions: Any, **asked: Any) -> list[Check]:
        seen.update(asked, regions=regions)
        return []

    monkeypatch.setattr("stacks.preflight.aws.all_checks", no_checks)
    assert command.preflight("prod", account=None, json=True)
    assert seen["account"] == "123456789012"
    assert [each.name for each in seen["regions"]] == ["aws-eu-north-1", "aws-us-east-1"]
    for need in seen["regions"]:
        assert {"system", "gateway"} < {pool.name for pool in need.pools}
        assert len(need.zones) == 3
        assert need.cluster == f"meridian-prod-{need.location}"


def test_another_account_than_the_configurations_is_refused() -> None:
    with pytest.raises(ConfigurationRefused, match="999999999999 is not the configuration's 123456789012"):
        command.preflight("prod", account="999999999999", json=True)


def test_what_could_not_be_asked_blocks_like_what_failed() -> None:
    good = Check("account", "identity", "ok", "", "")
    assert passed([good])
    assert not passed([good, Check("x", "y", "unknown", "", "")])
    assert not passed([good, Check("x", "y", "failed", "", "")])


def test_a_table_tells_every_check_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    command.table([Check("aws-x", "quota [P]", "failed", "too small", "Ask for more."), Check("a", "b", "ok", "c", "")])
    printed = capsys.readouterr().out
    for word in ("failed", "aws-x", "quota [P]", "too small", "Ask for more.", "ok"):
        assert word in printed


def test_a_port_that_nobody_listens_on_is_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert reachable("127.0.0.1", port)
    assert not reachable("127.0.0.1", port)


def test_the_name_servers_of_a_domain_are_those_that_the_resolver_tells() -> None:
    records = ("NS ns-1.awsdns-1.org.", "NS ns-2.awsdns-2.com.", "A 192.0.2.1")
    zone = "\n".join(f"example.com. 60 IN {record}" for record in records)
    server = DNSServer(ZoneResolver(zone), port=0, address="127.0.0.1")
    server.start_thread()
    try:
        resolver = ("127.0.0.1", server.server.server_address[1])
        assert set(name_servers("example.com", resolver)) == {"ns-1.awsdns-1.org.", "ns-2.awsdns-2.com."}
        assert name_servers("elsewhere.example", resolver) == ()
    finally:
        server.stop()
        server.server.server_close()


def test_a_resolver_that_says_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stacks.preflight.network.PATIENCE_SECONDS", 0.1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(OSError):
            name_servers("example.com", silent.getsockname())


def meridian(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # Neither the caller's credentials nor those of a machine in the cloud.
    alone = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        ["./meridian", "preflight", *arguments],
        cwd=ROOT,
        env={**own, **alone},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_without_credentials_it_says_so_and_ends_with_1(tmp_path: Path) -> None:
    done = meridian(tmp_path, "prod", "--json")
    assert done.returncode == 1
    [check] = json.loads(done.stdout)
    assert (check["where"], check["state"]) == ("account", "unknown")
    assert "no AWS credentials" in check["detail"]
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("local",), "runs on this machine"), (("prod", "--account", "12"), "write its 12 digits")],
)
def test_what_cannot_be_asked_is_refused_with_2(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    done = meridian(tmp_path, *arguments)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
