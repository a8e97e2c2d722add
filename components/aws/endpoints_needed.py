"""Services of AWS that nodes, their agents and controllers call, and so need an endpoint inside the network. Pure."""

INTERFACES = (
    *("ec2", "ecr.api", "ecr.dkr", "sts", "eks", "eks-auth", "ssm", "ssmmessages", "ec2messages", "sqs"),
    *("autoscaling", "elasticloadbalancing", "logs", "monitoring", "kms", "secretsmanager"),
)
"""By an interface in each subnet of nodes."""

STORAGE = "s3"
"""By a gateway in the route tables of nodes."""
