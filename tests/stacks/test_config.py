"""The configuration: closed, typed, and every problem told at once so that it teaches."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks import configfile
from stacks.config import parse
from stacks.plan import make_plan
from stacks.problems import ConfigurationRefused

ROOT = Path(__file__).parents[2]
GOOD: dict[str, Any] = configfile.read(ROOT / "Pulumi.local.yaml")


def changed(path: str, value: Any) -> dict[str, Any]:
    """The committed local configuration with one value put in, or taken out when it is `...`."""
    values = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    inner = values
    for part in parents:
        inner = inner.setdefault(part, {})
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return values


def problems(values: dict[str, Any]) -> dict[str, str]:
    """Problems by place, each as one text."""
    with pytest.raises(ConfigurationRefused) as refused:
        make_plan(parse(values))
    return {problem.where: f"{problem.what} | {problem.why} | {problem.fix}" for problem in refused.value.problems}


def test_the_committed_local_stack_is_accepted() -> None:
    assert parse(GOOD).territories["eu"].regions == ("local-north", "local-south")


@pytest.mark.parametrize(
    ("path", "value", "where", "says"),
    [
        ("teritories", {}, "meridian:teritories", "did you mean `territories`?"),
        ("tenants.demo.teritory", "eu", "meridian:tenants.demo.teritory", "did you mean `territory`?"),
        (
            "models.tiny-llama.engine.maxModelLength",
            1,
            "meridian:models.tiny-llama.engine.maxModelLength",
            "`maxModelLen`",
        ),
        ("territories.eu.regions", [], "meridian:territories.eu.regions", "nothing to serve"),
        ("territories.eu.regions", ..., "meridian:territories.eu.regions", "add `regions`"),
        ("territories.eu.regions", "local-north", "meridian:territories.eu.regions", "a list"),
        (
            "models.tiny-llama.engine",
            {"maxModelLen": "many"},
            "meridian:models.tiny-llama.engine.maxModelLen",
            "integer",
        ),
        ("models.tiny-llama.engine", {"maxModelLen": 1}, "meridian:models.tiny-llama.engine.maxModelLen", "256"),
        ("territories.eu.regions", ["mars-north"], "meridian:territories.eu.regions", "local-"),
        ("tenants.demo.territory", "us", "meridian:tenants.demo.territory", "write one of: eu"),
        ("tenants.demo.models", ["gpt"], "meridian:tenants.demo.models", "write one of: tiny-llama"),
        ("lanes", {"fast": {}}, "meridian:lanes.fast", "write 'chat'"),
        ("tenants.demo.key", "short", "meridian:tenants.demo.key", "at least 20"),
        ("tenants.Demo_1", {"territory": "eu", "models": ["tiny-llama"]}, "meridian:tenants.Demo_1", "lower-case"),
        ("local.ports.local-east", 9000, "meridian:local.ports.local-east", "write one of: local-north, local-south"),
        ("local.replicas.local-east", 2, "meridian:local.replicas.local-east", "write one of: local-north"),
        ("local.replicas.local-north", 0, "meridian:local.replicas.local-north", "bounds"),
        ("local.steering.ports.us", 9000, "meridian:local.steering.ports.us", "write one of: eu"),
        ("local.steering.provider", "anycast", "meridian:local.steering.provider", "'proxy' or 'dns'"),
        ("tenants.demo.lanes", ["chat", "bulk"], "meridian:tenants.demo.lanes.1", "'chat' or 'batch'"),
        ("tenants.demo.requestsPerMinute", 0, "meridian:tenants.demo.requestsPerMinute", "bounds"),
        ("local.ports.local-north", 80, "meridian:local.ports.local-north", "1024"),
        ("models.second", {"source": "tiny"}, "meridian:models", "keep one model"),
        ("lanes", {}, "meridian:lanes", "is empty"),
        ("lanes", {"chat": {"maxOutputTokens": 5000}}, "meridian:lanes.chat.maxOutputTokens", "write 4096 or less"),
        ("tenants.demo.key", "a key with blanks in its middle", "meridian:tenants.demo.key", "ASCII"),
        ("environment", "moon", "meridian:environment", "write 'local'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_way_out(path: str, value: Any, where: str, says: str) -> None:
    found = problems(changed(path, value))
    assert where in found
    assert says in found[where]


def test_all_mistakes_are_told_at_once() -> None:
    values = changed("teritories", {})
    del values["tenants"]
    values["models"]["tiny-llama"]["sauce"] = "x"
    assert set(problems(values)) == {"meridian:teritories", "meridian:tenants", "meridian:models.tiny-llama.sauce"}


def test_two_tenants_with_one_key_are_refused_and_the_key_is_not_shown() -> None:
    key = "mk-a-key-that-is-long-enough"
    values = changed("tenants.demo.key", key)
    values["tenants"]["other"] = {**values["tenants"]["demo"]}
    with pytest.raises(ConfigurationRefused) as refused:
        parse(values)
    assert "demo and other have the same key" in str(refused.value)
    assert key not in str(refused.value)


def test_tenants_with_different_keys_are_accepted() -> None:
    values = changed("tenants.demo.key", "mk-a-key-that-is-long-enough")
    values["tenants"]["other"] = {**values["tenants"]["demo"], "key": "mk-b-key-that-is-long-enough"}
    assert len(parse(values).tenants) == 2


def test_a_wrong_key_is_not_shown_in_the_message() -> None:
    assert "hush" not in " ".join(problems(changed("tenants.demo.key", "hush")).values())


def test_a_region_in_two_territories_is_refused() -> None:
    found = problems(changed("territories.us", {"jurisdictions": ["US"], "regions": ["local-north"]}))
    assert "exactly one territory" in found["meridian:territories.us.regions"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
paths = st.sampled_from(
    [
        "environment",
        "territories",
        "territories.eu",
        "territories.eu.regions",
        "models",
        "models.tiny-llama",
        "models.tiny-llama.engine",
        "tenants",
        "tenants.demo",
        "tenants.demo.key",
        "lanes",
        "lanes.chat",
        "drain",
        "readiness",
        "local",
        "local.ports",
        "unknown",
    ]
)


@settings(max_examples=300, deadline=None)
@given(path=paths, value=json_values)
def test_any_value_anywhere_gives_a_plan_or_problems_and_never_a_traceback(path: str, value: Any) -> None:
    try:
        make_plan(parse(changed(path, value)))
    except ConfigurationRefused as refused:
        assert refused.problems
        assert all(problem.what and problem.why and problem.fix for problem in refused.problems)
