"""What editors and the engine are told of the configuration is what the models say."""

import json

import pytest
import yaml

from stacks import schema
from stacks.config import Config
from stacks.program import values_of


def test_the_schema_is_what_the_models_say() -> None:
    assert schema.TARGET.read_text() == schema.schema(), "run `make docs`"


def test_the_projects_file_describes_every_key_with_type_and_text() -> None:
    assert schema.PROJECT.read_text() == schema.project(), "run `make docs`"
    keys = yaml.safe_load(schema.PROJECT.read_text())["config"]
    assert set(keys) == {f"meridian:{field.alias or name}" for name, field in Config.model_fields.items()}
    assert all(key["type"] and len(key["description"]) > 10 for key in keys.values())


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_a_committed_stack_file_names_only_keys_of_the_schema(stack: str) -> None:
    known = json.loads(schema.TARGET.read_text())["properties"]["config"]["properties"]
    used = yaml.safe_load((schema.ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert set(used) <= set(known)


def test_a_key_that_may_be_left_out_has_an_empty_default_and_no_other_has() -> None:
    keys = yaml.safe_load(schema.PROJECT.read_text())["config"]
    optional = {f"meridian:{f.alias or name}" for name, f in Config.model_fields.items() if not f.is_required()}
    assert {key for key, about in keys.items() if "default" in about} == optional
    assert keys["meridian:lanes"]["type"] == "object"


def test_the_engines_empty_defaults_mean_left_out() -> None:
    assert values_of({"meridian:capacity": "{}", "meridian:domain": "", "meridian:environment": "dev"}) == {
        "environment": "dev"
    }
