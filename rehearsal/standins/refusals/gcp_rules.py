"""What Google Cloud refuses in one resource that its discovery documents do not say; sources: its API references."""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

from rehearsal.standins.refusals.rules import (
    Inputs,
    Rule,
    among,
    between,
    cidr,
    distinct,
    excludes,
    just_one,
    matching,
    needs,
    network_of,
    number_of,
    ordered,
    present,
    value_of,
)
from rehearsal.standins.refusals.values import UNKNOWN, Problem, at, known, shown, text_at

_BAD = "400 INVALID_ARGUMENT"
_INVALID = "400 Invalid value for field"
_LABEL_KEY = re.compile(r"(?=[^\W\d_A-Z])[\w-]{1,63}")
_LABEL_VALUE = re.compile(r"[\w-]{0,63}")
_ZONE = re.compile(r"[a-z]+-[a-z]+\d+-[a-z]")
_COMPUTE_NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"
_RECORDS = ("A", "AAAA", "CAA", "CNAME", "DNSKEY", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
            "SSHFP", "SVCB", "TLSA", "TXT", "IPSECKEY", "ALIAS")  # fmt: skip
_MEMBER = (
    r"(user|group|domain|deleted:\w+):\S+|serviceAccount:\S+@\S+|serviceAccount:\S+\.svc\.id\.goog\[\S+/\S+\]"
    r"|principal(Set)?://\S+|allUsers|allAuthenticatedUsers|project(Owner|Editor|Viewer):\S+"
)


