"""Every refusal says what is wrong and what would do; any input at all gives a plan or refusals."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.plan.cost import cost_of
from stacks.plan_command import plan_of
from stacks.problems import ConfigurationRefused
from tests.stacks.fleets import PROD, changed, planned, refusal, unbudgeted


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("models/llama-70b/revision", "main", "llama-70b.revision"),
        ("territories/eu/regions", ["aws-eu-west-2", "gcp-europe-west4"], "aws-eu-west-2 lies in GB, outside EU"),
        ("territories/eu/regions", ["gcp-europe-west6", "gcp-europe-west4"], "gcp-europe-west6 lies in CH, outside EU"),
        (
            "territories/us/regions",
            ["aws-ap-southeast-2", "aws-us-east-1"],
            "aws-ap-southeast-2 lies in AU, outside US",
        ),
        ("territories/eu/regions", ["aws-eu-nord-1", "gcp-europe-west4"], "did you mean aws-eu-north-1"),
        ("territories/eu/regions", ["aws-eu-north-1"], "one region cannot survive the loss of a region"),
        ("models/llama-70b/slo", {"ttftP95Ms": 2000, "tpotP95Ms": 0.5}, "slo.tpotP95Ms: 0.5 ms is less than"),
        ("models/llama-70b/slo", {"ttftP95Ms": 5, "tpotP95Ms": 50}, "slo.ttftP95Ms: 5 ms is less than"),
        ("models/llama-70b/slo", {"ttftP95Ms": 5, "tpotP95Ms": 50}, "on 8 x h200 (the physical limit"),
        ("models/llama-70b/source", "meta-llama/Llama-9", "known model shape is meta-llama/Llama-9"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 0, "greater than or equal"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 1e9, "less than or equal"),
        ("models/llama-70b/demand/eu/requestsPerSecond", 1e5, "more machines than a pool can have"),
        ("models/llama-70b/demand/eu/promptTokens", {"p50": 9, "p95": 3}, "p95 (3) is below p50 (9)"),
        ("capacity/monthlyBudgetUsd", 100, "the budget is $100"),
        ("capacity/gpus", ["h1000"], "did you mean h100"),
        ("tenants/acme/models", ["llama-7b"], "there is no model named 'llama-7b'"),
        ("tenants/acme/territory", "ue", "there is no territory named 'ue'"),
        ("image/digest", "latest", "meridian:image.digest"),
        ("network", {"fixedCidr": {"aws-eu-north-1": "10.1.0.0/16", "gcp-europe-west4": "10.1.128.0/17"}}, "overlap"),
        ("network", {"fixedCidr": {"aws-eu-north-1": "10.1.0.1/16"}}, "host bits set"),
        ("steering/ttlSeconds", 3600, "fail-over takes"),
        ("lanes", {"chat": {"maxOutputTokens": 8192}}, "shorter than the longest answer"),
        ("rollout", {"waves": [["aws-us-west-2"]]}, "is a region of no territory"),
        ("capacity", ..., "meridian:capacity: is missing"),
    ],
)
def test_bad_input_is_refused_and_the_text_teaches(path: str, value: Any, says: str) -> None:
    assert says in refusal(changed(PROD, path, value))


def test_a_model_that_fits_no_allowed_layout_is_refused_with_the_room_it_needs() -> None:
    values = changed(PROD, "models/llama-70b/source", "meta-llama/Llama-3.1-405B-Instruct")
    values["models"]["llama-70b"]["precision"] = "bf16"
    values["capacity"]["gpus"] = ["h100-nvl"]
    assert "KV cache tokens is 0, must be at least" in refusal(values)


def test_the_time_that_a_refused_slo_is_told_is_one_that_some_gpu_reaches() -> None:
    """What is advised is asked again, and refused no more for that reason."""
    slow = {"ttftP95Ms": 5000, "tpotP95Ms": 100}
    everywhere = changed(PROD, "capacity/monthlyBudgetUsd", 1)
    for key, name in (("ttftP95Ms", "ttft"), ("tpotP95Ms", "tpot")):
        said = refusal(changed(everywhere, "models/llama-70b/slo", slow | {key: 1}))
        advised = re.search(rf"slo.{name}P95Ms.*?fix: write ([0-9.]+) or more", said, re.DOTALL)
        assert advised
        enough = float(advised[1])
        asked = changed(everywhere, "models/llama-70b/slo", slow | {key: int(enough) if name == "ttft" else enough})
        assert f"slo.{name}P95Ms" not in refusal(asked)
        less = int(enough * 0.98) if name == "ttft" else enough * 0.98
        assert f"slo.{name}P95Ms" in refusal(changed(everywhere, "models/llama-70b/slo", slow | {key: less}))


def test_a_plan_over_budget_is_told_changes_that_do_fit() -> None:
    full = cost_of(planned(PROD)).total
    budget = round(full * 0.9)
    said = refusal(changed(PROD, "capacity/monthlyBudgetUsd", budget))
    assert f"the plan costs ${full:,.0f} a month, the budget is ${budget:,}" in said
    told = [float(text.replace(",", "")) for text in re.findall(r"\(\$([0-9,]+) a month\)", said)]
    assert told and told == sorted(told, reverse=True) and told[0] <= budget
    assert "take `region` out of capacity.survive" in said
    fits = changed(changed(PROD, "capacity/survive", ["spot"]), "capacity/monthlyBudgetUsd", budget)
    assert round(cost_of(planned(fits)).total) in told


def test_all_that_is_wrong_is_told_at_once() -> None:
    values = changed(PROD, "territories/eu/regions", ["aws-eu-west-2"])
    values["capacity"]["gpus"] = ["h1000"]
    values["rollout"] = {}
    said = refusal(values)
    assert said.startswith("3 problems")
    for part in ("outside EU", "one region cannot survive", "no GPU of the catalogue"):
        assert part in said


def test_a_fleet_of_batch_alone_is_planned_and_may_use_any_spot() -> None:
    values = unbudgeted(changed(PROD, "lanes", {"batch": {}}))
    for tenant in values["tenants"].values():
        tenant["lanes"] = ["batch"]
    pools = [pool for fleet in planned(values).models for pool in fleet.pools]
    assert {pool.region.partition("-")[0] for pool in pools if pool.capacity == "spot"} > {"aws"}


def test_availability_that_is_unknown_can_be_vouched_for_and_a_no_cannot() -> None:
    values = unbudgeted(changed(PROD, "territories/eu/regions", ["aws-eu-west-1", "gcp-europe-west4"]))
    values["rollout"] = {}
    assert "availability in the region is unknown" in refusal(values)
    assert "p5.48xlarge" in {
        p.machine
        for f in planned(changed(values, "capacity/assumeAvailable", ["aws-eu-west-1/p5.48xlarge"])).models
        for p in f.pools
    }
    no = changed(values, "capacity/assumeAvailable", ["gcp-europe-west6/a3-highgpu-8g"])
    assert "h100 is offered in" in refusal(no)


def paths_of(value: Any, at: str = "") -> list[str]:
    if not isinstance(value, dict):
        return [at]
    return (
        [at, *(path for key in value for path in paths_of(value[key], f"{at}/{key}"))]
        if at
        else [path for key in value for path in paths_of(value[key], key)]
    )


words = st.text(max_size=8) | st.sampled_from(["region", "spot", "eu", "llama-70b", "h100", "aws-eu-north-1", "1e400"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.integers(), inner, max_size=3),
    max_leaves=6,
)


def plan_or_refusals(text: str, folder: Path) -> None:
    """What the command does with a file of this text; anything else than these two fails the test."""
    file = folder / "Pulumi.any.yaml"
    file.write_text(text)
    try:
        plan_of(file)
    except ConfigurationRefused as refused:
        assert refused.problems
        assert all(problem.what and problem.why and problem.fix for problem in refused.problems)


def stack_file(values: Any) -> str:
    return yaml.safe_dump({"config": values}, allow_unicode=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stacks")


@settings(max_examples=120, deadline=None)
@given(path=st.sampled_from(paths_of(PROD)), value=json_values)
def test_any_value_anywhere_gives_a_plan_or_refusals_and_never_a_traceback(folder: Path, path: str, value: Any) -> None:
    plan_or_refusals(stack_file(changed(PROD, path, value)), folder)


@settings(max_examples=60, deadline=None)
@given(first=st.sampled_from(paths_of(PROD)), second=st.sampled_from(paths_of(PROD)), drop=st.booleans())
def test_values_in_each_others_places_or_left_out_give_a_plan_or_refusals(
    folder: Path, first: str, second: str, drop: bool
) -> None:
    moved = PROD
    for part in second.split("/"):
        moved = moved[part]
    plan_or_refusals(stack_file(changed(PROD, first, ... if drop else moved)), folder)


@settings(max_examples=60, deadline=None)
@given(value=json_values)
def test_any_mapping_at_all_gives_a_plan_or_refusals(folder: Path, value: Any) -> None:
    plan_or_refusals(stack_file(value), folder)


@settings(max_examples=80, deadline=None)
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60))
def test_any_text_at_all_gives_a_plan_or_refusals(folder: Path, text: str) -> None:
    plan_or_refusals(text, folder)


@pytest.mark.parametrize(
    "text",
    [
        "config: {? [1, 2] : 3}",
        "config: &a {meridian:models: *a}",
        "config: &a [*a]",
        "config: {meridian:models: !!binary aGVsbG8=}",
        "config: {meridian:territories: !!set {eu, us}}",
        "config: {1: 2, 2026-11-25: 3}",
        "config: !!python/object:os.system {}",
        "- config",
        "config:\n\tmeridian:models: {}",
        "%YAML 9.9\n---\nconfig: {}",
        "\x00",
    ],
)
def test_yaml_that_is_odd_is_refused(folder: Path, text: str) -> None:
    file = folder / "Pulumi.odd.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationRefused):
        plan_of(file)
