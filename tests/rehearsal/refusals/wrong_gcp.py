"""What Google Cloud refuses, of one resource alone and because of what else there is, or was."""

from dataclasses import replace
from typing import Any

from rehearsal.standins.refusals import tombstone
from tests.rehearsal.refusals import valid_gcp, valid_gcp_services
from tests.rehearsal.refusals.cases import Cloud, Wrong
from tests.rehearsal.refusals.gcp_values import (
    BACKEND,
    CERTIFICATE,
    GRANT,
    KEY,
    NETWORK,
    PROJECT,
    PROVIDER,
    REGION,
    SUBNET,
    WORLD,
    gcp,
)
from tests.rehearsal.refusals.memory import Thing

GCP = Cloud("gcp", [*valid_gcp.INPUTS, *valid_gcp_services.INPUTS], PROVIDER, WORLD)
PATH = f"projects/{PROJECT}"
MODEL: list[Wrong] = [
    GCP.check("a channel of releases", "Cluster", "releaseChannel.channel", "FAST", "RAPID, REGULAR, STABLE"),
    GCP.check("a datapath by its product's name", "Cluster", "datapathProvider", "DATAPLANE_V2", "ADVANCED_DATAPATH"),
    GCP.check(
        "a component that logs nothing",
        "Cluster",
        "loggingConfig.enableComponents[2]",
        "AUDIT",
        "there is no such value",
    ),
    GCP.check("an encryption that is on", "Cluster", "databaseEncryption.state", "ON", "ENCRYPTED, DECRYPTED"),
    GCP.check("a pool's policy of places", "NodePool", "autoscaling.locationPolicy", "SPREAD", "BALANCED, ANY"),
    GCP.check(
        "a driver of GPUs",
        "NodePool",
        "nodeConfig.guestAccelerators[0].gpuDriverInstallationConfig.gpuDriverVersion",
        "570",
        "LATEST",
    ),
    GCP.check(
        "a taint as Kubernetes writes it", "NodePool", "nodeConfig.taints[0].effect", "NoSchedule", "NO_SCHEDULE"
    ),
    GCP.check("a pool of half a node", "NodePool", "autoscaling.maxNodeCount", 2.5, "a whole number"),
    GCP.check("a key's protection", "CryptoKey", "versionTemplate.protectionLevel", "CLOUD_HSM", "HSM"),
    GCP.check(
        "an interval of flow logs", "Subnetwork", "logConfig.aggregationInterval", "INTERVAL_1_SEC", "INTERVAL_5_SEC"
    ),
    GCP.check("a purpose of a subnetwork", "Subnetwork", "purpose", "PROXY_ONLY", "REGIONAL_MANAGED_PROXY", place=1),
    GCP.check(
        "a scheme of a global balancer", "RegionBackendService", "loadBalancingScheme", "MANAGED", "EXTERNAL_MANAGED"
    ),
    GCP.check("a mode of balancing", "RegionBackendService", "backends[0].balancingMode", "LATENCY", "UTILIZATION"),
    GCP.check("a network's name in upper case", "Network", "name", "Meridian", "[a-z]"),
    GCP.check("a TLS version with a dot", "RegionSslPolicy", "minTlsVersion", "TLS_1.2", "TLS_1_2"),
    GCP.check("a tier of the network", "Address", "networkTier", "BASIC", "PREMIUM"),
    GCP.check("a kind of audit log", "IAMAuditConfig", "auditLogConfigs[0].logType", "DATA_ACCESS", "DATA_READ"),
    GCP.check("a stage of a role", "IAMCustomRole", "stage", "STABLE", "GA"),
    GCP.check("signed names in a wrong word", "ManagedZone", "dnssecConfig.state", "enabled", "on"),
]
RULES: list[Wrong] = [
    GCP.check("a subnetwork too small", "Subnetwork", "ipCidrRange", "10.65.0.0/30", "/4 to /29"),
    GCP.check("pods on top of nodes", "Subnetwork", "secondaryIpRanges[1].ipCidrRange", "10.65.0.0/24", "overlaps"),
    GCP.check("proxies without a role", "Subnetwork", "role", None, "ACTIVE or BACKUP", place=1),
    GCP.check("a firewall that allows and denies", "Firewall", "denies", [{"protocol": "udp"}], "just one of"),
    GCP.check("a zone of another region", "Cluster", "nodeLocations[1]", "europe-west1-b", "not in europe-west4"),
    GCP.check(
        "a cluster that nobody reaches",
        "Cluster",
        "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic",
        False,
        "neither the DNS endpoint nor an IP endpoint",
    ),
    GCP.check(
        "a policy enforced twice",
        "Cluster",
        "networkPolicy",
        {"enabled": True},
        "Dataplane V2",
        "networkPolicy.enabled",
    ),
    GCP.check("a label in upper case", "Cluster", "resourceLabels.Owner", "me", "no key of a label"),
    GCP.check("a label with a mail address", "Bucket", "labels.owner", "platform@example.com", "a-z, 0-9"),
    GCP.check("a pool whose least is its most", "NodePool", "autoscaling.minNodeCount", 7, "at most 6"),
    GCP.check("a spot pool that is preemptible", "NodePool", "nodeConfig.preemptible", True, "exclude each other"),
    GCP.check("a rotation in days", "CryptoKey", "rotationPeriod", "90d", "7776000s"),
    GCP.check("a rotation every hour", "CryptoKey", "rotationPeriod", "3600s", "86400s"),
    GCP.check("a probe slower than its pace", "RegionHealthCheck", "timeoutSec", 6, "at most 5"),
    GCP.check("a policy without a default", "RegionSecurityPolicy", "rules[2].priority", 300, "2147483647", "rules"),
    GCP.check("an action that blocks", "RegionSecurityPolicy", "rules[1].action", "block", "deny(403"),
    GCP.check(
        "a body of a megabyte", "RegionSecurityPolicy", "advancedOptionsConfig.requestBodyInspectionSize", "1MB", "64KB"
    ),
    GCP.check("a zone without a dot", "ManagedZone", "dnsName", "eu.example.com", "a dot at its end"),
    GCP.check("a bucket named after Google", "Bucket", "name", "meridian-google-weights", "400 Invalid bucket name"),
    GCP.check("a short account", "Account", "accountId", "node", "6 to 30"),
    GCP.check("a member without a kind", "IAMMember", "member", "platform@example.com", "serviceAccount:"),
    GCP.check("a role without its prefix", "IAMMember", "role", "logging.logWriter", "'roles/"),
    GCP.check("logs for eleven years", "ProjectBucketConfig", "retentionDays", 4015, "1 to 3650"),
    GCP.check(
        "a key of a global log bucket",
        "ProjectBucketConfig",
        "location",
        "global",
        "leave cmekSettings out",
        "cmekSettings",
    ),
    GCP.check("a secret in two ways", "Secret", "replication.auto", {"x": 1}, "just one of", "replication.userManaged"),
]


