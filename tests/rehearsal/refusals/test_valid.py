"""What a production region says is refused by no rule: a false refusal teaches people to work around the rehearsal."""

from typing import Any

import pytest

from rehearsal.standins.checking import UNKNOWN
from rehearsal.standins.refusals import on_check, on_create
from tests.rehearsal.refusals import (
    valid_aws,
    valid_aws_entry,
    valid_aws_stores,
    valid_azure,
    valid_azure_stores,
    valid_gcp,
    valid_gcp_services,
    valid_kubernetes,
)
from tests.rehearsal.refusals.aws_values import PROVIDER as AWS
from tests.rehearsal.refusals.azure_values import PROVIDER as AZURE
from tests.rehearsal.refusals.azure_values import WORLD as AZURE_WORLD
from tests.rehearsal.refusals.gcp_values import PROVIDER as GCP
from tests.rehearsal.refusals.gcp_values import WORLD as GCP_WORLD
from tests.rehearsal.refusals.memory import MemoryWorld, Thing
from tests.rehearsal.refusals.region_aws import REGION_WORLD as AWS_WORLD


def before(token: str, inputs: dict[str, Any], things: tuple[Thing, ...]) -> MemoryWorld:
    """The world before a resource is made: without what has its name."""
    name = inputs.get("name", UNKNOWN)
    return MemoryWorld(tuple(one for one in things if one.token != token or one.inputs.get("name") != name))


def named(value: object) -> str:
    return value if isinstance(value, str) else ""


AWS_INPUTS = valid_aws.NETWORK + valid_aws.CLUSTERS + valid_aws_entry.ENTRY + valid_aws_stores.STORES


@pytest.mark.parametrize(("token", "inputs"), AWS_INPUTS, ids=named)
def test_aws_takes_what_a_production_region_says(token: str, inputs: dict[str, Any]) -> None:
    assert on_check("aws", token, "it", inputs, AWS) == []
    assert on_create("aws", token, inputs, AWS, before(token, inputs, AWS_WORLD)) == []


@pytest.mark.parametrize(("token", "inputs"), valid_gcp.INPUTS + valid_gcp_services.INPUTS, ids=named)
def test_gcp_takes_what_a_production_region_says(token: str, inputs: dict[str, Any]) -> None:
    assert on_check("gcp", token, "it", inputs, GCP) == []
    assert on_create("gcp", token, inputs, GCP, before(token, inputs, GCP_WORLD)) == []


@pytest.mark.slow  # the SDK's modules of Azure take seconds to import
@pytest.mark.parametrize(("token", "inputs"), valid_azure.INPUTS + valid_azure_stores.STORES, ids=named)
def test_azure_takes_what_a_production_region_says(token: str, inputs: dict[str, Any]) -> None:
    assert on_check("azure-native", token, "it", inputs, AZURE) == []
    assert on_create("azure-native", token, inputs, AZURE, before(token, inputs, AZURE_WORLD)) == []


@pytest.mark.parametrize(("token", "inputs"), valid_kubernetes.INPUTS, ids=named)
def test_kubernetes_takes_what_a_serving_layer_says(token: str, inputs: dict[str, Any]) -> None:
    cluster = valid_kubernetes.PROVIDER
    assert on_check("kubernetes", token, "it", inputs, cluster) == []
    assert on_create("kubernetes", token, inputs, cluster, MemoryWorld(valid_kubernetes.WORLD)) == []


def test_the_tables_cover_the_types_that_the_models_cover() -> None:
    from rehearsal.standins.refusals.aws_types import TYPES

    assert set(TYPES) <= {token for token, _ in AWS_INPUTS} | {"aws:ecr/lifecyclePolicy:LifecyclePolicy"}
