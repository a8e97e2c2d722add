"""Under the real engine: what a change of the configuration may touch, told by the engine's own events."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rehearsal.rehearsing import Change, Run
from stacks.catalog import catalogue
from stacks.config import parse
from stacks.plan.fleet import make_fleet
from stacks.plan.ground import ground
from stacks.plan.sizing import size
from tests.rehearsal.environments import Environment, environment
from tests.stacks.fleets import DEV, shared

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

FIRST, SECOND = "aws-eu-north-1", "aws-eu-central-1"
ONE, TWO = shared([FIRST]), shared([FIRST, SECOND])
GROUP = "aws:eks/nodeGroup:NodeGroup"
STEERING = "eu-steering"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with environment(tmp_path_factory.mktemp("regions")) as found:
        yield found


def kind(urn: str) -> str:
    """The type of a resource."""
    return urn.split("::")[-2].rpartition("$")[2]


def on_aws(run: Run) -> list[Change]:
    """What a run changed there."""
    return [change for change in run.changes if kind(change.urn).startswith("aws:")]


def touched(run: Run, owners: dict[str, str]) -> set[str]:
    """Whose resources on AWS a run changed, apart from the numbers of nodes that the plan itself changed. By how many
    replicas a region serves is the plan's as well."""
    changed_by_plan = {f"{FIRST}-{pool}" for pool in resized()}
    nodes = {change.urn for change in on_aws(run) if change.urn.rpartition("::")[2] in changed_by_plan}
    assert all(urn.split("::")[-2].endswith(GROUP) for urn in nodes)
    assert {change.operation for change in run.changes if change.urn in nodes} <= {"update"}
    return {owners[change.urn] for change in on_aws(run) if change.urn not in nodes}


def resized() -> set[str]:
    """Pools of the first region that need other numbers of nodes beside the second one; nothing else of it differs."""
    configs = [parse(each) for each in (ONE, TWO)]
    alone, beside = (ground(FIRST, each, make_fleet(each, catalogue(), size), catalogue()) for each in configs)
    assert replace(alone, pools=beside.pools) == beside
    assert [each.name for each in alone.pools] == [each.name for each in beside.pools]
    return {each.name for each, other in zip(alone.pools, beside.pools, strict=True) if each != other}


def test_a_region_comes_up_with_the_names_and_the_steering_of_its_territory(env: Environment) -> None:
    env.up(ONE)

    assert set(env.owners().values()) >= {FIRST, STEERING, "eu-names"}


def test_another_region_touches_its_own_resources_and_the_steerings_records_alone(env: Environment) -> None:
    run = env.up(TWO)

    assert touched(run, env.owners()) == {SECOND, STEERING}
    assert resized() == {"llama-8b-base"}, "gateways and controllers stay as many as they were"
    assert {change.operation for change in on_aws(run)} == {"create", "update"}


def test_what_an_autoscaler_did_survives_changes_beside_it(env: Environment) -> None:
    scaled = [each for each in env.world.resources("aws", GROUP) if each.urn.endswith("-gateway")]
    for each in scaled:
        env.world.edit(each, scalingConfig={**each.inputs["scalingConfig"], "desiredSize": 5, "maxSize": 9})

    run = env.up({**TWO, "tags": {"owner": "research"}}, "--refresh")

    assert any(change.operation == "update" and GROUP in change.urn for change in run.changes), "maxSize was healed"
    sizes = [env.world.find(each.id).inputs["scalingConfig"] for each in scaled]
    assert [(each["desiredSize"], each["maxSize"]) for each in sizes] == [(5, 6), (5, 6)]


def test_a_renamed_tenant_is_another_secret_and_nothing_else_of_the_ground(env: Environment) -> None:
    renamed = {**TWO, "tenants": {"crew": DEV["tenants"]["team"]}, "tags": {"owner": "research"}}

    assert {kind(change.urn).rpartition(":")[2] for change in on_aws(env.up(renamed))} == {"Secret", "SecretVersion"}


def test_a_region_that_goes_takes_its_own_resources_and_the_steerings_records_alone(env: Environment) -> None:
    env.up({**TWO, "tags": {"owner": "research"}})
    before = env.owners()

    run = env.up({**ONE, "tags": {"owner": "research"}})

    assert touched(run, before) == {SECOND, STEERING}
    gone = {urn for urn, owner in before.items() if owner == SECOND and not kind(urn).startswith("meridian:")}
    assert gone <= {change.urn for change in run.changes if change.operation == "delete"}
    assert not [name for _, name in env.held() if SECOND in name]


def test_a_run_that_dies_half_way_is_gone_on_with_and_nothing_is_there_twice(env: Environment) -> None:
    env.up({**TWO, "tags": {"owner": "research"}})
    whole = env.held()
    env.up({**ONE, "tags": {"owner": "research"}})
    env.failures.write_text(
        json.dumps([{"kind": "fail", "method": "create", "token": "aws:eks/addon:Addon", "place": "eu-central-1"}])
    )

    broken = env.run("up", {**TWO, "tags": {"owner": "research"}})

    assert broken.code != 0
    half = env.held()
    assert any(SECOND in name for _, name in half)
    assert len(half) < len(whole)
    env.failures.unlink()
    env.up({**TWO, "tags": {"owner": "research"}})
    assert env.held() == whole
    assert [each for each in env.place.resources("dev") if each[0].startswith(("aws:", "kubernetes:"))] == whole


def test_a_renamed_model_makes_its_nodes_anew_and_nothing_else(env: Environment) -> None:
    model: dict[str, Any] = TWO["models"]["llama-8b"]
    renamed = {
        **TWO,
        "models": {"llama-next": model},
        "tenants": {"team": {"territory": "eu", "models": ["llama-next"]}},
    }

    run = env.up({**renamed, "tags": {"owner": "research"}})

    names = {change.operation: set() for change in on_aws(run)}
    for change in on_aws(run):
        names[change.operation].add(change.urn.rpartition("::")[2])
    assert names.keys() == {"create", "delete"}
    assert all("llama-next" in name for name in names["create"])
    assert all("llama-8b" in name for name in names["delete"])
    kinds = {kind(change.urn) for change in on_aws(run)}
    assert kinds <= {
        *(GROUP, "aws:ec2/launchTemplate:LaunchTemplate", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"),
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    }
