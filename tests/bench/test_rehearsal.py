"""The bench of rehearsals: its bare program says the same as the example, and its ratios are of one round each."""

from importlib.util import find_spec

import pytest

from bench.rehearsal import FORMS, STEPS, _flat, _module, example, summary


@pytest.mark.parametrize(
    "token",
    [
        "aws:ec2/vpc:Vpc",
        "gcp:container/cluster:Cluster",
        "azure-native:network:VirtualNetwork",
        "kubernetes:core/v1:Namespace",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
    ],
)
def test_a_type_is_found_in_a_module_of_its_sdk(token: str) -> None:
    assert find_spec(_module(token)) is not None


def test_a_flat_resource_keeps_inputs_provider_and_dependencies_and_nothing_of_the_engines_own() -> None:
    kept = {"urn": "u::name", "type": "a:b:C", "inputs": {"x": 1, "__defaults": []}, "provider": "p::aws::id"}

    flat = _flat({**kept, "dependencies": ["d"], "outputs": {"y": 2}})

    assert flat["inputs"] == {"x": 1}
    assert (flat["name"], flat["provider"], flat["dependencies"]) == ("name", "p::aws", ["d"])


def test_the_example_grows_by_regions_that_are_all_different() -> None:
    (regions,) = example(44).config["example:territories"].values()

    assert len(set(regions)) == 44


def test_a_ratio_is_taken_within_each_round() -> None:
    def one(seconds: float) -> dict[str, dict[str, float]]:
        return {step: {"seconds": seconds} for step, _ in STEPS}

    rounds = [dict(zip(FORMS, (one(2 * base), one(base), one(base)), strict=True)) for base in (1.0, 10.0)]

    found = summary(rounds)["ratio"]

    assert found["structure"]["up"] == {"median": 2.0, "low": 2.0, "high": 2.0}
    assert found["standIns"]["up"]["median"] == 1.0
