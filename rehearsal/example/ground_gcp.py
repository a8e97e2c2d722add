"""The ground of a region on GCP."""

from typing import Any

import pulumi
import pulumi_gcp as gcp

from rehearsal.example.settings import Settings, located

PROJECT, NUMBER = "meridian-example", "123456789012"
AGENTS = {
    "container-engine-robot": "service-",
    "gcp-sa-artifactregistry": "service-",
    "gcp-sa-logging": "cmek-p",
}
"""Services that encrypt with the region's key, and how the account of each is called."""


class _Ground:
    """What every resource of the region shares."""

    def __init__(self, region: str, settings: Settings) -> None:
        self.region, self.place = region, located(region)
        self.generation = settings.generation
        self.labels = settings.tags(region)
        provider = gcp.Provider(f"{region}-ground", project=PROJECT, region=self.place)
        self.opts = pulumi.ResourceOptions(provider=provider)


def ground(region: str, settings: Settings, domain: Any) -> dict[str, Any]:
    """Make it; returns the values of the waist."""
    of = _Ground(region, settings)
    key, granted = _key(of)
    log = gcp.logging.ProjectBucketConfig(
        f"{region}-log",
        project=PROJECT,
        location=of.place,
        bucket_id=f"{region}-{settings.log_name}",
        retention_days=400,
        cmek_settings={"kms_key_name": key.id},
        opts=granted,
    )
    network, subnet = _network(of)
    cluster = _cluster(of, key, granted, network, subnet)
    registry = gcp.artifactregistry.Repository(
        f"{region}-registry",
        location=of.place,
        repository_id=f"{region}-engine",
        format="DOCKER",
        kms_key_name=key.id,
        docker_config={"immutable_tags": True},
        labels=of.labels,
        opts=granted,
    )
    address = _entry(of, network, domain)
    return {
        "cluster": cluster.name,
        "endpoint": cluster.endpoint.apply(lambda host: f"https://{host}"),
        "authority": "",  # the DNS endpoint shows a certificate that everyone trusts
        "registry": registry.name.apply(lambda name: f"{of.place}-docker.pkg.dev/{PROJECT}/{name}"),
        "log": log.id,
        "entry": address.address,
        "entry_zone": "",
    }


def _key(of: _Ground) -> tuple[Any, pulumi.ResourceOptions]:
    """The key, and the options of what is encrypted with it: made when its service agent may use the key."""
    ring = gcp.kms.KeyRing(f"{of.region}-keys", name=f"{of.region}-{of.generation}", location=of.place, opts=of.opts)
    key = gcp.kms.CryptoKey(
        f"{of.region}-key",
        name="data",
        key_ring=ring.id,
        rotation_period="7776000s",
        labels=of.labels,
        opts=of.opts,
    )
    grants = [
        gcp.kms.CryptoKeyIAMMember(
            f"{of.region}-{agent}-key",
            crypto_key_id=key.id,
            role="roles/cloudkms.cryptoKeyEncrypterDecrypter",
            member=f"serviceAccount:{account}{NUMBER}@{agent}.iam.gserviceaccount.com",
            opts=of.opts,
        )
        for agent, account in AGENTS.items()
    ]
    return key, pulumi.ResourceOptions.merge(of.opts, pulumi.ResourceOptions(depends_on=grants))


def _network(of: _Ground) -> tuple[Any, Any]:
    network = gcp.compute.Network(
        f"{of.region}-network", name=of.region, auto_create_subnetworks=False, routing_mode="REGIONAL", opts=of.opts
    )
    subnet = gcp.compute.Subnetwork(
        f"{of.region}-nodes",
        name=f"{of.region}-nodes",
        network=network.id,
        region=of.place,
        ip_cidr_range="10.2.0.0/20",
        private_ip_google_access=True,
        secondary_ip_ranges=[
            {"range_name": "pods", "ip_cidr_range": "10.2.64.0/18"},
            {"range_name": "services", "ip_cidr_range": "10.2.32.0/20"},
        ],
        log_config={"aggregation_interval": "INTERVAL_5_SEC", "flow_sampling": 1.0},
        opts=of.opts,
    )
    gcp.compute.Subnetwork(
        f"{of.region}-proxies",
        name=f"{of.region}-proxies",
        network=network.id,
        region=of.place,
        ip_cidr_range="10.2.48.0/23",
        purpose="REGIONAL_MANAGED_PROXY",
        role="ACTIVE",
        opts=of.opts,
    )
    gcp.compute.Firewall(
        f"{of.region}-from-proxies",
        name=f"{of.region}-from-proxies",
        network=network.id,
        direction="INGRESS",
        source_ranges=["10.2.48.0/23", "35.191.0.0/16", "130.211.0.0/22"],
        allows=[{"protocol": "tcp", "ports": ["30443"]}],
        opts=of.opts,
    )
    router = gcp.compute.Router(
        f"{of.region}-router", name=of.region, network=network.id, region=of.place, opts=of.opts
    )
    gcp.compute.RouterNat(
        f"{of.region}-nat",
        name=of.region,
        router=router.name,
        region=of.place,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        opts=of.opts,
    )
    return network, subnet


