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
]
