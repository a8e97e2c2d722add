"""Reads IAM policy documents as IAM does before it stores them: form, versions, statements and principals."""

import fnmatch
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.standins.refusals.values import UNKNOWN, Hidden, Problem, known

_CODE = "MalformedPolicyDocument"
_STATEMENT = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+")
_AWS_PRINCIPAL = re.compile(r"\*|\d{12}|arn:[\w-]+:(iam|sts)::(\d{12}|cloudfront):.+|(AROA|AIDA|AGPA|AIPA)[A-Z0-9]+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazonaws\.eu|amazon\.com|internal|aws)")
_RESOURCE = re.compile(r"\*|arn:[\w*?-]+:[^:]*:[^:]*:[^:]*:.+")
_SID = re.compile(r"[a-zA-Z0-9]*")


@dataclass(frozen=True)
class Place:
    """Where a policy document stands, and what it is for."""

    path: str
    form: str
    """`identity` (no principal), `trust` (no resource) or `resource` (both)."""
    longest: int
    """Characters without white space."""


PLACES: Mapping[str, tuple[Place, ...]] = {
    "aws:iam/role:Role": (Place("assumeRolePolicy", "trust", 4096),),
    "aws:iam/policy:Policy": (Place("policy", "identity", 6144),),
    "aws:iam/rolePolicy:RolePolicy": (Place("policy", "identity", 10240),),
    "aws:kms/key:Key": (Place("policy", "resource", 32768),),
    "aws:kms/keyPolicy:KeyPolicy": (Place("policy", "resource", 32768),),
    "aws:s3/bucketPolicy:BucketPolicy": (Place("policy", "resource", 20480),),
    "aws:sqs/queue:Queue": (Place("policy", "resource", 65536),),
    "aws:sqs/queuePolicy:QueuePolicy": (Place("policy", "resource", 65536),),
    "aws:sns/topic:Topic": (Place("policy", "resource", 30720),),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": (Place("policy", "repository", 10240),),
    "aws:secretsmanager/secret:Secret": (Place("policy", "resource", 20480),),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (Place("policy", "resource", 20480),),
}
"""Where policies stand, with the quotas of the services' reference pages."""


