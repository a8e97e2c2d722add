"""AWS's clients with answers given beforehand: calls and answers are held against AWS's own model of each service."""

from contextlib import ExitStack
from functools import cache
from typing import Any

from botocore.session import Session
from botocore.stub import Stubber

from components.aws.versions import ADDONS
from stacks.preflight.model import PoolNeed, RegionNeed

ACCOUNT = "123456789012"
ZONE = "inference.example.com"
DIGEST = f"sha256:{'a' * 64}"
REGION = RegionNeed(
    name="aws-eu-north-1",
    location="eu-north-1",
    zones=("eu-north-1a", "eu-north-1b"),
    pools=(
        PoolNeed("base", "p5.48xlarge", "on-demand", 2, None),
        PoolNeed("spot", "p5.48xlarge", "spot", 1, None),
        PoolNeed("held", "p5en.48xlarge", "reserved", 2, "cr-0123456789abcdef0"),
    ),
    cluster="prod-eu-north-1",
    version="1.34",
    existing=False,
    repositories=("meridian-prod/serving", "meridian-prod/envoy"),
    digests={"meridian-prod/serving": DIGEST},
)
VCPUS = {("aws", "p5.48xlarge"): 192, ("aws", "p5en.48xlarge"): 192}


@cache
def client(service: str) -> Any:
    """A client that is never connected; making one reads the service's whole model."""
    session = Session()
    session.set_credentials("test", "test")
    return session.create_client(service, region_name="eu-north-1")


class Stubbed:
    """Answers in the order in which they were given, by service."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._stubs: dict[str, Stubber] = {}
        self.asked: list[tuple[str, str]] = []

    def _stub(self, service: str) -> Stubber:
        if service not in self._stubs:
            self._stubs[service] = self._stack.enter_context(Stubber(client(service)))
        return self._stubs[service]

    def answer(self, service: str, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self._stub(service).add_response(operation, answer, asked)

    def refuse(self, service: str, operation: str, code: str) -> None:
        self._stub(service).add_client_error(operation, code, "said AWS", http_status_code=400)

    def __call__(self, service: str, region: str) -> Any:
        self.asked.append((service, region))
        self._stub(service)
        return client(service)

    def used_up(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


def who(clients: Stubbed, account: str = ACCOUNT) -> None:
    identity = {"Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/deployer/me", "UserId": "AROA"}
    clients.answer("sts", "get_caller_identity", identity, {})


def quota(name: str, value: float) -> dict[str, Any]:
    return {"QuotaName": name, "Value": value, "ServiceCode": "ec2"}


def quotas(clients: Stubbed, on_demand: float, spot: float) -> None:
    first = {
        "Quotas": [
            quota("Running On-Demand P instances", on_demand),
            quota("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 1),
        ],
        "NextToken": "more",
    }
    second = {
        "Quotas": [
            quota("All P5 Spot Instance Requests", spot),
            quota("All P4, P3 and P2 Spot Instance Requests", 1),
            quota("Elastic IPs", 5),
        ]
    }
    clients.answer("service-quotas", "list_service_quotas", first, {"ServiceCode": "ec2"})
    clients.answer("service-quotas", "list_service_quotas", second, {"ServiceCode": "ec2", "NextToken": "more"})


def offered(clients: Stubbed, *pairs: tuple[str, str]) -> None:
    found = [{"InstanceType": kind, "LocationType": "availability-zone", "Location": zone} for kind, zone in pairs]
    asked = {
        "LocationType": "availability-zone",
        "Filters": [{"Name": "instance-type", "Values": ["p5.48xlarge", "p5en.48xlarge"]}],
    }
    clients.answer("ec2", "describe_instance_type_offerings", {"InstanceTypeOfferings": found}, asked)


def reservation(**changed: Any) -> dict[str, Any]:
    found = {
        "CapacityReservationId": "cr-0123456789abcdef0",
        "InstanceType": "p5en.48xlarge",
        "AvailabilityZone": "eu-north-1a",
        "TotalInstanceCount": 2,
        "State": "active",
    }
    return {"CapacityReservations": [{**found, **changed}]}


def addon(clients: Stubbed, name: str, *versions: str) -> None:
    found = [{"addonName": name, "addonVersions": [{"addonVersion": version} for version in versions]}]
    asked = {"addonName": name, "kubernetesVersion": REGION.version}
    clients.answer("eks", "describe_addon_versions", {"addons": found if versions else []}, asked)


def pinned(clients: Stubbed) -> None:
    """Every add-on as it is pinned, beside a newer one."""
    versions = ADDONS[REGION.version]
    for name, version in (
        ("coredns", versions.names),
        ("eks-pod-identity-agent", versions.identity),
        ("kube-proxy", versions.proxy),
        ("vpc-cni", versions.network),
    ):
        addon(clients, name, "v9.9.9-eksbuild.1", version)


def pushed(clients: Stubbed) -> None:
    """Every image that the region asks for."""
    asked = {"repositoryName": "meridian-prod/serving", "imageIds": [{"imageDigest": DIGEST}]}
    clients.answer("ecr", "describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, asked)
    listed = {"imageIds": [{"imageDigest": DIGEST}]}
    clients.answer("ecr", "list_images", listed, {"repositoryName": "meridian-prod/envoy", "maxResults": 1})
