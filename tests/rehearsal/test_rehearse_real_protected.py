"""Under the real engine: a region that holds data does not go by a slip of the hand, and goes when it is meant to."""

from collections.abc import Iterator

import pytest

from tests.rehearsal.environments import Environment, environment
from tests.stacks.fleets import changed, shared

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

FIRST, SECOND = "aws-eu-north-1", "aws-eu-central-1"
HELD = {**shared([FIRST, SECOND]), "environment": "prod"}
WITHOUT = changed(HELD, "territories/eu/regions", [FIRST])
RETIRING = {**HELD, "rollout": {"retiring": [SECOND]}}
BUCKET, RECORD = "aws:s3/bucket:Bucket", "aws:route53/record:Record"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with environment(tmp_path_factory.mktemp("protected")) as found:
        found.up(HELD)
        yield found


def near(env: Environment) -> set[str]:
    """The regions that the territory's name leads to."""
    return {
        each.inputs["setIdentifier"]
        for each in env.world.resources("aws", RECORD)
        if each.inputs["name"].startswith("lb.")
    }


@pytest.mark.parametrize("verb", ["up", "destroy"])
def test_a_region_that_holds_data_is_not_removed(env: Environment, verb: str) -> None:
    before = {each for each in env.held() if each[0] in (BUCKET, "aws:kms/key:Key", "aws:eks/cluster:Cluster")}

    run = env.run(verb, WITHOUT)

    assert run.code != 0
    assert any("protect" in error for error in run.errors)
    assert before <= set(env.held()), "no data, no key and no cluster is gone"


def test_a_region_on_its_way_out_is_drained_and_may_go_and_the_other_one_stays_protected(env: Environment) -> None:
    env.up(RETIRING)

    assert near(env) == {FIRST}
    protected = {each["urn"] for each in env.place.state("dev") if each.get("protect")}
    owners = env.owners()
    assert {owners[urn] for urn in protected} == {FIRST}


def test_then_it_is_taken_out_and_leaves_what_clouds_keep_and_nothing_else(env: Environment) -> None:
    env.up(WITHOUT)

    assert not [name for _, name in env.held() if SECOND in name]
    assert {stone.token for stone in env.world.tombstones()} == {"aws:kms/key:Key", BUCKET}
