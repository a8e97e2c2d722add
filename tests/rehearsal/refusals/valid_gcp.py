"""Inputs of a production region on GCP that must pass: a false refusal is as bad as a missing one."""

from typing import Any

from tests.rehearsal.refusals.gcp_values import (
    BACKEND,
    BASE,
    CERTIFICATE,
    CHECK,
    KEY,
    LABELS,
    NETWORK,
    NODE,
    POLICY,
    PROJECT,
    PROXY,
    REGION,
    RING,
    SUBNET,
    TLS,
    URLS,
)

CLUSTER: dict[str, Any] = {
    "name": "meridian",
    "location": REGION,
    "nodeLocations": [f"{REGION}-a", f"{REGION}-b"],
    "network": BASE + NETWORK,
    "subnetwork": BASE + SUBNET,
    "initialNodeCount": 1,
    "removeDefaultNodePool": True,
    "releaseChannel": {"channel": "REGULAR"},
    "datapathProvider": "ADVANCED_DATAPATH",
    "inTransitEncryptionConfig": "IN_TRANSIT_ENCRYPTION_INTER_NODE_TRANSPARENT",
    "databaseEncryption": {"state": "ENCRYPTED", "keyName": KEY},
    "workloadIdentityConfig": {"workloadPool": f"{PROJECT}.svc.id.goog"},
    "privateClusterConfig": {"enablePrivateNodes": True, "masterGlobalAccessConfig": {"enabled": False}},
    "controlPlaneEndpointsConfig": {
        "dnsEndpointConfig": {"allowExternalTraffic": True},
        "ipEndpointsConfig": {"enabled": False},
    },
    "ipAllocationPolicy": {"clusterSecondaryRangeName": "pods", "servicesSecondaryRangeName": "services"},
    "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"]},
    "monitoringConfig": {"enableComponents": ["SYSTEM_COMPONENTS"], "managedPrometheus": {"enabled": True}},
    "securityPostureConfig": {"mode": "BASIC", "vulnerabilityMode": "VULNERABILITY_DISABLED"},
    "binaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
    "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
    "enableShieldedNodes": True,
    "networkingMode": "VPC_NATIVE",
    "deletionProtection": True,
    "resourceLabels": LABELS,
}
POOL: dict[str, Any] = {
    "name": "h100-spot",
    "cluster": "meridian",
    "location": REGION,
    "nodeLocations": [f"{REGION}-b"],
    "initialNodeCount": 0,
    "autoscaling": {"minNodeCount": 0, "maxNodeCount": 6, "locationPolicy": "ANY"},
    "management": {"autoRepair": True, "autoUpgrade": True},
    "upgradeSettings": {"strategy": "SURGE", "maxSurge": 1, "maxUnavailable": 0},
    "nodeConfig": {
        "machineType": "a3-highgpu-8g",
        "spot": True,
        "diskSizeGb": 500,
        "diskType": "pd-ssd",
        "bootDiskKmsKey": KEY,
        "serviceAccount": NODE,
        "oauthScopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "guestAccelerators": [
            {
                "type": "nvidia-h100-80gb",
                "count": 8,
                "gpuDriverInstallationConfig": {"gpuDriverVersion": "LATEST"},
            }
        ],
        "workloadMetadataConfig": {"mode": "GKE_METADATA"},
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"}],
        "labels": {"meridian.dev/pool": "h100-spot"},
        "kubeletConfig": {"shutdownGracePeriodSeconds": 120, "shutdownGracePeriodCriticalPodsSeconds": 15},
        "reservationAffinity": {"consumeReservationType": "NO_RESERVATION"},
    },
}
WAF: dict[str, Any] = {
    "name": "entry-new",
    "region": REGION,
    "type": "CLOUD_ARMOR",
    "advancedOptionsConfig": {"requestBodyInspectionSize": "64KB", "jsonParsing": "STANDARD", "logLevel": "NORMAL"},
    "rules": [
        {
            "action": "throttle",
            "priority": 100,
            "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
            "rateLimitOptions": {
                "conformAction": "allow",
                "exceedAction": "deny(429)",
                "enforceOnKey": "IP",
                "rateLimitThreshold": {"count": 600, "intervalSec": 60},
            },
        },
        {
            "action": "deny(403)",
            "priority": 200,
            "match": {"expr": {"expression": "evaluatePreconfiguredWaf('sqli-v33-stable')"}},
        },
        {
            "action": "allow",
            "priority": 2147483647,
            "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["*"]}},
        },
    ],
}
INPUTS: list[tuple[str, dict[str, Any]]] = [
    ("gcp:compute/network:Network", {"name": "other", "autoCreateSubnetworks": False, "routingMode": "REGIONAL"}),
    (
        "gcp:compute/subnetwork:Subnetwork",
        {
            "name": "nodes-2",
            "network": NETWORK,
            "region": REGION,
            "ipCidrRange": "10.65.0.0/20",
            "secondaryIpRanges": [
                {"rangeName": "pods", "ipCidrRange": "10.68.0.0/14"},
                {"rangeName": "services", "ipCidrRange": "10.66.0.0/20"},
            ],
            "privateIpGoogleAccess": True,
            "logConfig": {
                "aggregationInterval": "INTERVAL_5_SEC",
                "flowSampling": 0.5,
                "metadata": "INCLUDE_ALL_METADATA",
            },
        },
    ),
    (
        "gcp:compute/subnetwork:Subnetwork",
        {
            "name": "proxies",
            "network": NETWORK,
            "region": REGION,
            "ipCidrRange": "10.67.0.0/23",
            "purpose": "REGIONAL_MANAGED_PROXY",
            "role": "ACTIVE",
        },
    ),
    (
        "gcp:compute/firewall:Firewall",
        {
            "name": "health",
            "network": NETWORK,
            "direction": "INGRESS",
            "priority": 1000,
            "allows": [{"protocol": "tcp", "ports": ["30443"]}],
            "sourceRanges": ["130.211.0.0/22", "35.191.0.0/16"],
            "targetTags": ["gateway"],
            "logConfig": {"metadata": "INCLUDE_ALL_METADATA"},
        },
    ),
    ("gcp:compute/router:Router", {"name": "nat", "network": NETWORK, "region": REGION}),
    (
        "gcp:compute/routerNat:RouterNat",
        {
            "name": "nat",
            "router": "meridian",
            "region": REGION,
            "natIpAllocateOption": "AUTO_ONLY",
            "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES",
            "logConfig": {"enable": True, "filter": "ERRORS_ONLY"},
        },
    ),
    ("gcp:compute/address:Address", {"name": "entry", "region": REGION, "networkTier": "STANDARD"}),
    (
        "gcp:compute/regionHealthCheck:RegionHealthCheck",
        {
            "name": "ready",
            "region": REGION,
            "checkIntervalSec": 5,
            "timeoutSec": 3,
            "httpsHealthCheck": {"port": 30443, "requestPath": "/-/ready", "response": "served:ok"},
        },
    ),
    (
        "gcp:compute/regionBackendService:RegionBackendService",
        {
            "name": "gateway-2",
            "region": REGION,
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "protocol": "HTTPS",
            "portName": "gateway",
            "timeoutSec": 900,
            "healthChecks": CHECK,
            "securityPolicy": POLICY,
            "localityLbPolicy": "LEAST_REQUEST",
            "backends": [
                {
                    "group": f"{BASE}projects/{PROJECT}/zones/{REGION}-a/instanceGroups/gke-meridian-gateway",
                    "balancingMode": "UTILIZATION",
                    "capacityScaler": 1.0,
                    "maxUtilization": 0.8,
                }
            ],
            "logConfig": {"enable": True, "sampleRate": 1.0},
        },
    ),
    ("gcp:compute/regionUrlMap:RegionUrlMap", {"name": "urls", "region": REGION, "defaultService": BACKEND}),
    (
        "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy",
        {
            "name": "proxy",
            "region": REGION,
            "urlMap": URLS,
            "certificateManagerCertificates": [f"//certificatemanager.googleapis.com/{CERTIFICATE}"],
            "sslPolicy": TLS,
        },
    ),
    (
        "gcp:compute/forwardingRule:ForwardingRule",
        {
            "name": "entry",
            "region": REGION,
            "loadBalancingScheme": "EXTERNAL_MANAGED",
            "network": NETWORK,
            "networkTier": "STANDARD",
            "portRange": "443",
            "ipProtocol": "TCP",
            "target": PROXY,
        },
    ),
    ("gcp:compute/regionSecurityPolicy:RegionSecurityPolicy", WAF),
    (
        "gcp:compute/regionSslPolicy:RegionSslPolicy",
        {"name": "tls", "region": REGION, "minTlsVersion": "TLS_1_2", "profile": "RESTRICTED"},
    ),
    ("gcp:compute/instanceGroupNamedPort:InstanceGroupNamedPort", {"group": "gke-x", "name": "gateway", "port": 30443}),
    ("gcp:container/cluster:Cluster", CLUSTER),
    ("gcp:container/nodePool:NodePool", POOL),
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
