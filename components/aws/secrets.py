"""The secrets that a region's workloads read, in AWS Secrets Manager under the region's own key."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws.keys import Keys
from components.aws.names import secret_name
from components.ground_specs import GroundSpec

NO_WINDOW = 0
"""The names layer holds every value, so nothing is lost with a secret; a window would keep its name from the next."""


def secrets(
    name: str,
    spec: GroundSpec,
    values: Mapping[str, pulumi.Output[str]],
    keys: Keys,
    opts: pulumi.ResourceOptions,
) -> None:
    """Make every secret of the spec with its value; KeyError for one that has none."""
    for each in spec.secrets:
        plain = f"{name}-{each.replace('/', '-')}"
        secret = aws.secretsmanager.Secret(
            plain,
            name=secret_name(spec, each),
            description=f"{spec.environment} {spec.name}: {each}",
            kms_key_id=keys["data"],
            recovery_window_in_days=NO_WINDOW,
            opts=opts,
        )
        aws.secretsmanager.SecretVersion(plain, secret_id=secret.id, secret_string=values[each], opts=opts)
