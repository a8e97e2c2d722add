"""A change reaches one region of a territory at a time, the first one last."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stacks.config import parse
from stacks.plan import Plan, make_plan
from stacks.waves import arguments, held_back
from tests.stacks.test_plan import BASE


def planned(eu: int, us: int) -> Plan:
    values: dict[str, Any] = copy.deepcopy(BASE)
    values["territories"]["eu"]["regions"] = [f"local-eu{number}" for number in range(eu)]
    values["territories"]["us"]["regions"] = [f"local-us{number}" for number in range(us)]
    return make_plan(parse(values))


def touched_per_wave(plan: Plan) -> list[set[str]]:
    """The regions whose processes a wave may change and no earlier wave did."""
    every = {region.name: {one.name for one in region.replicas} for t in plan.territories for region in t.regions}
    waves, seen = [], set[str]()
    for held in [*held_back(plan), []]:
        free = {name for name, replicas in every.items() if not replicas & set(held)}
        waves.append(free - seen)
        seen |= free
    return waves


@given(st.integers(1, 5), st.integers(1, 5))
def test_every_wave_changes_at_most_one_region_of_a_territory_and_the_last_leaves_none(eu: int, us: int) -> None:
    plan = planned(eu, us)
    waves = touched_per_wave(plan)
    assert set().union(*waves) == {region.name for t in plan.territories for region in t.regions}
    for territory in plan.territories:
        names = [region.name for region in territory.regions]
        order = [name for wave in waves for name in names if name in wave]
        assert all(len(wave & set(names)) <= 1 for wave in waves)
        assert order == names[::-1]


def test_a_stack_with_one_region_each_has_one_wave() -> None:
    assert held_back(planned(1, 1)) == []


def test_what_is_held_back_is_named_to_the_engine_with_what_depends_on_it() -> None:
    assert arguments(["a", "b"]) == ["--exclude", "**::a", "--exclude", "**::b", "--exclude-dependents"]