def _cluster(of: _Ground, key: Any, granted: pulumi.ResourceOptions, network: Any, subnet: Any) -> Any:
    account = gcp.serviceaccount.Account(f"{of.region}-nodes-account", account_id=f"{of.place}-nodes", opts=of.opts)
    gcp.projects.IAMMember(
        f"{of.region}-nodes-role",
        project=PROJECT,
        role="roles/container.defaultNodeServiceAccount",
        member=account.email.apply(lambda email: f"serviceAccount:{email}"),
        opts=of.opts,
    )
    cluster = gcp.container.Cluster(
        f"{of.region}-cluster",
        name=of.region,
        location=of.place,
        network=network.id,
        subnetwork=subnet.id,
        initial_node_count=1,
        remove_default_node_pool=True,
        deletion_protection=False,
        datapath_provider="ADVANCED_DATAPATH",
        ip_allocation_policy={"cluster_secondary_range_name": "pods", "services_secondary_range_name": "services"},
        private_cluster_config={"enable_private_nodes": True},
        control_plane_endpoints_config={
            "ip_endpoints_config": {"enabled": False},
            "dns_endpoint_config": {"allow_external_traffic": True},
        },
        database_encryption={"state": "ENCRYPTED", "key_name": key.id},
        workload_identity_config={"workload_pool": f"{PROJECT}.svc.id.goog"},
        resource_labels=of.labels,
        opts=granted,
    )
    gcp.container.NodePool(
        f"{of.region}-pool",
        name="gpu",
        cluster=cluster.id,
        location=of.place,
        autoscaling={"min_node_count": 1, "max_node_count": 4},
        node_config={
            "machine_type": "g2-standard-4",
            "service_account": account.email,
            "shielded_instance_config": {"enable_secure_boot": True},
            "labels": of.labels,
        },
        opts=of.opts,
    )
    return cluster


def _entry(of: _Ground, network: Any, domain: Any) -> Any:
    address = gcp.compute.Address(
        f"{of.region}-address", name=f"{of.region}-entry", region=of.place, network_tier="STANDARD", opts=of.opts
    )
    check = gcp.compute.RegionHealthCheck(
        f"{of.region}-check",
        name=f"{of.region}-gateway",
        region=of.place,
        https_health_check={"port": 30443, "request_path": "/-/ready"},
        opts=of.opts,
    )
    backend = gcp.compute.RegionBackendService(
        f"{of.region}-gateway",
        name=f"{of.region}-gateway",
        region=of.place,
        load_balancing_scheme="EXTERNAL_MANAGED",
        protocol="HTTPS",
        port_name="gateway",
        timeout_sec=3600,
        health_checks=check.id,
        opts=of.opts,
    )
    routes = gcp.compute.RegionUrlMap(
        f"{of.region}-routes", name=f"{of.region}-entry", region=of.place, default_service=backend.id, opts=of.opts
    )
    proved = gcp.certificatemanager.DnsAuthorization(
        f"{of.region}-dns",
        name=f"{of.region}-entry",
        location=of.place,
        domain=domain,
        type="PER_PROJECT_RECORD",
        labels=of.labels,
        opts=of.opts,
    )
    certificate = gcp.certificatemanager.Certificate(
        f"{of.region}-certificate",
        name=f"{of.region}-entry",
        location=of.place,
        managed={"domains": [domain], "dns_authorizations": [proved.id]},
        labels=of.labels,
        opts=of.opts,
    )
    proxy = gcp.compute.RegionTargetHttpsProxy(
        f"{of.region}-proxy",
        name=f"{of.region}-entry",
        region=of.place,
        url_map=routes.id,
        certificate_manager_certificates=[certificate.id],
        opts=of.opts,
    )
    gcp.compute.ForwardingRule(
        f"{of.region}-entry",
        name=f"{of.region}-entry",
        region=of.place,
        load_balancing_scheme="EXTERNAL_MANAGED",
        network=network.id,
        network_tier="STANDARD",
        ip_address=address.address,
        port_range="443",
        target=proxy.id,
        labels=of.labels,
        opts=of.opts,
    )
    return address
