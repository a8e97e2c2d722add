"""What AWS refuses for want of a policy beside it: of keys for logs and trails, of buckets for trails and access logs.

IAM itself is not evaluated: a policy counts as enough if it names the service, or lets anybody write.
"""

import json
from collections.abc import Iterator

from rehearsal.standins.refusals.places import everything
from rehearsal.standins.refusals.rules import Inputs, value_of
from rehearsal.standins.refusals.values import UNKNOWN, Problem, known
from rehearsal.standins.refusals.world import Stored, World, from_outside

_KEYS = {
    "aws:cloudwatch/logGroup:LogGroup": ("logs.", "AccessDeniedException: the key is not allowed to be used with it"),
    "aws:cloudtrail/trail:Trail": ("cloudtrail.amazonaws.com", "InsufficientEncryptionPolicyException"),
}
"""Type -> the service that its key's policy must name, and the code without it."""
_BUCKETS = {
    "aws:cloudtrail/trail:Trail": (
        "s3BucketName",
        ("cloudtrail.amazonaws.com",),
        "InsufficientS3BucketPolicyException",
    ),
    "aws:lb/loadBalancer:LoadBalancer": (
        "accessLogs.bucket",
        ("elasticloadbalancing", "s3:PutObject", "s3:*"),
        "InvalidConfigurationRequest: Access Denied for bucket",
    ),
}


def permitted(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    """Yield the key or bucket of a resource whose own policy does not let the service in."""
    yield from _key(token, inputs, world)
    yield from _bucket(token, inputs, world)


def _key(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    service, code = _KEYS.get(token, ("", ""))
    said = inputs.get("kmsKeyId")
    if not service or not isinstance(said, str) or not known(said) or from_outside(world, said):
        return
    keys = world.resources("aws", "aws:kms/key:Key")
    key = next(
        (one for one in keys if said in (one.id, everything(one).get("arn"), everything(one).get("keyId"))), None
    )
    if key is None:
        return
    policies = [_text(key.inputs.get("policy"))]
    policies += [
        _text(one.inputs.get("policy"))
        for one in world.resources("aws", "aws:kms/keyPolicy:KeyPolicy")
        if one.inputs.get("keyId") in (key.id, everything(key).get("arn"))
    ]
    if not any(service in policy or UNKNOWN in policy for policy in policies):
        why = f"the policy of key {key.id} does not name {service}…"
        yield Problem("kmsKeyId", f"{code}: {why}: write the service into it as Principal, and depend on it")


def _bucket(token: str, inputs: Inputs, world: World) -> Iterator[Problem]:
    path, words, code = _BUCKETS.get(token, ("", (), ""))
    name = value_of(inputs, path) if path else None
    if not isinstance(name, str) or not known(name) or from_outside(world, name):
        return
    buckets = [one for one in world.resources("aws") if one.token.startswith("aws:s3/bucket")]
    if not any(_is(one, name) for one in buckets):
        return  # a bucket that is not there is refused by others
    policies = [
        _text(one.inputs.get("policy")) for one in buckets if one.inputs.get("bucket") == name or one.id == name
    ]
    if not any(word in policy or UNKNOWN in policy for policy in policies for word in words):
        why = f"no policy of bucket {name} lets it write"
        yield Problem(path, f"{code}: {why}: write a BucketPolicy that does, and depend on it")


def _is(stored: Stored, name: str) -> bool:
    return stored.token.startswith(("aws:s3/bucket:", "aws:s3/bucketV2:")) and name in (
        stored.id,
        everything(stored).get("bucket"),
    )


def _text(policy: object) -> str:
    return policy if isinstance(policy, str) else json.dumps(policy)
