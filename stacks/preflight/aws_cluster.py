"""Questions to AWS about a cluster: its add-ons, its images, and what encrypts the secrets of somebody else's."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from components.aws.versions import ADDONS
from stacks.preflight.asking import Clients, Unanswered, ask, code_of, pages
from stacks.preflight.model import Check, RegionNeed


def addons(clients: Clients, region: RegionNeed) -> list[Check]:
    """Whether EKS has the pinned version of each add-on for the cluster's version."""
    if region.existing:
        return []  # the owner keeps them; `up` looks at them
    client, pinned = clients("eks", region.location), ADDONS[region.version]
    wanted = {
        "vpc-cni": pinned.network,
        "kube-proxy": pinned.proxy,
        "eks-pod-identity-agent": pinned.identity,
        "coredns": pinned.names,
    }
    return list(
        _each(
            region, ((f"add-on {name}", partial(_addon, client, region, name, wanted[name])) for name in sorted(wanted))
        )
    )


def _addon(client: Any, region: RegionNeed, name: str, version: str) -> Check:
    found = list(pages(client, "describe_addon_versions", "addons", addonName=name, kubernetesVersion=region.version))
    known = [each["addonVersion"] for addon in found for each in addon["addonVersions"]]
    if version in known:
        return Check(region.name, f"add-on {name}", "ok", f"{version} for Kubernetes {region.version}", "")
    newest = next(iter(known), None)
    told = f"EKS has no {version} for Kubernetes {region.version}; the newest is {newest or 'none'}"
    fix = "Pin one that it has in components/aws/versions.py, and read its notes." if known else _NO_VERSION
    return Check(region.name, f"add-on {name}", "failed", told, fix)


_NO_VERSION = "EKS may no longer offer this Kubernetes version: write another meridian:cluster.version."


def images(clients: Clients, region: RegionNeed) -> list[Check]:
    """Whether the registry holds what the cluster is to run, once it is made."""
    client = clients("ecr", region.location)
    return list(
        _each(region, ((f"image {name}", partial(_image, client, region, name)) for name in region.repositories))
    )


def _image(client: Any, region: RegionNeed, repository: str) -> Check:
    what, digest = f"image {repository}", region.digests.get(repository)
    try:
        if digest is not None:
            client.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
            return Check(region.name, what, "ok", f"holds {digest[:19]}", "")
        held = client.list_images(repositoryName=repository, maxResults=1).get("imageIds")
    except ClientError as error:
        if code_of(error) == "RepositoryNotFoundException":
            return Check(region.name, what, "ok", "its repository is not made yet", "")
        if code_of(error) == "ImageNotFoundException":
            fix = "Push it there by its digest, or correct meridian:image.digest: no node could start the engine."
            return Check(region.name, what, "failed", f"the repository does not hold {digest}", fix)
        raise
    if held:
        return Check(region.name, what, "ok", "the repository is not empty", "")
    fix = "Mirror it there by digest before serving: nodes have no way to another registry."
    return Check(region.name, what, "failed", "the repository is empty", fix)


def secrets(clients: Clients, region: RegionNeed) -> list[Check]:
    """Whether a cluster of somebody else encrypts its secrets with a key of the account, which `up` cannot see."""
    if not region.existing or region.cluster is None:
        return []
    what = f"secrets of {region.cluster}"
    client = clients("eks", region.location)
    found = ask(region.name, what, lambda: client.describe_cluster(name=region.cluster))["cluster"]
    keys = [each["provider"]["keyArn"] for each in found.get("encryptionConfig", []) if "secrets" in each["resources"]]
    if keys:
        return [Check(region.name, what, "ok", f"encrypted with {', '.join(keys)}", "")]
    fix = "Let its owner associate a KMS key (`aws eks associate-encryption-config`); it cannot be taken back."
    return [Check(region.name, what, "failed", "not encrypted with a key of the account", fix)]


def _each(region: RegionNeed, questions: Iterator[tuple[str, Callable[[], Check]]]) -> Iterator[Check]:
    for what, question in questions:
        try:
            yield ask(region.name, what, question)
        except Unanswered as unanswered:
            yield unanswered.check
