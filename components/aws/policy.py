"""IAM policy documents, written short."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Text = pulumi.Input[str]
Statement = dict[str, Any]


def allow(
    actions: Sequence[str],
    resources: Sequence[Text],
    *,
    principal: Mapping[str, Any] | None = None,
    when: Mapping[str, Mapping[str, Any]] | None = None,
) -> Statement:
    """Permit actions on resources, to a principal in a resource's own policy, under conditions."""
    said: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if principal is not None:
        said["Principal"] = dict(principal)
    if when is not None:
        said["Condition"] = {key: dict(value) for key, value in when.items()}
    return said


def deny(actions: Sequence[str], resources: Sequence[Text], when: Mapping[str, Mapping[str, Any]]) -> Statement:
    """Forbid everybody actions on resources under conditions."""
    return {**allow(actions, resources, principal={"AWS": "*"}, when=when), "Effect": "Deny"}


def trust(
    service: str, *, actions: Sequence[str] = ("sts:AssumeRole",), when: Mapping[str, Mapping[str, Any]] | None = None
) -> str:
    """The document of a role that one service of AWS may take, under conditions on whose resource it acts for."""
    said = allow(actions, [], principal={"Service": service}, when=when)
    del said["Resource"]
    return json.dumps(_document([said]))


def document(*statements: Statement) -> pulumi.Output[str]:
    """A policy as JSON; statements may hold outputs."""
    return pulumi.Output.json_dumps(_document(statements))


def _document(statements: Sequence[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def tls_only(bucket: Text) -> Statement:
    """Forbid everything on a bucket, by its ARN, that does not come over TLS."""
    return deny(["s3:*"], [bucket, pulumi.Output.concat(bucket, "/*")], {"Bool": {"aws:SecureTransport": "false"}})
