"""Builds regions for the rules to judge."""

import pulumi

import tests.components.contract.rules_entry
import tests.components.contract.rules_identity  # noqa: F401 - its rules join the others
from components.ground_specs import GroundSpec
from components.region import GroundInputs
from tests.components.contract.aws_answers import answers
from tests.components.contract.aws_view import view
from tests.components.contract.recorder import Lookups, record
from tests.components.contract.rules import RULES, Region

__all__ = ["RULES", "region"]


def region(spec: GroundSpec, looked_up: Lookups | None = None) -> Region:
    """One region on AWS, recorded."""

    def program() -> None:
        from components.aws.region import AwsGround

        secrets = {each: pulumi.Output.secret(f"value of {each}") for each in spec.secrets}
        AwsGround(spec.name, spec, GroundInputs(zone_id=pulumi.Output.from_input("ZONE"), secrets=secrets))

    world = record(program, answers, looked_up)
    return Region(spec, world, view(world, spec.location))
