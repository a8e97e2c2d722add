"""What a region's nodes run and serve: images that cannot be overwritten, and the models' weights."""

import json

import pulumi
import pulumi_aws as aws

from components.aws.audit import Audit
from components.aws.buckets import access_logged, bucket
from components.aws.keys import Keys
from components.aws.names import bucket_arn, repository_prefix
from components.aws.network import Network
from components.aws.policy import deny
from components.ground_specs import GroundSpec
from components.images import mirrored

UNTAGGED_DAYS = 30


def registry(name: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Make the repositories: one for each image and chart that nodes may need, for nothing is pulled from elsewhere."""
    return [_repository(name, each.name, spec, keys, opts) for each in mirrored()]


def weights(
    name: str, spec: GroundSpec, net: Network, keys: Keys, kept: Audit, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Make the bucket of the models' weights; returns its address.

    It is read through the network's own endpoint alone; writing is for whoever IAM lets, as weights come from outside.
    """
    inside = {"StringNotEquals": {"aws:SourceVpce": net.storage_endpoint_id}}
    objects = f"{bucket_arn(spec, 'weights')}/*"
    made = bucket(
        name,
        "weights",
        spec,
        opts,
        key=keys["data"],
        statements=[deny(["s3:GetObject", "s3:GetObjectVersion"], [objects], inside)],
    )
    access_logged(f"{name}-weights", made, kept.access_logs, opts)
    return pulumi.Output.format("s3://{0}", made.name)


def _repository(
    name: str, image: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions
) -> aws.ecr.Repository:
    called = f"{name}-{image.replace('/', '-')}"
    made = aws.ecr.Repository(
        called,
        name=f"{repository_prefix(spec)}/{image}",
        image_tag_mutability="IMMUTABLE",
        image_scanning_configuration={"scan_on_push": True},
        encryption_configurations=[{"encryption_type": "KMS", "kms_key": keys["registry"]}],
        force_delete=not spec.protect,
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=spec.protect)),
    )
    aws.ecr.LifecyclePolicy(called, repository=made.name, policy=json.dumps(_life()), opts=opts)
    return made


def _life() -> dict[str, object]:
    selection = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
