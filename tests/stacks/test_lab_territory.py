"""What drills in the lab are run on is the plan's: its nodes, its objects, its promises."""

import pytest

from stacks.lab_territory import MIN_READY_SECONDS, Territory, engine, objects, territory
from stacks.plan import survival


@pytest.fixture(scope="module")
def planned() -> Territory:
    return territory()


def test_the_promises_are_the_survival_table_counted_in_replicas(planned: Territory) -> None:
    promised, fleet = planned.promised(), planned.fleet
    each = {pool.replica_rps for pool in fleet.pools}
    assert len(each) == 1, "replicas of one speed: requests per second and replicas tell the same"
    rows = survival.rows(fleet, planned.plan.survive, planned.plan.waves)
    assert {row.event: round(row.remaining_rps / each.copy().pop()) for row in rows} == {
        event: count for event, count in promised.items() if not event.startswith("a zone")
    }


def test_every_promise_is_below_what_the_plan_runs_and_above_nothing(planned: Territory) -> None:
    whole = sum(pool.replicas for pool in planned.fleet.pools)
    assert all(0 < count < whole for count in planned.promised().values())


def test_the_nodes_are_those_that_the_plan_buys(planned: Territory) -> None:
    for region in planned.regions:
        nodes = planned.nodes(region)
        for capacity in ("on-demand", "spot"):
            bought = sum(
                pool.nodes for pool in planned.fleet.pools if (pool.region, pool.capacity) == (region, capacity)
            )
            assert sum(node.gpus > 0 and node.capacity == capacity for node in nodes) == bought > 0
        assert len({node.name for node in nodes}) == len(nodes)


def test_only_the_times_of_a_rollout_differ_from_what_is_deployed_for_real(planned: Territory) -> None:
    spec = planned.spec(planned.regions[0])
    found = {(each["kind"], each["metadata"]["name"]): each for each in objects(spec)}
    (model,) = spec.models
    for group in (each for each in model.groups if each.role != "next"):
        there = found["Deployment", engine(model, group.role).name]["spec"]
        assert there["minReadySeconds"] == MIN_READY_SECONDS
        assert there["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
        assert there["replicas"] == group.replicas
        labels = dict(pair.split("=") for pair in engine(model, group.role).selector.split(","))
        assert labels.items() <= there["template"]["metadata"]["labels"].items()
    assert ("PodDisruptionBudget", "engine") in found
