"""Every drill on a real stack: two regions and a second territory, four real engines, real gateways and proxies."""

import json
from typing import Any

import pytest
import yaml

from drills.catalogue import DRILLS, KEPT_GOODPUT, SERVED_AGAIN_SECONDS
from tests.drills.conftest import OWNERS
from tests.local.conftest import ROOT, Stack

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

SLACK = 3
"""A deadline that is a promise is asserted at three times its value: the machine may be busy."""

LEAST_REQUESTS, LEAST_IN_FLIGHT = 200, 8
MEMORY_MIB = 8192


def drill(stack: Stack, name: str) -> dict[str, Any]:
    result = stack.meridian("drill", name, "--stack", stack.name, "--json", timeout=800)
    assert result.stdout.startswith("{"), result.stdout + result.stderr
    found = dict(json.loads(result.stdout))
    broken = [promise["text"] for promise in found["promises"] if not (promise["kept"] or promise["is_timing"])]
    assert broken == [], json.dumps(found, indent=1)
    assert (result.returncode == 0) == found["kept"]
    assert found["summary"]["sent"] >= LEAST_REQUESTS
    assert found["summary"]["in_flight_at_fault"] >= LEAST_IN_FLIGHT
    return found


def test_the_stack_of_the_drills_serves_every_region_within_its_memory(drilled: Stack) -> None:
    rows = json.loads(drilled.done("status", drilled.name, "--json"))
    assert {row["region"] for row in rows} == set(OWNERS)
    assert all(row["health"] == "ready" for row in rows)
    assert sum(row["memory_mib"] for row in rows) < MEMORY_MIB


def test_a_killed_replica_fails_no_request_that_had_no_token(drilled: Stack) -> None:
    found = drill(drilled, "replica-loss")
    assert found["summary"]["failed_before_first_token"] == 0
    assert found["summary"]["regions_after"].keys() == {"local-north"}


def test_a_frozen_replica_is_left_out_within_the_stated_time(drilled: Stack) -> None:
    found = drill(drilled, "replica-freeze")
    assert found["figures"]["out of rotation after, s"] <= SLACK * found["figures"]["stated, s"]


def test_a_killed_gateway_keeps_clients_waiting_for_seconds_at_most(drilled: Stack) -> None:
    assert drill(drilled, "gateway-loss")["summary"]["served_again_seconds"] <= SLACK * SERVED_AGAIN_SECONDS


def test_a_killed_region_is_replaced_inside_its_territory_and_another_territory_does_not_notice(drilled: Stack) -> None:
    found = drill(drilled, "region-loss")
    assert found["summary"]["served_again_seconds"] <= SLACK * SERVED_AGAIN_SECONDS
    assert found["summary"]["regions_after"]["local-south"] > 0
    other = found["others"]["us"]
    assert other["complete"] == other["sent"] > 0


def test_ten_times_the_load_is_refused_politely_and_goodput_stays(drilled: Stack) -> None:
    found = drill(drilled, "overload")
    assert found["summary"]["refused"] > 0
    assert found["figures"]["goodput / capacity"] >= 1 - SLACK * (1 - KEPT_GOODPUT)


def test_a_rolling_change_of_the_engines_fails_no_request_and_cuts_no_stream(drilled: Stack) -> None:
    found = drill(drilled, "rolling-change")["summary"]
    assert found["complete"] == found["sent"]


def test_clients_steered_by_dns_are_served_again_once_they_resolve_again(drilled: Stack) -> None:
    content = yaml.safe_load(drilled.file.read_text())
    content["config"]["meridian:local"]["steering"] = {"provider": "dns", "ttlSeconds": 2}
    drilled.file.write_text(yaml.safe_dump(content))
    drilled.done("up", drilled.name, timeout=600)
    outputs = json.loads(drilled.done("outputs", drilled.name, "--json"))
    assert outputs["eu"]["endpoint"].startswith("https://eu.meridian.test:")
    found = json.loads(drilled.meridian("drill", "region-loss", "--stack", drilled.name, "--json", timeout=800).stdout)
    assert found["summary"]["regions_after"]["local-south"] > 0
    assert set(found["summary"]["regions_after"]) <= {"local-north", "local-south"}
    assert found["summary"]["silent"] == 0
    stated = 2 * (1 + 1) + 2  # two failed probes, a second apart and a second each, then the time to live
    assert found["summary"]["served_again_seconds"] <= SLACK * stated


def test_every_drill_is_run_here() -> None:
    text = (ROOT / "tests" / "drills" / "test_real_2_drills.py").read_text()
    assert all(f'"{name}"' in text for name in DRILLS)
