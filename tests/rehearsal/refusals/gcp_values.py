"""Names of the production region on GCP that the tables of inputs share, and the world that they refer to."""

from tests.rehearsal.refusals.memory import Thing

PROJECT, REGION = "meridian-prod", "europe-west4"
PROVIDER = {"project": PROJECT, "region": REGION}
LABELS = {"environment": "prod", "data-class": "restricted", "territory": "eu"}
BASE = "https://www.googleapis.com/compute/v1/"
NETWORK = f"projects/{PROJECT}/global/networks/meridian"
SUBNET = f"projects/{PROJECT}/regions/{REGION}/subnetworks/nodes"
RING = f"projects/{PROJECT}/locations/{REGION}/keyRings/meridian-g1"
KEY = f"{RING}/cryptoKeys/cluster"
CHECK = f"projects/{PROJECT}/regions/{REGION}/healthChecks/gateway"
BACKEND = f"projects/{PROJECT}/regions/{REGION}/backendServices/gateway"
URLS = f"projects/{PROJECT}/regions/{REGION}/urlMaps/entry"
PROXY = f"projects/{PROJECT}/regions/{REGION}/targetHttpsProxies/entry"
CERTIFICATE = f"projects/{PROJECT}/locations/{REGION}/certificates/entry"
POLICY = f"projects/{PROJECT}/regions/{REGION}/securityPolicies/entry"
TLS = f"projects/{PROJECT}/regions/{REGION}/sslPolicies/modern"
NODE = f"meridian-node@{PROJECT}.iam.gserviceaccount.com"


def gcp(token: str, id: str, **inputs: object) -> Thing:
    return Thing(f"gcp:{token}", id, inputs, {"selfLink": BASE + id}, PROVIDER)


ENCRYPTS = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
GRANT = gcp("kms/cryptoKeyIAMMember:CryptoKeyIAMMember", "grant", cryptoKeyId=KEY, role=ENCRYPTS)
WORLD = (
    gcp("compute/network:Network", NETWORK, name="meridian"),
    gcp("compute/subnetwork:Subnetwork", SUBNET, name="nodes", network=NETWORK, ipCidrRange="10.64.0.0/20"),
    gcp("compute/router:Router", f"projects/{PROJECT}/regions/{REGION}/routers/meridian", name="meridian"),
    gcp("kms/keyRing:KeyRing", RING, name="meridian-g1", location=REGION),
    gcp("kms/cryptoKey:CryptoKey", KEY, name="cluster", keyRing=RING),
    GRANT,
    gcp("container/cluster:Cluster", f"projects/{PROJECT}/locations/{REGION}/clusters/meridian", name="meridian"),
    gcp("compute/regionHealthCheck:RegionHealthCheck", CHECK, name="gateway"),
    gcp("compute/regionBackendService:RegionBackendService", BACKEND, name="gateway"),
    gcp("compute/regionUrlMap:RegionUrlMap", URLS, name="entry"),
    gcp("compute/regionTargetHttpsProxy:RegionTargetHttpsProxy", PROXY, name="entry"),
    gcp("compute/regionSecurityPolicy:RegionSecurityPolicy", POLICY, name="entry"),
    gcp("compute/regionSslPolicy:RegionSslPolicy", TLS, name="modern"),
    gcp("certificatemanager/certificate:Certificate", CERTIFICATE, name="entry", location=REGION),
    gcp(
        "certificatemanager/dnsAuthorization:DnsAuthorization",
        f"projects/{PROJECT}/locations/{REGION}/dnsAuthorizations/eu",
        name="eu",
    ),
    gcp("serviceaccount/account:Account", f"projects/{PROJECT}/serviceAccounts/{NODE}", accountId="meridian-node"),
    gcp(
        "dns/managedZone:ManagedZone",
        f"projects/{PROJECT}/managedZones/meridian",
        name="meridian",
        dnsName="example.com.",
    ),
)
