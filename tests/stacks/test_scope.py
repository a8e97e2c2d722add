"""Scopes: what a stack holds, told by its name alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.problems import ConfigurationRefused
from stacks.scope import Layer, Part, Territories, all_parts, needs, parse, stages

TERRITORIES = {"eu": ("aws-eu-north-1", "gcp-europe-west4"), "us": ("azure-eastus2",)}

NAMES = st.from_regex(r"[a-z]{1,3}", fullmatch=True)
PLACES = st.lists(NAMES, min_size=1, max_size=5, unique=True).flatmap(
    lambda names: st.fixed_dictionaries(
        {
            name: st.integers(1, 4).map(lambda count, n=name: tuple(f"aws-{n}-{i}" for i in range(count)))
            for name in names
        }
    )
)


def test_the_name_of_an_environment_alone_holds_everything_and_refers_to_nothing() -> None:
    scope = parse("prod", TERRITORIES)

    assert scope.parts == all_parts(TERRITORIES)
    assert scope.refers_to == ()


@pytest.mark.parametrize(
    ("stack", "part", "refers_to"),
    [
        ("prod.eu.names", Part(Layer.NAMES, "eu"), ()),
        ("prod.aws-eu-north-1.ground", Part(Layer.GROUND, "aws-eu-north-1"), ("prod.eu.names",)),
        ("prod.azure-eastus2.serving", Part(Layer.SERVING, "azure-eastus2"), ("prod.azure-eastus2.ground",)),
        (
            "prod.eu.steering",
            Part(Layer.STEERING, "eu"),
            ("prod.eu.names", "prod.aws-eu-north-1.ground", "prod.gcp-europe-west4.ground"),
        ),
    ],
)
def test_a_stack_of_one_layer_holds_it_alone_and_refers_to_what_it_needs(
    stack: str, part: Part, refers_to: tuple[str, ...]
) -> None:
    scope = parse(stack, TERRITORIES)

    assert scope.parts == (part,)
    assert scope.refers_to == refers_to
    assert scope.holds(part.layer, part.place)
    assert not scope.holds(Layer.SERVING, "gcp-europe-west4")


def test_stacks_are_made_names_first_and_steering_last() -> None:
    assert stages("dev", TERRITORIES) == (
        ("dev.eu.names", "dev.us.names"),
        ("dev.aws-eu-north-1.ground", "dev.azure-eastus2.ground", "dev.gcp-europe-west4.ground"),
        ("dev.aws-eu-north-1.serving", "dev.azure-eastus2.serving", "dev.gcp-europe-west4.serving"),
        ("dev.eu.steering", "dev.us.steering"),
    )


@pytest.mark.parametrize(
    ("stack", "says"),
    [
        ("prod.aws-eu-nort-1.ground", "did you mean prod.aws-eu-north-1.ground"),
        ("prod.eu.name", "there is no layer named 'name'"),
        ("prod.eu.ground", "eu is no region, and ground exists once per region"),
        ("prod.aws-eu-north-1.steering", "aws-eu-north-1 is no territory, and steering exists once per territory"),
        ("prod.asia.names", "the plan has no territory named 'asia'"),
        ("prod.eu", "it is not the name of a stack"),
        ("prod.eu.names.more", "it is not the name of a stack"),
        ("", "it is not the name of a stack"),
        ("Prod", "it is not the name of a stack"),
        ("prod..names", "the plan has no territory named ''"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused_with_what_was_meant(stack: str, says: str) -> None:
    with pytest.raises(ConfigurationRefused) as refused:
        parse(stack, TERRITORIES)

    assert says in str(refused.value)
    assert "prod" in refused.value.problems[0].fix


@given(PLACES)
def test_no_part_needs_another_region_or_territory_and_none_needs_itself(territories: Territories) -> None:
    home = {region: name for name, regions in territories.items() for region in regions}
    for part in all_parts(territories):
        for need in needs(part, territories):
            assert home.get(need.place, need.place) == home.get(part.place, part.place)
            assert part.layer is Layer.STEERING or need.layer is not Layer.GROUND or need.place == part.place
            assert list(Layer).index(need.layer) < list(Layer).index(part.layer)


@given(PLACES)
def test_the_stacks_of_the_layers_hold_together_what_the_whole_holds_each_part_once(territories: Territories) -> None:
    made: list[str] = []
    parts: list[Part] = []
    for stage in stages("e", territories):
        for stack in stage:
            scope = parse(stack, territories)
            assert set(scope.refers_to) <= set(made), "what it refers to was made in a stage before"
            parts += scope.parts
        made += stage
    assert tuple(parts) == parse("e", territories).parts


@given(PLACES)
def test_the_order_of_keys_does_not_matter(territories: Territories) -> None:
    turned = {name: tuple(reversed(tuple(territories[name]))) for name in reversed(list(territories))}
    assert parse("e", turned) == parse("e", territories)
    assert stages("e", turned) == stages("e", territories)
