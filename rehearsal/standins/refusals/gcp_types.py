"""Which schema of which discovery document a GCP type is sent as, and which properties have another name there."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Discovered:
    """A type's place in Google's discovery documents."""

    document: str
    """Name and version of the document, as in `compute.v1`."""
    schema: str
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Path in Pulumi -> property of the schema; empty: none answers."""
    beta: str = ""
    """The document of the beta API: the provider calls it where needed, so what it knows passes."""


def _compute(schema: str, **renamed: str) -> Discovered:
    return Discovered("compute.v1", schema, _paths(renamed), beta="compute.beta")


def _of(document: str, schema: str, **renamed: str) -> Discovered:
    return Discovered(document, schema, _paths(renamed))


def _paths(renamed: Mapping[str, str]) -> dict[str, str]:
    return {path.replace("__", "."): name for path, name in renamed.items()}


_NODES = {"nodeConfig__guestAccelerators": "accelerators", "nodeConfig__guestAccelerators__type": "acceleratorType"}
_CLUSTER = _paths(
    {
        "nodeConfig": "",
        "nodePools": "",
        "ipAllocationPolicy": "ipAllocationPolicy",
        "datapathProvider": "networkConfig.datapathProvider",
        "inTransitEncryptionConfig": "networkConfig.inTransitEncryptionConfig",
        "privateIpv6GoogleAccess": "networkConfig.privateIpv6GoogleAccess",
        "gatewayApiConfig": "networkConfig.gatewayApiConfig",
        "dnsConfig": "networkConfig.dnsConfig",
        "clusterAutoscaling": "autoscaling",
        "clusterAutoscaling__autoProvisioningDefaults": "autoprovisioningNodePoolDefaults",
        "loggingConfig": "loggingConfig.componentConfig",
        "monitoringConfig__enableComponents": "componentConfig.enableComponents",
        "monitoringConfig__advancedDatapathObservabilityConfig": "",
        "nodePoolDefaults": "",
        "nodePoolAutoConfig": "",
    }
)

TYPES: Mapping[str, Discovered] = {
    "gcp:compute/network:Network": _compute("Network", routingMode="routingConfig.routingMode"),
    "gcp:compute/subnetwork:Subnetwork": _compute("Subnetwork"),
    "gcp:compute/firewall:Firewall": _compute("Firewall", allows="allowed", denies="denied"),
    "gcp:compute/router:Router": _compute("Router"),
    "gcp:compute/routerNat:RouterNat": _compute("RouterNat"),
    "gcp:compute/address:Address": _compute("Address"),
    "gcp:compute/globalAddress:GlobalAddress": _compute("Address"),
    "gcp:compute/regionBackendService:RegionBackendService": _compute(
        "BackendService", connectionDrainingTimeoutSec="connectionDraining.drainingTimeoutSec"
    ),
    "gcp:compute/backendService:BackendService": _compute(
        "BackendService", connectionDrainingTimeoutSec="connectionDraining.drainingTimeoutSec"
    ),
    "gcp:compute/regionHealthCheck:RegionHealthCheck": _compute("HealthCheck"),
    "gcp:compute/healthCheck:HealthCheck": _compute("HealthCheck"),
    "gcp:compute/regionUrlMap:RegionUrlMap": _compute("UrlMap"),
    "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy": _compute("TargetHttpsProxy"),
    "gcp:compute/forwardingRule:ForwardingRule": _compute("ForwardingRule"),
    "gcp:compute/regionSecurityPolicy:RegionSecurityPolicy": _compute("SecurityPolicy"),
    "gcp:compute/regionSecurityPolicyRule:RegionSecurityPolicyRule": _compute("SecurityPolicyRule"),
    "gcp:compute/sSLPolicy:SSLPolicy": _compute("SslPolicy"),
    "gcp:compute/regionSslPolicy:RegionSslPolicy": _compute("SslPolicy"),
    "gcp:compute/reservation:Reservation": _compute("Reservation"),
    "gcp:container/cluster:Cluster": Discovered("container.v1", "Cluster", _CLUSTER, beta="container.v1beta1"),
    "gcp:container/nodePool:NodePool": Discovered(
        "container.v1", "NodePool", _paths({"nodeConfig": "config", **_NODES}), beta="container.v1beta1"
    ),
    "gcp:kms/keyRing:KeyRing": _of("cloudkms.v1", "KeyRing", name=""),
    "gcp:kms/cryptoKey:CryptoKey": _of("cloudkms.v1", "CryptoKey", name=""),
    "gcp:dns/managedZone:ManagedZone": _of("dns.v1", "ManagedZone"),
    "gcp:dns/recordSet:RecordSet": _of("dns.v1", "ResourceRecordSet"),
    "gcp:storage/bucket:Bucket": _of("storage.v1", "Bucket", lifecycleRules="lifecycle.rule"),
    "gcp:serviceaccount/account:Account": _of("iam.v1", "ServiceAccount"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": _of("iam.v1", "Role"),
    "gcp:projects/iAMAuditConfig:IAMAuditConfig": _of("cloudresourcemanager.v3", "AuditConfig"),
    "gcp:artifactregistry/repository:Repository": _of("artifactregistry.v1", "Repository", name=""),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": _of("logging.v2", "LogBucket", name=""),
    "gcp:logging/projectSink:ProjectSink": _of("logging.v2", "LogSink"),
    "gcp:certificatemanager/certificate:Certificate": _of("certificatemanager.v1", "Certificate", name=""),
    "gcp:certificatemanager/dnsAuthorization:DnsAuthorization": _of("certificatemanager.v1", "DnsAuthorization"),
    "gcp:secretmanager/secret:Secret": _of("secretmanager.v1", "Secret", replication__auto="automatic"),
    "gcp:secretmanager/regionalSecret:RegionalSecret": _of("secretmanager.v1", "Secret"),
    "gcp:networksecurity/backendAuthenticationConfig:BackendAuthenticationConfig": _of(
        "networksecurity.v1", "BackendAuthenticationConfig", name=""
    ),
}
"""Every GCP type whose inputs are held against a discovery document."""
