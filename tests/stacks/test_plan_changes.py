"""What a new plan makes, replaces and removes is told before anybody runs `up`."""

from typing import Any

import pytest

from stacks.plan.changes import changes
from tests.stacks.fleets import DEV, changed, planned

BEFORE = changed(DEV, "capacity/monthlyBudgetUsd", 1e6)
MODEL = DEV["models"]["llama-8b"]
REGIONS = ["aws-eu-north-1", "aws-eu-central-1"]


def renamed() -> dict[str, Any]:
    return {
        **BEFORE,
        "models": {"llama-next": MODEL},
        "tenants": {"team": {"territory": "eu", "models": ["llama-next"]}},
    }


CASES = {
    "the same": (BEFORE, []),
    "another tenant": ({**BEFORE, "tenants": {"crew": DEV["tenants"]["team"]}}, []),
    "another name of a model": (
        renamed(),
        [
            "model llama-8b goes",
            "model llama-next is made",
            "a renamed model is another model",
            "pool aws-eu-north-1-llama-8b-base goes",
            "pool aws-eu-north-1-llama-next-base is made",
        ],
    ),
    "another GPU": (
        changed(BEFORE, "capacity/gpus", ["l40s"]),
        ["pool aws-eu-north-1-llama-8b-base is replaced: 2 x g6.xlarge"],
    ),
    "more demand": (
        changed(BEFORE, "models/llama-8b/demand/eu/requestsPerSecond", 0.4),
        ["has 3 nodes instead of 2; none is replaced"],
    ),
    "one more region": (
        changed(BEFORE, "territories/eu/regions", REGIONS),
        ["region aws-eu-central-1 is made", "has 1 nodes instead of 2", "pool aws-eu-central-1-llama-8b-base is made"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_change_is_told_and_nothing_else(name: str) -> None:
    after, wanted = CASES[name]
    found = changes(planned(BEFORE), planned(after))
    assert len(found) == len(wanted)
    for said, words in zip(found, wanted, strict=True):
        assert words in said


def test_a_region_that_goes_is_told_with_how_to_let_it_go() -> None:
    found = changes(planned(changed(BEFORE, "territories/eu/regions", REGIONS)), planned(BEFORE))
    assert "region aws-eu-central-1 goes, with the data it holds" in found[0]
    assert "meridian:rollout.retiring: [aws-eu-central-1]" in found[0]
