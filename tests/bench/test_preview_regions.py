"""The bench of previews compares what it says: fleets that can be planned, and ratios taken round by round."""

import pytest

from bench.preview_regions import fleet, ratios
from stacks.config import parse
from stacks.deploying.held import held


@pytest.mark.parametrize("regions", [1, 5, 20])
def test_a_fleet_has_as_many_regions_and_can_be_planned(regions: int) -> None:
    values = {key.removeprefix("meridian:"): value for key, value in fleet(regions).items()}
    assert len(held("dev", parse(values)).grounds) == regions


def test_more_regions_than_the_catalogue_knows_are_refused() -> None:
    with pytest.raises(SystemExit, match="the catalogue knows"):
        fleet(500)


def test_ratios_are_of_the_same_round_and_not_of_medians() -> None:
    quick, slow = {"seconds": 1.0, "peakMib": 100.0}, {"seconds": 4.0, "peakMib": 100.0}
    half = {"seconds": 2.0, "peakMib": 50.0}
    found = ratios([{"ours": quick, "bare": half}, {"ours": slow, "bare": half}, {"ours": slow, "bare": slow}])
    assert found["ratio"]["seconds"] == {"median": 1.0, "low": 0.5, "high": 2.0}
    assert found["ratio"]["peakMib"]["high"] == 2.0
