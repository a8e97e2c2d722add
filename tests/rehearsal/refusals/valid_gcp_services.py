"""Keys, stores, identities and audit of a production region on GCP that must pass."""

from typing import Any

from tests.rehearsal.refusals.gcp_values import (
    KEY,
    LABELS,
    NODE,
    PROJECT,
    REGION,
    RING,
)

INPUTS: list[tuple[str, dict[str, Any]]] = [
    ("gcp:kms/keyRing:KeyRing", {"name": "meridian-g2", "location": REGION}),
    (
        "gcp:kms/cryptoKey:CryptoKey",
        {
            "name": "logs",
            "keyRing": RING,
            "purpose": "ENCRYPT_DECRYPT",
            "rotationPeriod": "7776000s",
            "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "HSM"},
            "labels": LABELS,
        },
    ),
    (
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        {
            "cryptoKeyId": KEY,
            "role": "roles/cloudkms.cryptoKeyEncrypterDecrypter",
            "member": "serviceAccount:service-123456789012@container-engine-robot.iam.gserviceaccount.com",
        },
    ),
    (
        "gcp:dns/managedZone:ManagedZone",
        {"name": "zone", "dnsName": "eu.example.com.", "dnssecConfig": {"state": "on"}},
    ),
    (
        "gcp:dns/recordSet:RecordSet",
        {"managedZone": "meridian", "name": "eu.example.com.", "type": "A", "ttl": 30, "rrdatas": ["192.0.2.1"]},
    ),
    (
        "gcp:storage/bucket:Bucket",
        {
            "name": "meridian-weights-europe-west4",
            "location": "EUROPE-WEST4",
            "storageClass": "STANDARD",
            "uniformBucketLevelAccess": True,
            "publicAccessPrevention": "enforced",
            "encryption": {"defaultKmsKeyName": KEY},
            "versioning": {"enabled": True},
            "softDeletePolicy": {"retentionDurationSeconds": 604800},
            "lifecycleRules": [{"action": {"type": "Delete"}, "condition": {"numNewerVersions": 3}}],
            "labels": LABELS,
        },
    ),
    ("gcp:serviceaccount/account:Account", {"accountId": "meridian-engine", "displayName": "Engine"}),
    (
        "gcp:projects/iAMCustomRole:IAMCustomRole",
        {"roleId": "meridianReader", "title": "Reader", "permissions": ["storage.objects.get"], "stage": "GA"},
    ),
    (
        "gcp:projects/iAMMember:IAMMember",
        {"project": PROJECT, "role": "roles/logging.logWriter", "member": f"serviceAccount:{NODE}"},
    ),
    (
        "gcp:projects/iAMMember:IAMMember",
        {
            "project": PROJECT,
            "role": "roles/storage.objectViewer",
            "member": f"serviceAccount:{PROJECT}.svc.id.goog[model-llama-70b/engine]",
        },
    ),
    (
        "gcp:projects/iAMAuditConfig:IAMAuditConfig",
        {"project": PROJECT, "service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]},
    ),
    (
        "gcp:artifactregistry/repository:Repository",
        {
            "repositoryId": "meridian",
            "location": REGION,
            "format": "DOCKER",
            "kmsKeyName": KEY,
            "dockerConfig": {"immutableTags": True},
            "labels": LABELS,
        },
    ),
    (
        "gcp:logging/projectBucketConfig:ProjectBucketConfig",
        {
            "project": PROJECT,
            "location": REGION,
            "bucketId": "audit",
            "retentionDays": 400,
            "cmekSettings": {"kmsKeyName": KEY},
        },
    ),
    (
        "gcp:logging/projectSink:ProjectSink",
        {
            "name": "audit",
            "destination": f"logging.googleapis.com/projects/{PROJECT}/locations/{REGION}/buckets/audit",
            "uniqueWriterIdentity": True,
        },
    ),
    (
        "gcp:certificatemanager/certificate:Certificate",
        {
            "name": "entry-2",
            "location": REGION,
            "managed": {
                "domains": ["eu.example.com"],
                "dnsAuthorizations": [f"projects/{PROJECT}/locations/{REGION}/dnsAuthorizations/eu"],
            },
        },
    ),
    (
        "gcp:certificatemanager/dnsAuthorization:DnsAuthorization",
        {"name": "eu-2", "location": REGION, "domain": "eu.example.com", "type": "PER_PROJECT_RECORD"},
    ),
    (
        "gcp:secretmanager/secret:Secret",
        {
            "secretId": "tenant-acme",
            "replication": {
                "userManaged": {"replicas": [{"location": REGION, "customerManagedEncryption": {"kmsKeyName": KEY}}]}
            },
        },
    ),
    (
        "gcp:secretmanager/regionalSecret:RegionalSecret",
        {"secretId": "tenant-acme", "location": REGION, "customerManagedEncryption": {"kmsKeyName": KEY}},
    ),
]
