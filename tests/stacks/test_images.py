"""`./meridian images` says what must lie where, per territory."""

import json

import pytest
from typer.testing import CliRunner

from components.images import mirrored
from stacks.cli import app
from stacks.images import images
from stacks.problems import ConfigurationRefused


def test_every_region_of_prod_is_listed_once_with_its_territory_and_cloud() -> None:
    found = images("prod")
    places = {(one["region"], one["territory"], one["cloud"], one["location"]) for one in found["registries"]}
    assert ("aws-eu-north-1", "eu", "aws", "eu-north-1") in places
    north = next(one for one in found["registries"] if one["region"] == "aws-eu-north-1")
    assert north["address"] == f"{north['account']}.dkr.ecr.eu-north-1.amazonaws.com/meridian-prod"
    assert all((one["address"] is None) == (one["cloud"] != "aws") for one in found["registries"])
    assert len(places) == len(found["registries"]) > 1


def test_the_list_is_the_data_file_with_the_environments_own_image() -> None:
    found = json.loads(CliRunner().invoke(app, ["images", "prod", "--json"]).stdout)
    assert [one["name"] for one in found["images"]] == [each.name for each in mirrored()]
    assert found["serving"].startswith("sha256:")


def test_what_has_no_version_is_said_to_be_open() -> None:
    found = images("prod")
    assert found["open"] == [one["name"] for one in found["images"] if one["source"] and not one["version"]]
    shown = CliRunner().invoke(app, ["images", "prod"])
    assert shown.exit_code == 0
    assert "charts/keda" in shown.stdout


def test_a_local_stack_pulls_no_image() -> None:
    with pytest.raises(ConfigurationRefused):
        images("local")
