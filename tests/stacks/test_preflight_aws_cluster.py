"""Preflight asks whether add-ons, images and keys of a cluster are what the plan counts on."""

from dataclasses import replace

import pytest

from components.aws.versions import ADDONS
from stacks.preflight import aws_cluster
from tests.stacks.aws_stubs import DIGEST, REGION, Stubbed, addon, pinned, pushed

THEIRS = replace(REGION, existing=True)


def test_pinned_addons_that_eks_has_pass(clients: Stubbed) -> None:
    pinned(clients)
    checks = aws_cluster.addons(clients, REGION)
    assert [check.state for check in checks] == ["ok"] * 4


def test_a_pinned_addon_that_eks_lacks_fails_and_the_newest_is_told(clients: Stubbed) -> None:
    versions = ADDONS[REGION.version]
    addon(clients, "coredns", "v9.9.9-eksbuild.1")
    addon(clients, "eks-pod-identity-agent", versions.identity)
    addon(clients, "kube-proxy", versions.proxy)
    addon(clients, "vpc-cni", versions.network)
    failed, *others = aws_cluster.addons(clients, REGION)
    assert (failed.what, failed.state) == ("add-on coredns", "failed")
    assert f"EKS has no {versions.names} for Kubernetes 1.34; the newest is v9.9.9" in failed.detail
    assert "versions.py" in failed.fix
    assert {check.state for check in others} == {"ok"}


def test_a_kubernetes_that_eks_has_no_addons_for_fails(clients: Stubbed) -> None:
    for name in ("coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"):
        addon(clients, name)
    checks = aws_cluster.addons(clients, REGION)
    assert {check.state for check in checks} == {"failed"}
    assert "meridian:cluster.version" in checks[0].fix


def test_one_denied_question_about_addons_hides_no_other(clients: Stubbed) -> None:
    clients.refuse("eks", "describe_addon_versions", "AccessDeniedException")
    for name in ("eks-pod-identity-agent", "kube-proxy", "vpc-cni"):
        addon(clients, name, "v0")
    assert [check.state for check in aws_cluster.addons(clients, REGION)] == ["unknown", "failed", "failed", "failed"]


def test_addons_of_somebody_elses_cluster_are_its_owners(clients: Stubbed) -> None:
    assert aws_cluster.addons(clients, THEIRS) == []


def test_images_that_are_there_pass(clients: Stubbed) -> None:
    pushed(clients)
    assert [check.state for check in aws_cluster.images(clients, REGION)] == ["ok", "ok"]


def test_before_the_registry_is_made_nothing_is_missed(clients: Stubbed) -> None:
    clients.refuse("ecr", "describe_images", "RepositoryNotFoundException")
    clients.refuse("ecr", "list_images", "RepositoryNotFoundException")
    checks = aws_cluster.images(clients, REGION)
    assert [(check.state, check.detail) for check in checks] == [("ok", "its repository is not made yet")] * 2


def test_a_missing_digest_and_an_empty_repository_fail(clients: Stubbed) -> None:
    clients.refuse("ecr", "describe_images", "ImageNotFoundException")
    clients.answer("ecr", "list_images", {})
    serving, envoy = aws_cluster.images(clients, REGION)
    assert (serving.state, envoy.state) == ("failed", "failed")
    assert DIGEST in serving.detail
    assert "Mirror it" in envoy.fix


def test_images_that_may_not_be_asked_about_are_unknown(clients: Stubbed) -> None:
    clients.refuse("ecr", "describe_images", "AccessDeniedException")
    clients.refuse("ecr", "list_images", "AccessDeniedException")
    assert [check.state for check in aws_cluster.images(clients, REGION)] == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:eu-north-1:123456789012:key/x"}}], "ok"),
        ([], "failed"),
    ],
)
def test_secrets_of_somebody_elses_cluster_must_have_a_key_of_the_account(
    clients: Stubbed, said: list[dict[str, object]], state: str
) -> None:
    answer = {"cluster": {"name": "prod-eu-north-1", "encryptionConfig": said}}
    clients.answer("eks", "describe_cluster", answer, {"name": "prod-eu-north-1"})
    [check] = aws_cluster.secrets(clients, THEIRS)
    assert check.state == state
    assert aws_cluster.secrets(clients, REGION) == []
