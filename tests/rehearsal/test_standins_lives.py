"""Every type of a production region lives through the engine's protocol: checked, made, read, unchanged, deleted."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from rehearsal.standins.checking import SIGNATURE, UNKNOWN
from rehearsal.world import World
from tests.rehearsal.provider_process import Client, client, served, values
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
from tests.rehearsal.refusals.gcp_values import PROVIDER as GCP

pytestmark = pytest.mark.slow  # the SDKs' modules take seconds to import

SETTINGS: dict[str, dict[str, Any]] = {
    "aws": dict(AWS),
    "gcp": dict(GCP),
    "azure-native": dict(AZURE),
    "kubernetes": {"clusterIdentifier": "aws-eu-north-1"},
}
INPUTS = {
    "aws": valid_aws.NETWORK + valid_aws.CLUSTERS + valid_aws_entry.ENTRY + valid_aws_stores.STORES,
    "gcp": valid_gcp.INPUTS + valid_gcp_services.INPUTS,
    "azure-native": valid_azure.INPUTS + valid_azure_stores.STORES,
    "kubernetes": valid_kubernetes.INPUTS,
}
CASES = [(package, token, said) for package, inputs in INPUTS.items() for token, said in inputs]


def named(value: object) -> str:
    return value if isinstance(value, str) else ""


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    world = tmp_path_factory.mktemp("world")
    with served(world, *SETTINGS) as found:
        yield world, found


@pytest.fixture
def connected(ports: tuple[Path, dict[str, str]]) -> Iterator[dict[str, Client]]:
    with (
        client(ports[1]["aws"], SETTINGS["aws"]) as aws,
        client(ports[1]["gcp"], SETTINGS["gcp"]) as gcp,
        client(ports[1]["azure-native"], SETTINGS["azure-native"]) as azure,
        client(ports[1]["kubernetes"], SETTINGS["kubernetes"]) as kubernetes,
    ):
        yield {"aws": aws, "gcp": gcp, "azure-native": azure, "kubernetes": kubernetes}


def test_more_than_fifty_types_are_tried() -> None:
    assert len({token for _, token, _ in CASES}) >= 50
    assert len(SETTINGS) == 4


@pytest.mark.parametrize(("package", "token", "said"), CASES, ids=named)
def test_a_valid_resource_is_taken_and_a_preview_of_it_knows_what_was_said(
    connected: dict[str, Client], package: str, token: str, said: dict[str, Any]
) -> None:
    checked = connected[package].check(token, said)
    assert [(one.property, one.reason) for one in checked.failures] == []
    previewed = connected[package].create(token, checked.inputs, preview=True)
    for name in said:
        assert name in previewed.properties
    again = connected[package].check(token, said, old=values(checked.inputs))
    assert connected[package].diff(token, "it", checked.inputs, again.inputs).changes == 1  # DIFF_NONE


IDS = [
    ("aws", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, r"vpc-[0-9a-f]{17}"),
    ("aws", "aws:kms/key:Key", {"deletionWindowInDays": 30}, r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ("aws", "aws:sqs/queue:Queue", {"name": "q"}, r"https://sqs\.[a-z0-9-]+\.amazonaws\.com/\d{12}/q"),
    ("aws", "aws:route53/zone:Zone", {"name": "example.com"}, r"Z[A-Z0-9]{20}"),
    ("gcp", "gcp:compute/network:Network", {"name": "n"}, r"projects/[a-z0-9-]+/global/networks/n"),
    ("gcp", "gcp:kms/keyRing:KeyRing", {"name": "r", "location": "europe-west4"}, r"projects/.+/keyRings/r"),
    (
        "azure-native",
        "azure-native:resources:ResourceGroup",
        {"resourceGroupName": "rg", "location": "swedencentral"},
        r"/subscriptions/[0-9a-f-]{36}/resourceGroups/rg",
    ),
    (
        "kubernetes",
        "kubernetes:core/v1:Namespace",
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serving"}},
        "serving",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("package", "token", "said", "pattern"), IDS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_resource_has_an_id_of_its_cloud_is_read_as_made_and_is_gone_once_deleted(
    connected: dict[str, Client], package: str, token: str, said: dict[str, Any], pattern: str
) -> None:
    one = connected[package]
    inputs = one.check(token, said).inputs
    made = one.create(token, inputs)
    assert re.fullmatch(pattern, made.id)
    read = one.read(token, made.id, inputs)
    assert (read.id, dict(read.properties)) == (made.id, dict(made.properties))
    with pytest.raises(grpc.RpcError):
        one.create(token, inputs)
    one.delete(token, made.id, inputs)
    assert one.read(token, made.id, inputs).id == ""


def test_an_id_is_the_same_in_every_rehearsal_and_differs_by_resource(connected: dict[str, Client]) -> None:
    aws, token = connected["aws"], "aws:ec2/vpc:Vpc"
    inputs = aws.check(token, {"cidrBlock": "10.7.0.0/16"}).inputs
    first, other = aws.create(token, inputs, name="a"), aws.create(token, inputs, name="b")
    assert first.id != other.id
    for one, name in ((first, "a"), (other, "b")):
        aws.delete(token, one.id, inputs, name=name)
    again = aws.create(token, inputs, name="a")
    assert again.id == first.id
    aws.delete(token, again.id, inputs, name="a")


def test_what_somebody_edits_in_the_console_is_what_the_next_read_says(
    connected: dict[str, Client], ports: tuple[Path, dict[str, str]]
) -> None:
    aws, token, world = connected["aws"], "aws:sqs/queue:Queue", World(ports[0])
    inputs = aws.check(token, {"name": "edited", "delaySeconds": 5}).inputs
    made = aws.create(token, inputs)
    held = world.find(made.id)
    assert held is not None
    world.edit(held, delaySeconds=9)
    read = aws.read(token, made.id, inputs)
    assert (read.inputs["delaySeconds"], read.properties["delaySeconds"]) == (9, 9)
    world.delete(held)
    assert aws.read(token, made.id, inputs).id == ""


def test_two_provider_instances_are_two_places(ports: tuple[Path, dict[str, str]]) -> None:
    token = "aws:sqs/queue:Queue"
    with (
        client(ports[1]["aws"], {"region": "eu-north-1"}) as north,
        client(ports[1]["aws"], {"region": "us-east-1"}) as east,
    ):
        inputs = north.check(token, {"name": "twice"}).inputs
        first, second = north.create(token, inputs), east.create(token, inputs)
        assert ("eu-north-1" in first.id, "us-east-1" in second.id) == (True, True)
        for one, made in ((north, first), (east, second)):
            one.delete(token, made.id, inputs)


def test_outputs_that_the_sdk_calls_secret_arrive_as_secrets(connected: dict[str, Client]) -> None:
    gcp, token = connected["gcp"], "gcp:serviceaccount/key:Key"
    inputs = gcp.check(token, {"serviceAccountId": "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com"}).inputs
    previewed = gcp.create(token, inputs, preview=True)
    assert previewed.properties["privateKey"] == UNKNOWN
    made = gcp.create(token, inputs)
    assert SIGNATURE in dict(made.properties["privateKey"])


def test_a_type_that_is_not_in_the_sdk_is_refused_with_a_near_one(connected: dict[str, Client]) -> None:
    (failure,) = connected["aws"].check("aws:ec2/vpc:Vcp", {}).failures
    assert "aws:ec2/vpc:Vpc" in failure.reason
