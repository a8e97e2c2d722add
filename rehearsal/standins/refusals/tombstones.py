"""What stays of a resource after it was deleted: names that a cloud keeps for days, or for ever.

Sources: the reference pages of each service on deletion and recovery (KMS ScheduleKeyDeletion, Secrets Manager
DeleteSecret, S3 Object Lock, Cloud KMS "object deletion", IAM "undelete a role", Key Vault soft delete, Log Analytics
workspace deletion, Cognitive Services and App Configuration soft delete, Cloud Logging bucket deletion).
"""

from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.standins.refusals.rules import Inputs, number_of, value_of
from rehearsal.standins.refusals.scopes import key_of
from rehearsal.standins.refusals.values import plain
from rehearsal.standins.refusals.world import Gone, Tombstone

_SOFT, _NEVER, _PENDING = Gone.SOFT_DELETED, Gone.NEVER_DELETED, Gone.PENDING_DELETION
_AGAIN = "write another generation into the name"


def tombstone(
    package: str, token: str, inputs: Mapping[str, Any], provider: Mapping[str, Any] | None = None
) -> Tombstone | None:
    """Return what a resource of these inputs leaves behind when it is deleted; None if nothing.

    The provider's configuration makes the scope exact (account, region, project); without it, the scope is that of
    inputs alone, and a resource is compared with tombstones in both ways.
    """
    said = plain(inputs)
    make = _MAKERS.get(token)
    found = make(said) if make else None
    if found is None:
        return None
    kind, days, text = found
    scope = "" if token in _NAMELESS else key_of(package, token, said, plain(provider or {})) or ""
    return Tombstone(kind, scope, days, text)


_Found = tuple[Gone, int | None, str]
_NAMELESS = {
    "aws:kms/key:Key",
    "gcp:projects/iAMCustomRole:IAMCustomRole",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig",
    "azure-native:keyvault:Key",
    "azure-native:operationalinsights:Workspace",
}
"""Types that stay for a while without refusing their name: it is free, or the same name brings the old one back."""


def _kms_key(said: Inputs) -> _Found:
    days = int(number_of(said.get("deletionWindowInDays")) or 30)
    return _PENDING, days, f"the key waits {days} days for its deletion; its alias is free at once"


def _secret(said: Inputs) -> _Found | None:
    window = said.get("recoveryWindowInDays")
    days = 30 if window is None else int(number_of(window) or 0)
    if days == 0:
        return None
    why = f"a secret of this name is scheduled for deletion ({days} days)"
    return _SOFT, days, f"InvalidRequestException: {why}: restore it or {_AGAIN}"


def _bucket(said: Inputs) -> _Found | None:
    if said.get("objectLockEnabled") is not True:
        return None
    return (
        _PENDING,
        None,
        f"BucketAlreadyOwnedByYou: locked objects keep the bucket until their retention ends: {_AGAIN}",
    )


def _never(what: str) -> Callable[[Inputs], _Found]:
    return lambda _: (_NEVER, None, f"409 alreadyExists: a {what} is never deleted: import it or {_AGAIN}")


def _vault(said: Inputs) -> _Found:
    days = int(number_of(value_of(said, "properties.softDeleteRetentionInDays")) or 90)
    kept = value_of(said, "properties.enablePurgeProtection") is True
    way = "it cannot be purged before that" if kept else "recover it, purge it"
    return (
        _SOFT,
        days,
        f"409 ConflictError: a deleted but recoverable vault has this name for {days} days: {way} or {_AGAIN}",
    )


def _immutable(said: Inputs) -> _Found | None:
    policy = value_of(said, "immutableStorageWithVersioning.immutabilityPolicy")
    if not isinstance(policy, Mapping) or policy.get("state") != "Locked":
        return None
    days = int(number_of(policy.get("immutabilityPeriodSinceCreationInDays")) or 0)
    return _PENDING, days, f"409 StorageAccountAlreadyTaken: locked blobs keep the account for {days} days: {_AGAIN}"


def _workspace(_: Inputs) -> _Found:
    return _SOFT, 14, "for 14 days, a workspace of the same name and group is the deleted one with its old data"


def _role(_: Inputs) -> _Found:
    return _SOFT, 37, "for 7 days the same role comes back; until day 37 its id cannot be used at all"


def _log_bucket(_: Inputs) -> _Found:
    return _PENDING, 7, "the bucket waits 7 days for its deletion"


def _vault_key(_: Inputs) -> _Found:
    return _NEVER, None, "Azure Resource Manager deletes no keys: the key goes with its vault"


def _days(days: int, code: str, what: str) -> Callable[[Inputs], _Found]:
    return lambda _: (_SOFT, days, f"{code}: a deleted {what} has this name for {days} days: restore it or {_AGAIN}")


def _configuration(said: Inputs) -> _Found | None:
    if str(value_of(said, "sku.name")).lower() in ("free", "developer"):
        return None
    days = int(number_of(said.get("softDeleteRetentionInDays")) or 7)
    return _SOFT, days, f"409 NameUnavailable: a deleted store has this name for {days} days: recover it or {_AGAIN}"


_MAKERS: Mapping[str, Callable[[Inputs], _Found | None]] = {
    "aws:kms/key:Key": _kms_key,
    "aws:secretsmanager/secret:Secret": _secret,
    "aws:s3/bucket:Bucket": _bucket,
    "gcp:kms/keyRing:KeyRing": _never("key ring"),
    "gcp:kms/cryptoKey:CryptoKey": _never("key"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": _role,
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": _log_bucket,
    "azure-native:keyvault:Vault": _vault,
    "azure-native:keyvault:Key": _vault_key,
    "azure-native:storage:StorageAccount": _immutable,
    "azure-native:operationalinsights:Workspace": _workspace,
    "azure-native:cognitiveservices:Account": _days(2, "409 FlagMustBeSetForRestore", "account"),
    "azure-native:appconfiguration:ConfigurationStore": _configuration,
}
"""The types that leave something behind. Service accounts of GCP do not: a new one of the name may be made at once."""
