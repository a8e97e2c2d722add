"""Names and steering of a territory: nothing leaves it, and every impossible wish is refused with what to write."""

from typing import Any

import pytest

from components.territory_specs import DnsSteeringSpec, NamesSpec
from stacks.catalog import catalogue
from stacks.config import Config, parse
from stacks.plan import territory
from stacks.problems import ConfigurationRefused
from tests.stacks.fleets import DEV, PROD, changed, planned

EU = ("aws-eu-north-1", "aws-eu-central-1")
TWO = changed(DEV, "territories/eu/regions", list(EU))


def names(values: dict[str, Any], of: str = "eu") -> NamesSpec:
    return territory.names(of, parse(values), planned(values), catalogue())


def steering(values: dict[str, Any], of: str = "eu") -> DnsSteeringSpec:
    config: Config = parse(values)
    return territory.steering(of, config.territories[of].regions, config, planned(values), catalogue())


def refusal(values: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationRefused) as refused:
        steering(values)
    return str(refused.value)


def test_members_of_a_territory_are_its_own_regions_and_no_others() -> None:
    for name in ("eu", "us"):
        regions = PROD["territories"][name]["regions"]
        spec = steering(PROD, name)
        assert [each.region for each in spec.members] == sorted(regions)
        assert all(each.name.endswith(f".{name}.inference.example.com") for each in spec.members)


def test_authorities_are_those_of_the_clouds_that_the_territory_is_on() -> None:
    assert names(DEV).issuers == ("amazon.com",)
    assert names(PROD, "us").issuers == ("amazon.com", "pki.goog")
    assert names(PROD, "eu").issuers == ("amazon.com", "letsencrypt.org", "pki.goog")


def test_another_region_moves_nothing_that_the_names_layer_made() -> None:
    assert names(TWO) == names(DEV)
    assert names(changed(DEV, "territories/eu/regions", list(reversed(EU)))) == names(DEV)


def test_calls_are_made_from_where_the_state_is_and_without_one_on_aws_from_the_first_region_named() -> None:
    assert names(DEV).home == "eu-north-1"
    elsewhere = {"backend": "gs://state-eu", "secretsProvider": "gcpkms://projects/p/locations/europe-west4/k"}
    moved = changed(changed(DEV, "territories/eu/state", elsewhere), "territories/eu/regions", ["aws-eu-central-1"])
    assert names(moved).home == "eu-central-1"


@pytest.mark.parametrize("key", ["secretsProvider", "backend"])
def test_state_outside_the_territory_is_refused(key: str) -> None:
    state = {"backend": "s3://state", "secretsProvider": "awskms://alias/state"}
    text = refusal(changed(DEV, "territories/eu/state", {**state, key: f"{state[key]}?region=us-east-1"}))
    assert "us-east-1 lies in US, outside EU" in text


def test_a_drained_region_keeps_its_own_name_and_is_answered_no_more() -> None:
    spec = steering(changed(TWO, "steering", {**DEV["steering"], "drained": ["aws-eu-north-1"]}))
    assert {each.region: each.drained for each in spec.members} == {"aws-eu-north-1": True, "aws-eu-central-1": False}


def test_a_region_on_its_way_out_is_drained_and_a_territory_that_goes_as_a_whole_is_not() -> None:
    one = steering({**TWO, "rollout": {"retiring": ["aws-eu-north-1"]}})
    assert [each.region for each in one.members if each.drained] == ["aws-eu-north-1"]
    both = steering({**TWO, "rollout": {"retiring": list(EU)}})
    assert not any(each.drained for each in both.members)


def test_a_private_entry_is_not_probed_from_the_internet() -> None:
    assert steering(DEV).probed
    assert not steering({**DEV, "network": {"entry": "private"}}).probed


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "all drained": ({"steering": {**DEV["steering"], "drained": ["aws-eu-north-1"]}}, "every region of eu is drained"),
    "a stranger drained": ({"steering": {**DEV["steering"], "drained": ["aws-eu-nort-1"]}}, "did you mean aws-eu-no"),
    "a stranger retiring": ({"rollout": {"retiring": ["aws-eu-west-1"]}}, "there is no region named 'aws-eu-west-1'"),
    "an odd interval": ({"steering": {**DEV["steering"], "probeIntervalSeconds": 15}}, "write 10 or 30"),
    "no account": ({"accounts": {}}, "meridian:accounts.aws: is missing"),
    "another zone": ({"domain": "else.where.org"}, "does not lie in the zone"),
    "another provider": ({"steering": {**DEV["steering"], "provider": "traffic-manager"}}, "write route53"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_steered_is_refused(name: str) -> None:
    said, words = BAD[name]
    text = refusal({**DEV, **said})
    assert words in text
    assert "fix:" in text
