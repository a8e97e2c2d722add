"""How nodes reach AWS without a way to the internet: endpoints inside the network."""

import pulumi
import pulumi_aws as aws

from components.aws.endpoints_needed import INTERFACES, STORAGE
from components.aws.names import bucket_arn, partition
from components.aws.policy import Statement, allow, document
from components.ground_specs import GroundSpec


def endpoints(
    name: str,
    spec: GroundSpec,
    vpc: pulumi.Input[str],
    subnets: list[pulumi.Output[str]],
    security_group: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Make the interface endpoints, one address per zone each."""
    for service in INTERFACES:
        aws.ec2.VpcEndpoint(
            f"{name}-{service.replace('.', '-')}",
            vpc_id=vpc,
            service_name=f"com.amazonaws.{spec.location}.{service}",
            vpc_endpoint_type="Interface",
            subnet_ids=subnets,
            security_group_ids=[security_group],
            private_dns_enabled=True,
            policy=document(_own_account(spec)),
            opts=opts,
        )


def storage_endpoint(
    name: str,
    spec: GroundSpec,
    vpc: pulumi.Input[str],
    route_tables: list[pulumi.Output[str]],
    opts: pulumi.ResourceOptions,
) -> aws.ec2.VpcEndpoint:
    """Make the S3 endpoint: to the weights, and to the layers of images that ECR keeps in a bucket of AWS."""
    weights = bucket_arn(spec, "weights")
    layers = f"arn:{partition(spec.location)}:s3:::prod-{spec.location}-starport-layer-bucket/*"
    mine = allow(
        ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"],
        [weights, f"{weights}/*"],
        principal={"AWS": "*"},
        when={"StringEquals": {"aws:PrincipalAccount": spec.account, "aws:ResourceAccount": spec.account}},
    )
    return aws.ec2.VpcEndpoint(
        f"{name}-s3",
        vpc_id=vpc,
        service_name=f"com.amazonaws.{spec.location}.{STORAGE}",
        vpc_endpoint_type="Gateway",
        route_table_ids=route_tables,
        policy=document(mine, allow(["s3:GetObject"], [layers], principal={"AWS": "*"})),
        opts=opts,
    )


def _own_account(spec: GroundSpec) -> Statement:
    """An endpoint's policy cannot name roles as principals; a condition keeps other accounts' credentials out."""
    only = {"StringEquals": {"aws:PrincipalAccount": spec.account}}
    return allow(["*"], ["*"], principal={"AWS": "*"}, when=only)
