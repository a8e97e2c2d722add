"""Names and ARNs of a region's resources, known before these are: policies name each other through them. Pure."""

from collections.abc import Mapping

from components.ground_specs import GroundSpec
from components.naming import named
from components.secret_names import in_manager

PREFIX = "meridian"
PARTITIONS: Mapping[str, str] = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
"""Partition by how a region's name starts; every other region is of `aws`."""

RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
"""Days that CloudWatch Logs can keep, from the API reference of PutRetentionPolicy."""


def partition(location: str) -> str:
    """The partition of a region, the second field of its ARNs."""
    return next((found for start, found in PARTITIONS.items() if location.startswith(start)), "aws")


def arn(spec: GroundSpec, service: str, resource: str) -> str:
    """An ARN of the region's account and location."""
    return f"arn:{partition(spec.location)}:{service}:{spec.location}:{spec.account}:{resource}"


def iam_arn(spec: GroundSpec, resource: str) -> str:
    """An ARN of IAM, which has no region."""
    return f"arn:{partition(spec.location)}:iam::{spec.account}:{resource}"


def managed_policy(spec: GroundSpec, name: str) -> str:
    """The ARN of a policy that AWS keeps."""
    return f"arn:{partition(spec.location)}:iam::aws:policy/{name}"


def retention(days: int) -> int:
    """The shortest time that CloudWatch Logs offers and that is not below `days`; ValueError above ten years."""
    found = next((offered for offered in RETENTIONS if offered >= days), None)
    if found is None:
        message = f"{days} days are more than CloudWatch Logs keeps, at most {RETENTIONS[-1]}: lower logRetentionDays"
        raise ValueError(message)
    return found


def secret_name(spec: GroundSpec, name: str) -> str:
    """The name of a secret in Secrets Manager; what is served reads it under the same one."""
    return in_manager(spec.environment, spec.territory, name)


def cluster_name(spec: GroundSpec) -> str:
    """The name of the EKS cluster, ours or somebody else's."""
    return spec.cluster.existing or named("aws-cluster", PREFIX, spec.environment, spec.location)


def role_name(spec: GroundSpec, purpose: str) -> str:
    """The name of an IAM role; roles are of the account, so it carries the region."""
    return named("aws-role", PREFIX, spec.environment, spec.location, purpose)


def bucket_name(spec: GroundSpec, purpose: str) -> str:
    """The name of a bucket: unique in the world by the account, and by generation where a lock keeps an old one."""
    parts = (PREFIX, spec.environment, purpose, spec.account, spec.location, f"g{spec.generation}")
    return named("aws-bucket", *parts)


def bucket_arn(spec: GroundSpec, purpose: str) -> str:
    """The ARN of a bucket."""
    return f"arn:{partition(spec.location)}:s3:::{bucket_name(spec, purpose)}"


def log_group(spec: GroundSpec, purpose: str) -> str:
    """The name of a log group: `cluster` as EKS wants it, all others under the environment."""
    if purpose == "cluster":
        return f"/aws/eks/{cluster_name(spec)}/cluster"
    return "/" + named("aws-path", PREFIX, spec.environment, spec.location, purpose)


def log_group_patterns(spec: GroundSpec) -> list[str]:
    """ARNs of the log groups that may use the log key; AWS WAF wants a prefix of its own."""
    waf = f"aws-waf-logs-{spec.environment}-{spec.location}"
    names = (log_group(spec, "cluster"), f"/{PREFIX}/{spec.environment}/{spec.location}/*", waf)
    return [arn(spec, "logs", f"log-group:{name}") for name in names]


def trail_name(spec: GroundSpec) -> str:
    """The name of the region's trail."""
    return named("aws-trail", PREFIX, spec.environment, spec.location)


def trail_arn(spec: GroundSpec) -> str:
    """The ARN of the region's trail."""
    return arn(spec, "cloudtrail", f"trail/{trail_name(spec)}")


def repository_prefix(spec: GroundSpec) -> str:
    """The first part of every repository's name."""
    return repository_prefix_of(spec.environment)


def repository_prefix_of(environment: str) -> str:
    """The same where only the environment is known."""
    return named("aws-repository", PREFIX, environment)


def registry(spec: GroundSpec) -> str:
    """Address of the registry, without a path."""
    return registry_of(spec.account, spec.location)


def registry_of(account: str, location: str) -> str:
    """The same where only account and region are known."""
    suffix = "amazonaws.com.cn" if partition(location) == "aws-cn" else "amazonaws.com"
    return f"{account}.dkr.ecr.{location}.{suffix}"
