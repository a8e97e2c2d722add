"""What preflight needs of a plan, which quota a machine counts against, and what a person sees."""

import json
import os
import socket
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from dnslib.server import DNSServer
from dnslib.zoneresolver import ZoneResolver

from components.ground_specs import CapacityType, PoolRole, PoolSpec
from stacks import configfile
from stacks.catalog import catalogue
from stacks.catalog.vcpus import vcpus
from stacks.config import parse
from stacks.plan.fleet import make_fleet
from stacks.plan.sizing import size
from stacks.preflight import command
from stacks.preflight.model import Check, needs, needs_of_ground, passed
from stacks.preflight.network import name_servers, reachable
from stacks.preflight.quotas import quota_of
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
    need = needs_of_ground(replace(GROUND, pools=pools), "prod")
    assert (need.name, need.location, need.zones) == ("aws-eu-north-1", "eu-north-1", ("eu-north-1a", "eu-north-1b"))
    assert [(each.machine, each.nodes, each.reservation) for each in need.pools] == [
        ("m6i.xlarge", 3, None),
        ("p5.48xlarge", 3, "cr-1"),
    ]


def test_the_plan_of_prod_asks_for_every_gpu_pool_on_aws() -> None:
    fleet = make_fleet(parse(configfile.read(ROOT / "Pulumi.prod.yaml")), catalogue(), size, date(2026, 11, 25))
    found = needs(fleet, "aws", {"aws-us-east-1": ("us-east-1a",)})
    assert [each.name for each in found] == sorted(each.name for each in fleet.regions if each.cloud == "aws")
    pools = [pool for model in fleet.models for pool in model.pools if pool.region.startswith("aws-")]
    assert sum(pool.nodes for need in found for pool in need.pools) == sum(pool.nodes for pool in pools) > 0
    assert {need.zones for need in found} == {(), ("us-east-1a",)}


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