def taken(title: str, name: str, thing: Thing, path: str, place: int = 0) -> Wrong:
    """A right input whose name something else has."""
    token, right = GCP.right(name, place)
    return Wrong(title, token, right, path, "is taken", PROVIDER, "create", (*GCP.world_of(token, right), thing))


def ungranted(title: str, name: str, path: str) -> Wrong:
    """A right input in a world where nobody may use its key yet."""
    token, right = GCP.right(name)
    there = tuple(one for one in GCP.world_of(token, right) if one is not GRANT)
    return Wrong(title, token, right, path, "Permission denied on Cloud KMS key", PROVIDER, "create", there)


def buried(title: str, name: str, words: str, path: str = "name") -> Wrong:
    """A right input whose name a deleted one keeps."""
    token, right = GCP.right(name)
    stone = tombstone("gcp", token, right, PROVIDER)
    assert stone is not None
    return Wrong(title, token, right, path, words, PROVIDER, "create", WORLD, (stone,), {**right, path: "another-one"})


def deleted(title: str, token: str, id: str, inputs: dict[str, Any], path: str, words: str, *world: Thing) -> Wrong:
    return Wrong(title, f"gcp:{token}", inputs, path, words, PROVIDER, "delete", world, id=id)


def with_more(case: Wrong, *things: Thing) -> Wrong:
    return replace(case, world=(*case.world, *things))


