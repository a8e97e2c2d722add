"""A baseline that fills its machines is placed, and replaced one by one, whatever is stopped first."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.serving.groups import replicas
from components.serving.pods import Leaves
from stacks.plan.fleet import by_zone
from tests.components.serving.building import WIRING
from tests.components.serving.specs import group, model, serving

Choose = Callable[[Sequence[int]], int]
"""Picks one of several: the scheduler, or the controller that stops a pod, as unkind as can be."""


def constraint(units: int, per_node: int) -> dict[str, Any]:
    """The spread of the base Deployment that would be made."""
    base = replace(group("base", "llama"), replicas=units * per_node, replicas_per_node=per_node)
    plain = replace(model("llama"), groups=(base,))
    made = replicas(plain, base, serving(plain), WIRING, Leaves("image", "address", "mark"))
    (found,) = made["spec"]["template"]["spec"]["topologySpreadConstraints"]
    return dict(found)


class Zones:
    """Machines of one pool, and the pods of two revisions on them; a machine is a number, its zone another."""

    def __init__(self, machines: Sequence[int], per_node: int, spread: dict[str, Any]) -> None:
        self.zone = list(machines)
        self.per_node = per_node
        self.spread = spread
        self.pods: list[tuple[int, str]] = []

    def place(self, revision: str, choose: Choose) -> bool:
        """Schedule one pod; false when no machine takes it."""
        alone = "pod-template-hash" in self.spread.get("matchLabelKeys", ())
        counted = Counter(self.zone[node] for node, which in self.pods if which == revision or not alone)
        least = min(counted[zone] for zone in set(self.zone))
        used = Counter(node for node, _ in self.pods)
        able = [
            node
            for node, zone in enumerate(self.zone)
            if used[node] < self.per_node and counted[zone] + 1 - least <= self.spread["maxSkew"]
        ]
        if able:
            self.pods.append((able[choose(able)], revision))
        return bool(able)

    def stop(self, revision: str, choose: Choose) -> None:
        """Take away one pod of a revision."""
        mine = [index for index, (_, which) in enumerate(self.pods) if which == revision]
        del self.pods[mine[choose(mine)]]


def rolled(zones: Zones, count: int, choose: Choose) -> str:
    """What goes wrong when a full pool is filled and then replaced; empty when nothing does."""
    for number in range(count):
        if not zones.place("old", choose):
            return f"pod {number} of {count} finds no place"
    for number in range(count):
        zones.stop("old", choose)
        if not zones.place("new", choose):
            return f"after {number} of {count} the next one waits for ever"
    return ""


def machines(units: int, zones: int) -> list[int]:
    return [zone for zone, count in enumerate(by_zone(units, 1, zones)) for _ in range(count)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_full_baseline_rolls_whatever_is_stopped_first(data: st.DataObject) -> None:
    units, zones, per_node = (data.draw(st.integers(1, most)) for most in (9, 4, 8))
    pool = Zones(machines(units, zones), per_node, constraint(units, per_node))
    wrong = rolled(pool, units * per_node, lambda able: data.draw(st.integers(0, len(able) - 1)))
    assert wrong == ""


UNKIND: list[tuple[str, dict[str, Any], str]] = [
    ("zones differ by one pod", {"maxSkew": 1}, "finds no place"),
    ("new pods are counted alone", {"maxSkew": 1, "matchLabelKeys": ["pod-template-hash"]}, "finds no place"),
]


@pytest.mark.parametrize(("name", "changed", "words"), UNKIND, ids=[each[0] for each in UNKIND])
def test_four_machines_in_three_zones_would_not_be_filled_by_a_narrower_spread(
    name: str, changed: dict[str, Any], words: str
) -> None:
    spread = {**constraint(4, 4), **changed}
    assert words in rolled(Zones(machines(4, 3), 4, spread), 16, lambda able: 0)


def test_counting_new_pods_alone_would_stop_a_rollout_for_ever() -> None:
    """Two full machines in two zones: the first two pods that are stopped may stand in the same one."""
    spread = {**constraint(2, 4), "maxSkew": 1, "matchLabelKeys": ["pod-template-hash"]}
    assert "waits for ever" in rolled(Zones(machines(2, 2), 4, spread), 8, twice_in_one_zone)
    kind = {each: value for each, value in spread.items() if each != "matchLabelKeys"}
    assert rolled(Zones(machines(2, 2), 4, kind), 8, twice_in_one_zone) == ""


def twice_in_one_zone(able: Sequence[int]) -> int:
    """The first pod that is stopped is the first one; of the seven left the second one, its neighbour."""
    return int(len(able) == 7)
