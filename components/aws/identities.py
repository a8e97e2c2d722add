"""Who may do what on AWS: roles of the control plane, of nodes and of workloads, none with a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import pulumi
import pulumi_aws as aws

from components.aws.keys import Keys
from components.aws.names import arn, bucket_arn, cluster_name, managed_policy, role_name, secret_name
from components.aws.policy import Statement, allow, document, trust
from components.ground_specs import Grant, GroundSpec, IdentitySpec

METRICS_NAMESPACE = "Meridian"


@dataclass(frozen=True)
class Roles:
    """ARNs of the roles that the cluster and its nodes take, each usable once its policies are attached."""

    cluster: pulumi.Output[str]
    nodes: pulumi.Output[str]
    gateway_nodes: pulumi.Output[str]
    """Nodes of the gateway pool: the door's tunnel goes through them."""
    network: pulumi.Output[str]
    """The add-on that gives pods their addresses."""


def roles(name: str, spec: GroundSpec, keys: Keys, opts: pulumi.ResourceOptions) -> Roles:
    """Make the roles that exist before the cluster."""
    mine = {"ArnLike": {"aws:SourceArn": arn(spec, "eks", f"cluster/{cluster_name(spec)}")}}
    nodes = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
    tunnel = ("AmazonSSMManagedInstanceCore",) if spec.cluster.door == "tunnel" else ()
    secrets = allow(
        ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"],
        [keys["cluster"]],
    )
    return Roles(
        cluster=_role(
            name, "cluster", spec, trust("eks.amazonaws.com", when=mine), ("AmazonEKSClusterPolicy",), opts, (secrets,)
        ),
        nodes=_role(name, "nodes", spec, trust("ec2.amazonaws.com"), nodes, opts),
        gateway_nodes=_role(name, "gateway-nodes", spec, trust("ec2.amazonaws.com"), (*nodes, *tunnel), opts),
        network=_role(name, "network", spec, _pod_trust(spec), ("AmazonEKS_CNI_Policy",), opts),
    )


def workload(
    name: str,
    identity: IdentitySpec,
    spec: GroundSpec,
    keys: Keys,
    cluster: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Give one service account of the cluster a role; returns its ARN."""
    may = [each for grant in identity.grants for each in _statements(grant, spec, keys)]
    role = _role(name, f"pod-{identity.name}", spec, _pod_trust(spec), (), opts, may)
    aws.eks.PodIdentityAssociation(
        f"{name}-{identity.name}",
        cluster_name=cluster,
        namespace=identity.namespace,
        service_account=identity.service_account,
        role_arn=role,
        opts=opts,
    )
    return role


def _pod_trust(spec: GroundSpec) -> str:
    mine = {
        "StringEquals": {"aws:SourceAccount": spec.account},
        "ArnEquals": {"aws:SourceArn": arn(spec, "eks", f"cluster/{cluster_name(spec)}")},
    }
    return trust("pods.eks.amazonaws.com", actions=("sts:AssumeRole", "sts:TagSession"), when=mine)


def _role(
    name: str,
    purpose: str,
    spec: GroundSpec,
    trusted: str,
    managed: Sequence[str],
    opts: pulumi.ResourceOptions,
    own: Sequence[Statement] = (),
) -> pulumi.Output[str]:
    """Make a role; what takes its ARN waits until its policies are attached, or its first call would be refused."""
    role = aws.iam.Role(f"{name}-{purpose}", name=role_name(spec, purpose), assume_role_policy=trusted, opts=opts)
    attached: list[pulumi.Resource] = [
        aws.iam.RolePolicyAttachment(
            f"{name}-{purpose}-{policy}", role=role.name, policy_arn=managed_policy(spec, policy), opts=opts
        )
        for policy in managed
    ]
    if own:
        attached.append(
            aws.iam.RolePolicy(f"{name}-{purpose}", name=purpose, role=role.name, policy=document(*own), opts=opts)
        )
    return pulumi.Output.all(role.arn, *(each.urn for each in attached)).apply(lambda known: str(known[0]))


def _statements(grant: Grant, spec: GroundSpec, keys: Keys) -> list[Statement]:
    weights = bucket_arn(spec, "weights")
    if grant == "weights-read":
        return [
            allow(["s3:ListBucket"], [weights]),
            allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{weights}/*"]),
            allow(["kms:Decrypt"], [keys["data"]]),
        ]
    if grant == "weights-write":
        return [
            allow(["s3:ListBucket"], [weights]),
            allow(["s3:PutObject", "s3:AbortMultipartUpload"], [f"{weights}/*"]),
            allow(["kms:GenerateDataKey", "kms:Decrypt"], [keys["data"]]),
        ]
    if grant == "secrets-read":
        secrets = arn(spec, "secretsmanager", f"secret:{secret_name(spec, '*')}")
        through = {"StringEquals": {"kms:ViaService": f"secretsmanager.{spec.location}.amazonaws.com"}}
        return [
            allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], [secrets]),
            allow(["kms:Decrypt"], [keys["data"]], when=through),
        ]
    if grant == "metrics-write":
        only = {"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}}
        return [allow(["cloudwatch:PutMetricData"], ["*"], when=only)]
    if grant == "nodes-scale":
        return _autoscaler(spec)
    assert_never(grant)


def _autoscaler(spec: GroundSpec) -> list[Statement]:
    """Reading has no narrower resource in IAM; changing is for the cluster's own groups alone."""
    mine = {"StringEquals": {"aws:ResourceTag/eks:cluster-name": cluster_name(spec)}}
    reads = [
        *("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances"),
        *("autoscaling:DescribeLaunchConfigurations", "autoscaling:DescribeScalingActivities"),
        *("ec2:DescribeImages", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplateVersions"),
        *("ec2:GetInstanceTypesFromInstanceRequirements",),
    ]
    groups = [arn(spec, "autoscaling", "autoScalingGroup:*:autoScalingGroupName/eks-*")]
    changes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    own = arn(spec, "eks", f"nodegroup/{cluster_name(spec)}/*")
    return [allow(reads, ["*"]), allow(["eks:DescribeNodegroup"], [own]), allow(changes, groups, when=mine)]
