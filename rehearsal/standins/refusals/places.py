"""Where a resource lives: account, region, project, location, subscription or cluster, as its cloud counts places."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from rehearsal.standins.refusals.values import known
from rehearsal.standins.refusals.world import Stored, World

_ARN = re.compile(r"arn:(aws[\w-]*):([\w-]*):([\w-]*):(\d{12}|aws)?:(.+)", re.DOTALL)
_ZONE = re.compile(r"([a-z]+-[a-z]+\d+)-[a-z]")
_URL = re.compile(r"^(https://[^/]+/(compute/)?(v1|beta|alpha|v1beta1)/|https://[^/]+/|//[^/]+/)")


def everything(stored: Stored) -> dict[str, Any]:
    """Return what is known of a resource: what the program said, and what its cloud says over it."""
    return {**stored.inputs, **{name: value for name, value in stored.outputs.items() if known(value)}}


def region_of(inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str | None:
    """Return the region of an AWS or GCP resource; None if it has none, or it is not known."""
    for value in (inputs.get("region"), inputs.get("location"), inputs.get("zone"), provider.get("region")):
        if isinstance(value, str) and known(value) and value:
            zone = _ZONE.fullmatch(value)
            return zone[1] if zone else value
    return None


def account_of(provider: Mapping[str, Any]) -> str:
    """Return the AWS account of a provider, empty if it does not say it: then there is just one."""
    account = provider.get("accountId")
    allowed = provider.get("allowedAccountIds")
    if isinstance(allowed, str):
        allowed = json.loads(allowed) if allowed.startswith("[") else [allowed]
    if account is None and isinstance(allowed, list) and len(allowed) == 1:
        account = allowed[0]
    return str(account) if account is not None and known(account) else ""


def own_accounts(provider: Mapping[str, Any], world: World) -> set[str]:
    """Return the accounts that the world holds all of: the provider's, else those of every ARN that it gave out."""
    account = account_of(provider)
    if account:
        return {account}
    arns = (arn(stored.outputs.get("arn")) for stored in world.resources("aws"))
    return {found[4] for found in arns if found and found[4]}


def arn(value: Any) -> re.Match[str] | None:
    """Return an ARN taken apart: 1 partition, 2 service, 3 region, 4 account, 5 the rest; None for what is none."""
    return _ARN.fullmatch(value) if isinstance(value, str) else None


def project_of(inputs: Mapping[str, Any], provider: Mapping[str, Any]) -> str:
    """Return the project of a GCP resource."""
    for value in (inputs.get("project"), provider.get("project")):
        if isinstance(value, str) and known(value) and value:
            return value
    return ""


def gcp_path(value: str) -> str:
    """Return a self-link or an id as a path from its project: without host and version."""
    return _URL.sub("", value).strip("/")


def subscription_of(provider: Mapping[str, Any], world: World) -> str:
    """Return the subscription of an Azure provider, else that of whatever the world holds."""
    said = provider.get("subscriptionId")
    if isinstance(said, str) and known(said) and said:
        return said.lower()
    found = (re.match(r"/subscriptions/([^/]+)", stored.id) for stored in world.resources("azure-native"))
    return next((match[1].lower() for match in found if match), "")


def cluster_of(provider: Mapping[str, Any]) -> str:
    """Return what tells one Kubernetes cluster from another: its identifier, else its context, else its kubeconfig."""
    for name in ("clusterIdentifier", "context", "cluster", "kubeconfig"):
        value = provider.get(name)
        if isinstance(value, str) and known(value) and value:
            return value
    return ""


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in a value with its path."""
    if isinstance(value, str):
        if known(value):
            yield path, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from texts(item, f"{path}[{place}]")