def policy_problems(token: str, inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with the policy documents of a resource."""
    for place in PLACES.get(token, ()):
        said = inputs.get(place.path)
        if known(said) and said != "" and UNKNOWN not in str(said):
            found = list(_document(said, place))
            yield from found or _of_owner(token, inputs, place, said)


def _of_owner(token: str, inputs: Mapping[str, Any], place: Place, said: Any) -> Iterator[Problem]:
    """Yield what is well formed, but not for this resource."""
    document = json.loads(said) if isinstance(said, str) else said
    statements = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
    checked = token.startswith("aws:kms/") and inputs.get("bypassPolicyLockoutSafetyCheck") is not True
    if checked and not any(_lets_change(statement) for statement in statements):
        why = "The new key policy will not allow you to update the key policy in the future"
        advice = "write a statement that allows kms:* to the account"
        yield Problem(place.path, f"MalformedPolicyDocumentException: {why}: {advice}")
    bucket = inputs.get("bucket")
    if token.startswith("aws:s3/bucketPolicy:") and isinstance(bucket, str) and known(bucket):
        yield from _of_bucket(bucket, statements, place)


def _of_bucket(bucket: str, statements: list[Any], place: Place) -> Iterator[Problem]:
    for number, statement in enumerate(statements):
        for resource in _many(statement.get("Resource", [])):
            named = resource.partition(":::")[2].partition("/")[0]
            if resource != "*" and not fnmatch.fnmatchcase(bucket, named):
                path = f"{place.path}.Statement[{number}].Resource"
                why = "Policy has invalid resource"
                yield Problem(path, f"MalformedPolicy: {why}: write arn:aws:s3:::{bucket}, with '/*' for its objects")


def _lets_change(statement: Mapping[str, Any]) -> bool:
    actions = _many(statement.get("Action", []))
    matched = any(fnmatch.fnmatchcase("kms:putkeypolicy", str(action).lower()) for action in actions)
    return statement.get("Effect") == "Allow" and (matched or "NotAction" in statement)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _document(said: Any, place: Place) -> Iterator[Problem]:
    document = said
    if isinstance(said, str):
        try:
            document = json.loads(said)
        except ValueError as error:
            why = "" if isinstance(said, Hidden) else f" ({error})"
            yield Problem(place.path, f"{_CODE}: Syntax errors in policy{why}: write JSON, best by json.dumps")
            return
    if not isinstance(document, Mapping):
        yield Problem(place.path, f"{_CODE}: a policy is an object: write Version and Statement")
        return
    size = len(re.sub(r"\s", "", said if isinstance(said, str) else json.dumps(document)))
    if size > place.longest:
        yield Problem(place.path, f"LimitExceeded: {size} characters: write at most {place.longest}")
    if document.get("Version", "2008-10-17") not in ("2012-10-17", "2008-10-17"):
        yield Problem(f"{place.path}.Version", f"{_CODE}: The policy must contain a valid version: write '2012-10-17'")
    unknown = set(document) - {"Version", "Id", "Statement"}
    for name in sorted(unknown):
        yield Problem(f"{place.path}.{name}", f"{_CODE}: no such element: write Version, Id, Statement")
    yield from _statements(document.get("Statement"), place)


def _statements(said: Any, place: Place) -> Iterator[Problem]:
    statements = said if isinstance(said, list) else [said]
    if said is None or not statements:
        yield Problem(f"{place.path}.Statement", f"{_CODE}: a policy without a statement: write one")
        return
    sids: set[str] = set()
    for number, statement in enumerate(statements):
        path = f"{place.path}.Statement[{number}]"
        if not isinstance(statement, Mapping):
            yield Problem(path, f"{_CODE}: a statement is an object: write Effect, Action, Resource")
            continue
        sid = statement.get("Sid")
        if isinstance(sid, str) and sid in sids:
            yield Problem(f"{path}.Sid", f"{_CODE}: Statement IDs (SID) in a single policy must be unique")
        if isinstance(sid, str):
            sids.add(sid)
        yield from _statement(statement, path, place)


def _statement(statement: Mapping[str, Any], path: str, place: Place) -> Iterator[Problem]:
    for name in sorted(set(statement) - _STATEMENT):
        yield Problem(f"{path}.{name}", f"{_CODE}: no such element: write one of {', '.join(sorted(_STATEMENT))}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        yield Problem(f"{path}.Effect", f"{_CODE}: Effect is needed and case matters: write 'Allow' or 'Deny'")
    sid = statement.get("Sid", "")
    if place.form in ("identity", "trust") and not _SID.fullmatch(str(sid)):
        yield Problem(f"{path}.Sid", f"{_CODE}: Statement IDs (SID) must be alpha-numeric: leave out what is not")
    yield from _either(statement, path, "Action", "NotAction")
    yield from _texts(statement, path, ("Action", "NotAction"), _ACTION, "a service and a call such as 's3:GetObject'")
    if place.form in ("identity", "resource"):
        yield from _either(statement, path, "Resource", "NotResource")
        yield from _texts(statement, path, ("Resource", "NotResource"), _RESOURCE, "an ARN or '*'")
    elif place.form == "trust" and "Resource" in statement:
        yield Problem(f"{path}.Resource", f"{_CODE}: Has prohibited field Resource: leave it out")
    yield from _principals(statement, path, place)


def _either(statement: Mapping[str, Any], path: str, name: str, opposite: str) -> Iterator[Problem]:
    said = [one for one in (name, opposite) if statement.get(one) not in (None, [], "")]
    if not said:
        yield Problem(f"{path}.{name}", f"{_CODE}: Missing required field {name}: write {name}")
    if len(said) == 2:
        yield Problem(f"{path}.{opposite}", f"{_CODE}: stands beside {name}: write just one of them")


def _texts(
    statement: Mapping[str, Any], path: str, names: tuple[str, ...], pattern: re.Pattern[str], advice: str
) -> Iterator[Problem]:
    for name in names:
        said = statement.get(name, [])
        for one in said if isinstance(said, list) else [said]:
            if not isinstance(one, str) or not pattern.fullmatch(one):
                yield Problem(f"{path}.{name}", f"{_CODE}: not in the form that IAM knows: write {advice}")


def _principals(statement: Mapping[str, Any], path: str, place: Place) -> Iterator[Problem]:
    said = [name for name in ("Principal", "NotPrincipal") if name in statement]
    if place.form == "identity":
        for name in said:
            yield Problem(f"{path}.{name}", f"{_CODE}: Policy document should not specify a principal: leave it out")
        return
    if not said:
        yield Problem(f"{path}.Principal", f"{_CODE}: Missing required field Principal: write who is meant")
    for name in said:
        yield from _principal(statement[name], f"{path}.{name}")


def _principal(said: Any, path: str) -> Iterator[Problem]:
    code = f"{_CODE}: Invalid principal in policy"
    if said == "*":
        return
    if not isinstance(said, Mapping):
        yield Problem(path, f"{code}: write '*' or an object with {', '.join(_PRINCIPALS)}")
        return
    for kind, value in said.items():
        if kind not in _PRINCIPALS:
            yield Problem(f"{path}.{kind}", f"{code}: no such kind: write one of {', '.join(_PRINCIPALS)}")
            continue
        for one in value if isinstance(value, list) else [value]:
            if kind == "AWS" and not (isinstance(one, str) and _AWS_PRINCIPAL.fullmatch(one)):
                yield Problem(f"{path}.AWS", f"{code}: write an account's number, the ARN of a role or user, or '*'")
            if kind == "Service" and not (isinstance(one, str) and _SERVICE.fullmatch(one)):
                yield Problem(f"{path}.Service", f"{code}: write a service such as 'eks.amazonaws.com'")