FAR = gcp("compute/subnetwork:Subnetwork", SUBNET.replace(REGION, "europe-west1"), name="nodes", region="europe-west1")
FAR_KEY = gcp("kms/cryptoKey:CryptoKey", KEY.replace(REGION, "europe"), name="cluster")
WORLDS: list[Wrong] = [
    ungranted("a bucket before its key's grant", "Bucket", "encryption.defaultKmsKeyName"),
    ungranted("a cluster before its key's grant", "Cluster", "databaseEncryption.keyName"),
    GCP.create("a network that is not there", "Router", "network", f"{NETWORK}-2", "404 notFound"),
    GCP.create("a network named wrongly", "Router", "network", "meridian-2", "404 notFound"),
    GCP.create("a pool of no cluster", "NodePool", "cluster", "meridian-2", "404 notFound"),
    GCP.create(
        "a balancer without a check",
        "RegionBackendService",
        "healthChecks",
        f"{PATH}/regions/{REGION}/healthChecks/x",
        "404",
    ),
    GCP.create(
        "a proxy without a certificate",
        "RegionTargetHttpsProxy",
        "certificateManagerCertificates[0]",
        f"{CERTIFICATE}-2",
        "404",
    ),
    GCP.create(
        "a node's account that is not there",
        "NodePool",
        "nodeConfig.serviceAccount",
        f"meridian-nodes@{PROJECT}.iam.gserviceaccount.com",
        "does not exist",
    ),
    GCP.create("a record of no zone", "RecordSet", "managedZone", "zones", "404 notFound"),
    GCP.create("a record outside its zone", "RecordSet", "name", "eu.example.org.", "not within the managed zone"),
    GCP.create(
        "a range that is taken", "Subnetwork", "ipCidrRange", "10.64.8.0/22", "conflicts with existing subnetwork"
    ),
    with_more(
        GCP.create("a subnetwork of another region", "Cluster", "subnetwork", FAR.id, "it is in europe-west1"), FAR
    ),
    with_more(
        GCP.create("a key of a wider place", "Bucket", "encryption.defaultKmsKeyName", FAR_KEY.id, "the key is in eur"),
        FAR_KEY,
    ),
    taken(
        "a bucket of somebody else",
        "Bucket",
        Thing("gcp:storage/bucket:Bucket", "x", {"name": "meridian-weights-europe-west4"}),
        "name",
    ),
    taken("a network twice", "Network", gcp("compute/network:Network", "x", name="other"), "name"),
    taken("a key ring twice", "KeyRing", gcp("kms/keyRing:KeyRing", "x", name="meridian-g2", location=REGION), "name"),
    buried("a key ring made again", "KeyRing", "never deleted"),
    buried("a key made again", "CryptoKey", "never deleted"),
    deleted(
        "a protected cluster", "container/cluster:Cluster", "c", {"name": "c"}, "deletionProtection", "it is protected"
    ),
    deleted(
        "a locked log bucket",
        "logging/projectBucketConfig:ProjectBucketConfig",
        "b",
        {"locked": True},
        "locked",
        "protected",
    ),
    deleted("a network in use", "compute/network:Network", NETWORK, {}, "", "resourceInUseByAnotherResource", *WORLD),
    deleted(
        "a backend in use",
        "compute/regionBackendService:RegionBackendService",
        BACKEND,
        {},
        "",
        "resourceInUse",
        gcp(
            "compute/regionUrlMap:RegionUrlMap", "u", defaultService=f"https://www.googleapis.com/compute/v1/{BACKEND}"
        ),
    ),
    deleted(
        "a zone with records",
        "dns/managedZone:ManagedZone",
        "z",
        {"name": "z"},
        "",
        "containerNotEmpty",
        gcp("dns/recordSet:RecordSet", "r", managedZone="z"),
    ),
]
WRONG = [*MODEL, *RULES, *WORLDS]
