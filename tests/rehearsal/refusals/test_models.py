"""The clouds' own models are read whole: enough types, each with properties that the model answers to."""

import pytest

from rehearsal.standins.checking import faults
from rehearsal.standins.deriving import resource_shape
from rehearsal.standins.refusals import aws_model, gcp_model
from rehearsal.standins.refusals.aws_types import TYPES as AWS
from rehearsal.standins.refusals.gcp_types import TYPES as GCP
from tests.rehearsal.refusals import (
    valid_aws,
    valid_aws_entry,
    valid_aws_stores,
    valid_azure,
    valid_azure_stores,
    valid_gcp,
    valid_gcp_services,
)
from tests.rehearsal.refusals.cases import Inputs

INPUTS = [
    *valid_aws.NETWORK,
    *valid_aws.CLUSTERS,
    *valid_aws_entry.ENTRY,
    *valid_aws_stores.STORES,
    *valid_gcp.INPUTS,
    *valid_gcp_services.INPUTS,
    *valid_azure.INPUTS,
    *valid_azure_stores.STORES,
]


def test_more_types_are_modelled_than_a_region_has() -> None:
    assert len(AWS) >= 50
    assert len(GCP) >= 35


def test_models_answer_to_most_of_what_a_region_says() -> None:
    """The rest is sent by other calls of the provider, or stays with it; rules of our own judge what matters of it."""
    for types, answered in ((AWS, aws_model.answered), (GCP, gcp_model.answered)):
        said = {(token, name) for token, inputs in INPUTS if token in types for name in inputs}
        share = sum(answered(*each) for each in said) / len(said)
        assert share >= 0.7


@pytest.mark.parametrize("token", sorted(set(AWS) & {token for token, _ in INPUTS}))
def test_a_model_answers_to_each_type(token: str) -> None:
    said = {name for one, inputs in INPUTS if one == token for name in inputs}
    assert any(aws_model.answered(token, name) for name in said)


def test_a_document_answers_to_the_heart_of_a_cluster() -> None:
    paths = ("releaseChannel.channel", "databaseEncryption.state", "datapathProvider", "loggingConfig.enableComponents")
    assert [path for path in paths if not gcp_model.answered("gcp:container/cluster:Cluster", path)] == []
    assert gcp_model.answered("gcp:container/nodePool:NodePool", "nodeConfig.taints.effect")


def test_a_property_that_no_model_has_is_not_answered() -> None:
    assert not aws_model.answered("aws:eks/cluster:Cluster", "vpcConfig.colour")
    assert not gcp_model.answered("gcp:container/cluster:Cluster", "colour")


def class_of(token: str) -> tuple[type, bool]:
    """Return a resource's class, and whether its arguments share their name with a nested object."""
    import importlib
    import sys

    package, module, name = token.split(":")
    room = {"aws": "pulumi_aws", "gcp": "pulumi_gcp", "azure-native": "pulumi_azure_native"}[package]
    found: type = getattr(importlib.import_module(f"{room}.{module.split('/')[0]}"), name)
    return found, f"{name}InitArgs" in vars(sys.modules[found.__module__])


@pytest.mark.slow
@pytest.mark.parametrize(("token", "inputs"), INPUTS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_right_inputs_are_ones_that_the_sdk_takes(token: str, inputs: Inputs) -> None:
    resource, shadowed = class_of(token)
    if shadowed:
        return  # `deriving` reads the nested object of that name
    assert faults(inputs, resource_shape(resource)) == ()