def labels(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse labels whose keys or values Google does not take."""
    for name in ("labels", "resourceLabels", "nodeConfig.resourceLabels"):
        said = value_of(inputs, name)
        if not isinstance(said, Mapping):
            continue
        if len(said) > 64:
            yield Problem(name, f"{_BAD}: {len(said)} labels: write at most 64")
        for key, value in said.items():
            if key != key.lower() or not _LABEL_KEY.fullmatch(key):
                yield Problem(f"{name}.{key}", f"{_BAD}: no key of a label: write up to 63 of a-z, 0-9, '_', '-'")
            elif (
                isinstance(value, str)
                and known(value)
                and (value != value.lower() or not _LABEL_VALUE.fullmatch(value))
            ):
                yield Problem(f"{name}.{key}", f"{_BAD}: {shown(value)}: write up to 63 of a-z, 0-9, '_', '-'")


def _zones_of_region(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    location = inputs.get("location")
    if not isinstance(location, str) or not known(location):
        return
    region = location.rsplit("-", 1)[0] if _ZONE.fullmatch(location) else location
    for where, zone in text_at(inputs, "nodeLocations"):
        if zone.rsplit("-", 1)[0] != region:
            yield Problem(where, f"{_BAD}: zone {shown(zone)} is not in {region}: write one such as {region}-a")


def _ranges_apart(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse ranges of one subnetwork that overlap each other."""
    said = [*text_at(inputs, "ipCidrRange"), *text_at(inputs, "secondaryIpRanges.ipCidrRange")]
    parsed = [(where, network_of(value)) for where, value in said]
    for (first, one), (second, other) in combinations(parsed, 2):
        if one is not None and other is not None and one.version == other.version and one.overlaps(other):
            yield Problem(second, f"{_INVALID}: {other} overlaps {one} of {first}: write one beside it")


def _nat_path(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    manual = inputs.get("natIpAllocateOption") == "MANUAL_ONLY"
    if manual and not present(inputs, "natIps") and not present(inputs, "initialNatIps"):
        yield Problem("natIps", f"{_INVALID}: MANUAL_ONLY without addresses: write natIps or AUTO_ONLY")
    listed = inputs.get("sourceSubnetworkIpRangesToNat") == "LIST_OF_SUBNETWORKS"
    if listed and not present(inputs, "subnetworks"):
        yield Problem("subnetworks", f"{_INVALID}: LIST_OF_SUBNETWORKS without a list: write subnetworks")


def _security_rules(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    if isinstance(inputs.get("rules"), list) and inputs["rules"] and UNKNOWN not in str(inputs["rules"]):
        priorities = {number_of(priority) for _, priority in at(inputs, "rules.priority")}
        if 2147483647 not in priorities:
            why = "a policy has a default rule"
            yield Problem("rules", f"{_INVALID} 'resource.rules': {why}: write one of priority 2147483647")


def _reachable(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse a cluster that nobody could reach, and pairs that exclude each other."""
    ends = inputs.get("controlPlaneEndpointsConfig")
    if isinstance(ends, Mapping):
        by_name = value_of(ends, "dnsEndpointConfig.allowExternalTraffic")
        by_address = value_of(ends, "ipEndpointsConfig.enabled")
        if by_address is False and by_name in (None, False):
            why = "neither the DNS endpoint nor an IP endpoint is enabled"
            path = "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic"
            yield Problem(path, f"{_BAD}: {why}: write True, or ipEndpointsConfig.enabled True")
    pool = value_of(inputs, "workloadIdentityConfig.workloadPool")
    if isinstance(pool, str) and known(pool) and not pool.endswith(".svc.id.goog"):
        yield Problem("workloadIdentityConfig.workloadPool", f"{_BAD}: write 'PROJECT.svc.id.goog'")
    if inputs.get("datapathProvider") == "ADVANCED_DATAPATH" and value_of(inputs, "networkPolicy.enabled") is True:
        why = "Dataplane V2 enforces network policies by itself"
        yield Problem("networkPolicy.enabled", f"{_BAD}: {why}: leave networkPolicy out")


def _rotation(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    for name, least, most in (("rotationPeriod", 86400, 3153600000), ("destroyScheduledDuration", 86400, 10368000)):
        for where, value in text_at(inputs, name):
            seconds = number_of(value.removesuffix("s"))
            if not value.endswith("s") or seconds is None:
                yield Problem(where, f"{_BAD}: no duration: write seconds with 's' behind them, such as '7776000s'")
            elif not least <= seconds <= most:
                yield Problem(where, f"{_BAD}: {seconds:g} seconds: write {least}s to {most}s")


def _dns_ends(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    if inputs.get("type") == "CNAME":
        values = inputs.get("rrdatas")
        if isinstance(values, list) and len(values) > 1:
            yield Problem("rrdatas", f"{_BAD}: a CNAME has one value: write one")
        for where, value in text_at(inputs, "rrdatas"):
            if not value.endswith("."):
                yield Problem(where, f"{_BAD}: {shown(value)} is relative: write a dot at its end")


_IAM = (
    matching("member", _MEMBER, "400 Invalid member", "such as 'serviceAccount:NAME@PROJECT.iam.gserviceaccount.com'"),
    matching("members", _MEMBER, "400 Invalid member", "such as 'serviceAccount:NAME@PROJECT.iam.gserviceaccount.com'"),
    matching("role", r"roles/[\w.]+|(projects|organizations)/[^/]+/roles/[\w.]+", "400 INVALID_ARGUMENT",
             "'roles/…' or 'projects/PROJECT/roles/…'"),
)  # fmt: skip
_HEALTH = (
    just_one(
        _INVALID, "httpHealthCheck", "httpsHealthCheck", "http2HealthCheck", "tcpHealthCheck", "sslHealthCheck",
        "grpcHealthCheck", "grpcTlsHealthCheck",
    ),
    ordered("timeoutSec", "checkIntervalSec", _INVALID),
    between("checkIntervalSec", 1, 300, _INVALID),
    between("timeoutSec", 1, 300, _INVALID),
    between("healthyThreshold", 1, 10, _INVALID),
    between("unhealthyThreshold", 1, 10, _INVALID),
)  # fmt: skip
_BACKENDS = (
    between("backends.capacityScaler", 0, 1, _INVALID),
    between("backends.maxUtilization", 0, 1, _INVALID),
    between("timeoutSec", 1, 2147483647, _INVALID),
    between("logConfig.sampleRate", 0, 1, _INVALID),
    between("connectionDrainingTimeoutSec", 0, 3600, _INVALID),
    matching("portName", _COMPUTE_NAME, _INVALID, "a name as the named port has it"),
    excludes("loadBalancingScheme", ("EXTERNAL", "INTERNAL"), "localityLbPolicy", _INVALID, "it has no proxy"),
)
_PROXIES = ("REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY")
_CLUSTER_NAME = matching("name", r"[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?", _BAD, "up to 40 of a-z, 0-9, '-', from a letter")

RULES: Mapping[str, tuple[Rule, ...]] = {
    "gcp:compute/network:Network": (between("mtu", 1300, 8896, _INVALID),),
    "gcp:compute/subnetwork:Subnetwork": (
        cidr("ipCidrRange", f"{_INVALID} 'resource.ipCidrRange'", 4, 29),
        cidr("secondaryIpRanges.ipCidrRange", f"{_INVALID} 'resource.secondaryIpRanges'", 4, 29),
        _ranges_apart,
        between("logConfig.flowSampling", 0, 1, _INVALID),
        needs("purpose", _PROXIES, "role", _INVALID, "a proxies' subnetwork is ACTIVE or BACKUP"),
        excludes("purpose", _PROXIES, "logConfig", _INVALID, "proxies have no flow logs"),
        distinct("secondaryIpRanges.rangeName", _INVALID, "name"),
    ),
    "gcp:compute/firewall:Firewall": (
        between("priority", 0, 65535, _INVALID),
        just_one(_INVALID, "allows", "denies"),
        excludes("sourceServiceAccounts", None, "sourceTags", _INVALID, "tags and service accounts exclude each other"),
        excludes("targetServiceAccounts", None, "targetTags", _INVALID, "tags and service accounts exclude each other"),
        excludes("direction", ("EGRESS",), "sourceTags", _INVALID, "traffic that leaves has no source tags"),
        matching("allows.ports", r"\d{1,5}(-\d{1,5})?", _INVALID, "a port or a range such as '8000-8100'"),
    ),
    "gcp:compute/routerNat:RouterNat": (_nat_path, between("minPortsPerVm", 2, 65536, _INVALID)),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": _HEALTH,
    "gcp:compute/healthCheck:HealthCheck": _HEALTH,
    "gcp:compute/regionBackendService:RegionBackendService": _BACKENDS,
    "gcp:compute/backendService:BackendService": _BACKENDS,
    "gcp:compute/forwardingRule:ForwardingRule": (
        just_one(_INVALID, "target", "backendService"),
        matching("portRange", r"\d{1,5}(-\d{1,5})?", _INVALID, "a port or a range"),
        just_one(_INVALID, "portRange", "ports", "allPorts", or_none=True),
    ),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": (
        just_one(_INVALID, "certificateManagerCertificates", "sslCertificates"),
    ),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": (
        _security_rules,
        distinct("rules.priority", _INVALID, "priority"),
        matching("rules.action", r"allow|deny(\((403|404|429|502)\))?|rate_based_ban|redirect|throttle", _INVALID,
                 "allow, deny(403|404|429|502), throttle, rate_based_ban or redirect"),
        among("advancedOptionsConfig.requestBodyInspectionSize", ("8KB", "16KB", "32KB", "48KB", "64KB"), _INVALID),
    ),
    "gcp:container/cluster:Cluster": (
        _CLUSTER_NAME,
        _zones_of_region,
        _reachable,
        cidr("privateClusterConfig.masterIpv4CidrBlock", _BAD, 28, 28),
        cidr("masterAuthorizedNetworksConfig.cidrBlocks.cidrBlock", _BAD),
        needs("databaseEncryption.state", ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"), "databaseEncryption.keyName",
              _BAD, "it is encrypted with a key"),
        excludes("enableAutopilot", (True,), "removeDefaultNodePool", _BAD, "Autopilot has its own pools"),
        matching("databaseEncryption.keyName", r"projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+", _BAD,
                 "the key's whole name, projects/…/cryptoKeys/…"),
    ),
    "gcp:container/nodePool:NodePool": (
        _CLUSTER_NAME,
        _zones_of_region,
        ordered("autoscaling.minNodeCount", "autoscaling.maxNodeCount", _BAD),
        ordered("autoscaling.totalMinNodeCount", "autoscaling.totalMaxNodeCount", _BAD),
        just_one(_BAD, "autoscaling.maxNodeCount", "autoscaling.totalMaxNodeCount", or_none=True),
        excludes("nodeConfig.spot", (True,), "nodeConfig.preemptible", _BAD, "spot and preemptible exclude each other"),
        between("nodeConfig.diskSizeGb", 10, 65536, _BAD),
        between("maxPodsPerNode", 8, 256, _BAD),
    ),
    "gcp:kms/keyRing:KeyRing": (matching("name", r"[a-zA-Z0-9_-]{1,63}", _BAD, "up to 63 letters, digits, '_', '-'"),),
    "gcp:kms/cryptoKey:CryptoKey": (
        matching("name", r"[a-zA-Z0-9_-]{1,63}", _BAD, "up to 63 letters, digits, '_', '-'"),
        _rotation,
        excludes("purpose", ("ASYMMETRIC_SIGN", "ASYMMETRIC_DECRYPT", "MAC"), "rotationPeriod", _BAD,
                 "only symmetric keys rotate"),
    ),
    "gcp:dns/managedZone:ManagedZone": (
        matching("name", _COMPUTE_NAME, "400 invalid", "up to 63 of a-z, 0-9, '-', beginning with a letter"),
        matching("dnsName", r"([\w*-]+\.)+", "400 invalid", "a name with a dot at its end"),
        needs("visibility", ("private",), "privateVisibilityConfig", "400 invalid", "someone sees a private zone"),
    ),
    "gcp:dns/recordSet:RecordSet": (
        matching("name", r"([\w*-]+\.)+", "400 invalid", "a name with a dot at its end"),
        among("type", _RECORDS, "400 invalid"),
        just_one("400 invalid", "rrdatas", "routingPolicy"),
        between("ttl", 0, 2147483647, "400 invalid"),
        _dns_ends,
    ),
    "gcp:storage/bucket:Bucket": (
        matching("name", r"(?!goog)(?!.*google)(?!.*\.\.)(?!(\d{1,3}\.){3}\d{1,3}$)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]",
                 "400 Invalid bucket name", "3 to 63 of a-z, 0-9, '-', '_', '.', without 'goog…' and 'google'"),
        between("retentionPolicy.retentionPeriod", 1, 3155760000, _BAD),
        between("softDeletePolicy.retentionDurationSeconds", 604800, 7776000, _BAD, or_zero=True),
        among("publicAccessPrevention", ("enforced", "inherited"), _BAD),
    ),
    "gcp:serviceaccount/account:Account": (
        matching("accountId", r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])", _BAD, "6 to 30 of a-z, 0-9, '-', from a letter"),
    ),
    "gcp:projects/iAMCustomRole:IAMCustomRole": (
        matching("roleId", r"[a-zA-Z0-9_.]{3,64}", _BAD, "3 to 64 letters, digits, '_', '.'"),
    ),
    "gcp:artifactregistry/repository:Repository": (
        matching("repositoryId", r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", _BAD, "up to 63 of a-z, 0-9, '-'"),
        among("format", ("DOCKER", "MAVEN", "NPM", "APT", "YUM", "PYTHON", "KFP", "GO", "GENERIC", "RUBY"), _BAD),
    ),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": (
        matching("bucketId", r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}", _BAD, "up to 100 letters, digits, '_', '.', '-'"),
        between("retentionDays", 1, 3650, _BAD),
        excludes("location", ("global",), "cmekSettings", _BAD, "a key belongs to a region's bucket"),
    ),
    "gcp:logging/projectSink:ProjectSink": (
        matching("destination", r"(logging|storage|bigquery|pubsub)\.googleapis\.com/.+", _BAD,
                 "such as 'logging.googleapis.com/projects/…/buckets/…'"),
        matching("name", r"[a-zA-Z0-9_.-]{1,100}", _BAD, "up to 100 letters, digits, '_', '.', '-'"),
    ),
    "gcp:certificatemanager/certificate:Certificate": (just_one(_BAD, "managed", "selfManaged"),),
    "gcp:secretmanager/secret:Secret": (
        matching("secretId", r"[a-zA-Z0-9_-]{1,255}", _BAD, "up to 255 letters, digits, '_', '-'"),
        just_one(_BAD, "replication.auto", "replication.userManaged"),
        just_one(_BAD, "ttl", "expireTime", or_none=True),
    ),
    "gcp:secretmanager/regionalSecret:RegionalSecret": (
        matching("secretId", r"[a-zA-Z0-9_-]{1,255}", _BAD, "up to 255 letters, digits, '_', '-'"),
    ),
}  # fmt: skip
"""Rules of one resource by its type."""


def rules_of(token: str) -> tuple[Rule, ...]:
    """Return the rules of a type: labels of all, members and roles of every grant, and its own."""
    grants: tuple[Rule, ...] = _IAM if re.search(r"IAM(Member|Binding)$|IamMember$|IamBinding$", token) else ()
    return (labels, *grants, *RULES.get(token, ()))
