"""What must never be refused: what a preview does not know, what belongs to others, what a cloud brings along."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rehearsal.standins.checking import SIGNATURE, UNKNOWN
from rehearsal.standins.refusals import on_check, on_create, on_update
from rehearsal.standins.refusals.places import texts
from tests.rehearsal.refusals import (
    azure_values,
    valid_aws,
    valid_aws_entry,
    valid_aws_stores,
    valid_azure,
    valid_azure_stores,
    valid_gcp,
    valid_kubernetes,
)
from tests.rehearsal.refusals.aws_values import KEY, PROVIDER, REGION, ROLE, SUBNETS, VPC
from tests.rehearsal.refusals.cases import changed
from tests.rehearsal.refusals.gcp_values import NETWORK
from tests.rehearsal.refusals.gcp_values import PROVIDER as GCP
from tests.rehearsal.refusals.gcp_values import WORLD as GCP_WORLD
from tests.rehearsal.refusals.memory import MemoryWorld, Thing
from tests.rehearsal.refusals.region_aws import REGION_WORLD
from tests.rehearsal.refusals.wrong_aws import AWS

CLOUDS = {
    "aws": ([*valid_aws.NETWORK, *valid_aws.CLUSTERS, *valid_aws_entry.ENTRY, *valid_aws_stores.STORES], PROVIDER),
    "gcp": (valid_gcp.INPUTS, GCP),
    "kubernetes": (valid_kubernetes.INPUTS, valid_kubernetes.PROVIDER),
}
AZURE = ([*valid_azure.INPUTS, *valid_azure_stores.STORES], azure_values.PROVIDER)
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def leaves(value: Any, path: str = "") -> list[str]:
    if isinstance(value, Mapping) and value:
        return [each for name, item in value.items() for each in leaves(item, f"{path}.{name}" if path else name)]
    if isinstance(value, list) and value:
        return [each for place, item in enumerate(value) for each in leaves(item, f"{path}[{place}]")]
    return [path]


def hidden(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


@pytest.mark.parametrize("package", [*sorted(CLOUDS), pytest.param("azure-native", marks=pytest.mark.slow)])
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_preview_does_not_know_is_never_refused(package: str, data: st.DataObject) -> None:
    valid, provider = CLOUDS.get(package, AZURE)
    token, inputs = data.draw(st.sampled_from(valid))
    paths = [path for path in leaves(inputs) if path and not any(mark in path for mark in ("/", "labels.", "Labels."))]
    chosen = data.draw(st.lists(st.sampled_from(paths), max_size=4, unique=True))
    for path in chosen:
        inputs = changed(inputs, path, UNKNOWN)
    assert on_check(package, token, "it", inputs, provider) == []


@pytest.mark.parametrize("package", sorted(CLOUDS))
def test_a_secret_is_judged_like_any_other_value(package: str) -> None:
    valid, provider = CLOUDS[package]
    for token, inputs in valid:
        wrapped = {name: hidden(value) for name, value in inputs.items()}
        assert on_check(package, token, "it", wrapped, provider) == []


def test_a_secret_that_is_wrong_is_refused_without_being_shown() -> None:
    token, right = AWS.right("Bucket")
    (problem,) = on_check("aws", token, "it", {**right, "bucket": hidden("My-Secret-Bucket")}, PROVIDER)
    assert problem.path == "bucket"
    assert "My-Secret-Bucket" not in problem.reason
    token, right = AWS.right("Policy")
    (problem,) = on_check("aws", token, "it", {**right, "policy": hidden("{'hush': 1}")}, PROVIDER)
    assert "hush" not in problem.reason


def test_every_refusal_says_what_to_write_instead() -> None:
    from tests.rehearsal.refusals.test_wrong import refused
    from tests.rehearsal.refusals.wrong import WRONG

    said = [
        problem.reason for case in WRONG if case.package != "azure-native" for problem in refused(case, case.inputs)
    ]
    words = ("write ", "leave ", "delete ", "create ", "use ")
    assert [reason for reason in said if not any(word in reason for word in words)] == []


def test_another_account_is_none_of_our_business() -> None:
    token, right = AWS.right("Cluster")
    foreign = changed(right, "roleArn", ROLE.replace("111122223333", "444455556666"))
    assert on_create("aws", token, foreign, PROVIDER, MemoryWorld(AWS.world_of(token, right))) == []


def test_what_a_cloud_makes_itself_is_there() -> None:
    token, right = AWS.right("NodeGroup")
    linked = changed(right, "nodeRoleArn", "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/X")
    assert on_create("aws", token, linked, PROVIDER, MemoryWorld(REGION_WORLD)) == []
    group = "sg-0cccccccccccccccc"
    cluster = Thing("aws:eks/cluster:Cluster", "c", {}, {"vpcConfig": {"clusterSecurityGroupId": group}}, PROVIDER)
    rule = {"securityGroupId": group, "ipProtocol": "-1", "cidrIpv4": "10.0.0.0/8"}
    made = MemoryWorld((*REGION_WORLD, cluster))
    assert on_create("aws", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", rule, PROVIDER, made) == []


@dataclass(frozen=True)
class Old(MemoryWorld):
    """A world that had something before any program."""

    before: frozenset[str] = frozenset()

    def outside(self) -> frozenset[str]:
        return self.before


def test_what_was_looked_up_is_there() -> None:
    token, right = AWS.right("Subnet")
    assert on_create("aws", token, right, PROVIDER, MemoryWorld()) != []
    assert on_create("aws", token, right, PROVIDER, Old(before=frozenset({VPC}))) == []
    token = "gcp:compute/router:Router"
    said = {"name": "nat", "network": NETWORK}
    assert on_create("gcp", token, said, GCP, MemoryWorld()) != []
    assert on_create("gcp", token, said, GCP, Old(before=frozenset({NETWORK}))) == []


def test_the_same_name_is_free_in_another_region() -> None:
    token, right = AWS.right("LogGroup")
    there = Thing(token, "x", right, {}, {**PROVIDER, "region": "us-east-1"})
    assert on_create("aws", token, right, PROVIDER, MemoryWorld((*REGION_WORLD, there))) == []
    here = Thing(token, "x", right, {}, PROVIDER)
    assert on_create("aws", token, right, PROVIDER, MemoryWorld((*REGION_WORLD, here))) != []


def test_one_object_may_be_in_two_clusters() -> None:
    token, right = valid_kubernetes.INPUTS[1]
    other = Thing(token, "x", right, {}, {"clusterIdentifier": "gcp-europe-west4"})
    world = MemoryWorld((*valid_kubernetes.WORLD, other))
    assert on_create("kubernetes", token, right, valid_kubernetes.PROVIDER, world) == []


def test_the_values_that_refusals_are_tested_with_are_in_use() -> None:
    said = {text for _, inputs in CLOUDS["aws"][0] for _, text in texts(inputs)}
    assert {KEY, VPC, *SUBNETS} <= said
    assert REGION in KEY


OFF: list[tuple[str, int, str, Any]] = [
    ("VpcEndpoint", 1, "privateDnsEnabled", False),
    ("Queue", 0, "sqsManagedSseEnabled", False),
    ("Record", 2, "multivalueAnswerRoutingPolicy", False),
    ("TargetGroup", 0, "healthCheck", {"protocol": "TCP", "interval": 10, "timeout": 10}),
    ("Certificate", 0, "certificateAuthorityArn", "arn:aws:acm-pca:eu-north-1:444455556666:certificate-authority/a"),
    ("BucketPolicy", 0, "policy", {"Version": "2012-10-17", "Statement": UNKNOWN}),
    ("Key", 0, "deletionWindowInDays", "30"),
]


@pytest.mark.parametrize(("name", "place", "path", "value"), OFF, ids=[each[0] for each in OFF])
def test_what_is_off_or_left_to_the_provider_is_not_refused(name: str, place: int, path: str, value: Any) -> None:
    token, right = AWS.right(name, place)
    assert on_check("aws", token, "it", changed(right, path, value), PROVIDER) == []


@pytest.mark.parametrize("package", sorted(CLOUDS))
def test_an_update_that_changes_nothing_is_not_refused(package: str) -> None:
    valid, provider = CLOUDS[package]
    worlds = {"aws": REGION_WORLD, "gcp": GCP_WORLD, "kubernetes": valid_kubernetes.WORLD}
    for token, inputs in valid:
        world = MemoryWorld((*worlds[package], Thing(token, "it", inputs, {}, provider)))
        assert on_update(package, token, "it", inputs, inputs, provider, world) == []
