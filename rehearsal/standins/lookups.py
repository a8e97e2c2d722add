"""Answers to lookups (invokes) that a stack makes of its clouds."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.standins import lookups_aws
from rehearsal.standins.identity import ACCOUNT, PROJECT, SUBSCRIPTION, TENANT
from rehearsal.standins.refusals.places import account_of
from rehearsal.world import World

Values = Mapping[str, Any]


class UnknownLookup(LookupError):
    """A lookup that no stand-in answers; the text says so and what to do."""


def answer(token: str, said: Values, provider: Values, world: World) -> dict[str, Any]:
    """Return what a cloud answers; raises UnknownLookup, or NothingFound as a cloud does."""
    if token not in _ANSWERS:
        message = (
            f"no stand-in answers the lookup {token}: pass the value in, or add it to rehearsal/standins/lookups.py"
        )
        raise UnknownLookup(message)
    return _ANSWERS[token](said, provider, world)


def _identity(_: Values, provider: Values, __: World) -> dict[str, Any]:
    account = account_of(provider) or ACCOUNT
    arn = f"arn:aws:sts::{account}:assumed-role/rehearsal/session"
    return {"accountId": account, "arn": arn, "userId": "AROAREHEARSAL:session", "id": account}


def _region(said: Values, provider: Values, _: World) -> dict[str, Any]:
    name = said.get("region") or said.get("name") or provider.get("region") or "us-east-1"
    return {"name": name, "region": name, "id": name, "description": name, "endpoint": f"ec2.{name}.amazonaws.com"}


def _partition(_: Values, provider: Values, __: World) -> dict[str, Any]:
    china = str(provider.get("region", "")).startswith("cn-")
    name, suffix = ("aws-cn", "amazonaws.com.cn") if china else ("aws", "amazonaws.com")
    return {"partition": name, "dnsSuffix": suffix, "id": name, "reverseDnsPrefix": ".".join(suffix.split(".")[::-1])}


def _zones(_: Values, provider: Values, __: World) -> dict[str, Any]:
    region = provider.get("region") or "us-east-1"
    return {"names": [f"{region}{letter}" for letter in "abc"], "id": region, "region": region, "groupNames": [region]}


def _policy(said: Values, _: Values, __: World) -> dict[str, Any]:
    statements = [_statement(statement) for statement in said.get("statements") or []]
    text = json.dumps({"Version": said.get("version") or "2012-10-17", "Statement": statements}, indent=2)
    return {
        "json": text,
        "minifiedJson": json.dumps(json.loads(text)),
        "id": hashlib.sha256(text.encode()).hexdigest()[:10],
    }


_PLAIN = {
    "sid": "Sid", "effect": "Effect", "actions": "Action", "notActions": "NotAction", "resources": "Resource",
    "notResources": "NotResource",
}  # fmt: skip


def _statement(said: Values) -> dict[str, Any]:
    found = {wire: said[name] for name, wire in _PLAIN.items() if said.get(name)} | {}
    found.setdefault("Effect", "Allow")
    for name, wire in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        who = {one["type"]: one["identifiers"] for one in said.get(name) or []}
        if who:
            found[wire] = "*" if who == {"*": ["*"]} else who
    conditions: dict[str, dict[str, Any]] = {}
    for one in said.get("conditions") or []:
        conditions.setdefault(one["test"], {})[one["variable"]] = one["values"]
    return {**found, "Condition": conditions} if conditions else found


def _aws_zone(said: Values, _: Values, world: World) -> dict[str, Any]:
    name = str(said.get("name") or "").rstrip(".")
    zone_id = said.get("zoneId") or f"Z{hashlib.sha256(name.encode()).hexdigest()[:20].upper()}"
    arn = f"arn:aws:route53:::hostedzone/{zone_id}"
    world.note_outside(zone_id, arn)
    return {"id": zone_id, "zoneId": zone_id, "name": name, "arn": arn, "nameServers": [], "privateZone": False}


def _gcp_client(_: Values, provider: Values, __: World) -> dict[str, Any]:
    project, region = provider.get("project") or PROJECT, provider.get("region") or ""
    return {"project": project, "region": region, "zone": "", "accessToken": "rehearsal", "id": project}


def _gcp_project(said: Values, provider: Values, _: World) -> dict[str, Any]:
    project = said.get("projectId") or provider.get("project") or PROJECT
    number = str(int(hashlib.sha256(project.encode()).hexdigest(), 16))[:12]
    return {"projectId": project, "number": number, "name": project, "id": f"projects/{project}", "labels": {}}


def _azure_client(_: Values, provider: Values, __: World) -> dict[str, Any]:
    return {
        "clientId": TENANT,
        "objectId": TENANT,
        "subscriptionId": provider.get("subscriptionId") or SUBSCRIPTION,
        "tenantId": provider.get("tenantId") or TENANT,
    }


_ANSWERS: Mapping[str, Callable[[Values, Values, World], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:iam/getPolicyDocument:getPolicyDocument": _policy,
    "aws:route53/getZone:getZone": _aws_zone,
    **lookups_aws.ANSWERS,
    "gcp:organizations/getClientConfig:getClientConfig": _gcp_client,
    "gcp:organizations/getProject:getProject": _gcp_project,
    "azure-native:authorization:getClientConfig": _azure_client,
}
