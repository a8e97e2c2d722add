"""What stays after a deletion, for how long, and what it refuses."""

from typing import Any

import pytest

from rehearsal.standins.refusals import Gone, on_create, tombstone
from tests.rehearsal.refusals.aws_values import PROVIDER
from tests.rehearsal.refusals.memory import MemoryWorld

VAULT: dict[str, Any] = {"vaultName": "meridian-g1", "properties": {"softDeleteRetentionInDays": 7}}
LOCKED = {"immutabilityPolicy": {"state": "Locked", "immutabilityPeriodSinceCreationInDays": 400}}
KEPT: list[tuple[str, dict[str, Any], Gone, int | None, bool]] = [
    ("aws:kms/key:Key", {"deletionWindowInDays": 7}, Gone.PENDING_DELETION, 7, False),
    ("aws:kms/key:Key", {}, Gone.PENDING_DELETION, 30, False),
    ("aws:secretsmanager/secret:Secret", {"name": "a"}, Gone.SOFT_DELETED, 30, True),
    ("aws:s3/bucket:Bucket", {"bucket": "b", "objectLockEnabled": True}, Gone.PENDING_DELETION, None, True),
    ("gcp:kms/keyRing:KeyRing", {"name": "r", "location": "europe-west4"}, Gone.NEVER_DELETED, None, True),
    ("gcp:kms/cryptoKey:CryptoKey", {"name": "k", "keyRing": "projects/p/x"}, Gone.NEVER_DELETED, None, True),
    ("gcp:projects/iAMCustomRole:IAMCustomRole", {"roleId": "reader"}, Gone.SOFT_DELETED, 37, False),
    ("gcp:logging/projectBucketConfig:ProjectBucketConfig", {"bucketId": "audit"}, Gone.PENDING_DELETION, 7, False),
    ("azure-native:keyvault:Vault", VAULT, Gone.SOFT_DELETED, 7, True),
    ("azure-native:keyvault:Key", {"keyName": "etcd", "vaultName": "v"}, Gone.NEVER_DELETED, None, False),
    ("azure-native:operationalinsights:Workspace", {"workspaceName": "audit"}, Gone.SOFT_DELETED, 14, False),
    ("azure-native:cognitiveservices:Account", {"accountName": "a"}, Gone.SOFT_DELETED, 2, False),
    (
        "azure-native:storage:StorageAccount",
        {"accountName": "audit", "immutableStorageWithVersioning": LOCKED},
        Gone.PENDING_DELETION,
        400,
        True,
    ),
]


@pytest.mark.parametrize(("token", "inputs", "kind", "days", "taken"), KEPT)
def test_it_stays(token: str, inputs: dict[str, Any], kind: Gone, days: int | None, taken: bool) -> None:
    stone = tombstone(token.split(":")[0], token, inputs)
    assert stone is not None
    assert (stone.kind, stone.days, bool(stone.scope)) == (kind, days, taken)
    assert stone.text


GONE: list[tuple[str, dict[str, Any]]] = [
    ("aws:secretsmanager/secret:Secret", {"name": "a", "recoveryWindowInDays": 0}),
    ("aws:s3/bucket:Bucket", {"bucket": "b"}),
    ("aws:kms/alias:Alias", {"name": "alias/a"}),
    ("gcp:serviceaccount/account:Account", {"accountId": "engine"}),
    ("azure-native:storage:StorageAccount", {"accountName": "weights"}),
    ("azure-native:appconfiguration:ConfigurationStore", {"configStoreName": "a", "sku": {"name": "Free"}}),
]


@pytest.mark.parametrize(("token", "inputs"), GONE)
def test_it_goes_at_once(token: str, inputs: dict[str, Any]) -> None:
    assert tombstone(token.split(":")[0], token, inputs) is None


def test_a_name_that_is_kept_in_one_region_is_free_in_another() -> None:
    token, said = "aws:secretsmanager/secret:Secret", {"name": "meridian/acme"}
    stone = tombstone("aws", token, said, PROVIDER)
    assert stone is not None
    world = MemoryWorld((), (stone,))
    assert [each.path for each in on_create("aws", token, said, PROVIDER, world)] == ["name"]
    assert on_create("aws", token, said, {**PROVIDER, "region": "us-east-1"}, world) == []


def test_a_tombstone_that_knows_no_provider_keeps_the_name_everywhere() -> None:
    token, said = "aws:secretsmanager/secret:Secret", {"name": "meridian/acme"}
    stone = tombstone("aws", token, said)
    assert stone is not None
    assert on_create("aws", token, said, PROVIDER, MemoryWorld((), (stone,))) != []
