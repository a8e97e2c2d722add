"""What a production region says is refused by no rule: a false refusal teaches people to work around the rehearsal."""

from typing import Any

import pytest

from rehearsal.standins.refusals import on_check
from tests.rehearsal.refusals import valid_aws, valid_aws_entry, valid_aws_stores
from tests.rehearsal.refusals.aws_values import PROVIDER as AWS

AWS_INPUTS = valid_aws.NETWORK + valid_aws.CLUSTERS + valid_aws_entry.ENTRY + valid_aws_stores.STORES


@pytest.mark.parametrize(("token", "inputs"), AWS_INPUTS, ids=lambda value: value if isinstance(value, str) else "")
def test_aws_takes_what_a_production_region_says(token: str, inputs: dict[str, Any]) -> None:
    assert on_check("aws", token, "it", inputs, AWS) == []


def test_the_tables_cover_the_types_that_the_models_cover() -> None:
    from rehearsal.standins.refusals.aws_types import TYPES

    assert set(TYPES) <= {token for token, _ in AWS_INPUTS} | {"aws:ecr/lifecyclePolicy:LifecyclePolicy"}
