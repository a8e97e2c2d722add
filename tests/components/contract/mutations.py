"""Mistakes that a change could bring: a piece of a component, what would stand there, and the rule against it."""

from tests.components.contract.mutation import CLOSED, LOGGED, LOGS_KEPT, OURS, PROTECTED, SDK, STRANGER, Mutation
from tests.components.contract.mutations_entry import ENTRY_MUTATIONS

MUTATIONS: tuple[Mutation, ...] = (
    *ENTRY_MUTATIONS,
    Mutation(
        "cluster", '"endpoint_public_access": listed', '"endpoint_public_access": True', "control plane is private"
    ),
    Mutation(
        "cluster", '"endpoint_private_access": True', '"endpoint_private_access": False', "control plane is private"
    ),
    Mutation("cluster", '"resources": ["secrets"]', '"resource": ["secrets"]', SDK),
    Mutation("cluster", 'keys["cluster"]', '"alias/aws/eks"', OURS),
    Mutation("cluster", "list(LOGS)", "list(LOGS[1:])", LOGGED),
    Mutation(
        "cluster",
        '"bootstrap_cluster_creator_admin_permissions": False',
        '"bootstrap_cluster_creator_admin_permissions": True',
        "nobody is administrator unsaid",
    ),
    Mutation("cluster", '"API"', '"API_AND_CONFIG_MAP"', "nobody is administrator unsaid"),
    Mutation("cluster", "deletion_protection=spec.protect", "deletion_protection=False", PROTECTED),
    Mutation("cluster", "enabled_cluster_log_types=", "cluster_log_types=", "the program runs"),
    Mutation("keys", "enable_key_rotation=True", "enable_key_rotation=False", "keys turn and can be taken back"),
    Mutation("keys", "WINDOW_DAYS = 30", "WINDOW_DAYS = 7", "keys turn and can be taken back"),
    Mutation("keys", "multi_region=False", "multi_region=True", "keys turn and can be taken back"),
    Mutation("keys", "protect=spec.protect", "protect=False", PROTECTED),
    Mutation("keys", '{"AWS": iam_arn(spec, "root")}', '{"AWS": "*"}', STRANGER),
    Mutation("keys", "log_group_patterns(spec)}", "log_group_patterns(spec)[:2]}", LOGGED),
    Mutation("logs", 'kms_key_id=keys["logs"]', "kms_key_id=None", OURS),
    Mutation("logs", "retention(spec.audit.retention_days)", "90", LOGS_KEPT),
    Mutation(
        "names",
        '{spec.location}:{spec.account}:{resource}"',
        'us-west-2:{spec.account}:{resource}"',
        "nothing lies outside the region",
    ),
    Mutation(
        "network", "map_public_ip_on_launch=False", "map_public_ip_on_launch=True", "nodes have no public address"
    ),
    Mutation(
        "network", 'if spec.entry.visibility == "public"', "if True", "entries alone meet the internet", "private"
    ),
    Mutation("network", 'traffic_type="ALL"', 'traffic_type="REJECT"', LOGGED),
    Mutation("endpoints", '"kms", "secretsmanager"', '"kms"', "nodes reach the cloud privately"),
    Mutation("endpoints", "private_dns_enabled=True", "private_dns_enabled=False", "nodes reach the cloud privately"),
    Mutation("endpoints", 'principal={"AWS": "*"}, when=only', 'principal={"AWS": "*"}', STRANGER),
    Mutation("templates", '"http_tokens": "required"', '"http_tokens": "optional"', "pods cannot take the nodes role"),
    Mutation(
        "templates",
        '"http_put_response_hop_limit": 1',
        '"http_put_response_hop_limit": 2',
        "pods cannot take the nodes role",
    ),
    Mutation(
        "templates",
        '"associate_public_ip_address": "false"',
        '"associate_public_ip_address": "true"',
        "nodes have no public address",
    ),
    Mutation("templates", 'keys["nodes"]', '""', OURS),
    Mutation("templates", '"encrypted": "true"', '"encrypted": "false"', OURS),
    Mutation("templates", "**dict(spec.tags), ", "", "everything is tagged"),
    Mutation("templates", "max(pool.rdma_cards, 1)", "1", "replicas over nodes have their network"),
    Mutation("templates", "if not pool.rdma_cards:", "if True:", "replicas over nodes have their network"),
    Mutation("templates", "if pool.reservation is None:", "if True:", "baseline is never on spot"),
    Mutation("pools", '"SPOT" if pool.capacity == "spot" else "ON_DEMAND"', '"SPOT"', "baseline is never on spot"),
    Mutation("pools", "list(pool.machines)", "list(pool.machines[:1])", "spot is spread"),
    Mutation(
        "pools",
        '[(zone,) for zone in pool.zones] if pool.capacity == "spot" else [pool.zones]',
        "[pool.zones]",
        "spot is spread",
    ),
    Mutation("pools", ", ignore_changes=OWNED_BY_AUTOSCALER", "", "autoscaled sizes are left alone"),
    Mutation("pools", "scalingConfig.desiredSize", "scaling_config.desired_size", "autoscaled sizes are left alone"),
    Mutation("pools", "taints=_taints(pool)", "taints=[]", "dear nodes are for their own work"),
    Mutation("buckets", "block_public_policy=True", "block_public_policy=False", CLOSED),
    Mutation("buckets", '{"status": "Enabled"}, opts', '{"status": "Suspended"}, opts', CLOSED),
    Mutation("buckets", "tls_only(made.arn), ", "", CLOSED),
    Mutation("buckets", "force_destroy=not spec.protect and lock is None", "force_destroy=True", PROTECTED),
    Mutation("audit", "enable_log_file_validation=True", "enable_log_file_validation=False", LOGGED),
    Mutation("audit", "is_multi_region_trail=False", "is_multi_region_trail=True", LOGGED),
    Mutation("audit", '"days": spec.audit.retention_days', '"days": 1', LOGS_KEPT),
    Mutation("registry", '"IMMUTABLE"', '"MUTABLE"', "images stay what they were"),
    Mutation("registry", '"scan_on_push": True', '"scan_on_push": False', "images stay what they were"),
    Mutation("registry", '"KMS", "kms_key"', '"AES256", "kms_key"', OURS),
    Mutation("registry", "objects], inside", "objects], {}", "weights are read inside alone"),
    Mutation(
        "identities",
        '"cloudwatch:PutMetricData"], ["*"], when=only',
        '"cloudwatch:PutMetricData"], ["*"]',
        "workloads may do little",
    ),
    Mutation("identities", '["s3:GetObject", "s3:GetObjectVersion"]', '["s3:*"]', "workloads may do little"),
    Mutation(
        "identities",
        'trust("eks.amazonaws.com", when=mine)',
        'trust("eks.amazonaws.com")',
        "roles are taken by one service",
    ),
    Mutation("region", "allowed_account_ids=[spec.account],", "", "everything has an explicit provider"),
    Mutation("region", "region=spec.location", 'region="us-west-2"', "nothing lies outside the region"),
    Mutation(
        "region",
        "child = pulumi.ResourceOptions(parent=self, provider=provider)",
        "child = pulumi.ResourceOptions(parent=self)",
        "everything has an explicit provider",
    ),
    Mutation("region", 'default_tags={"tags": dict(spec.tags)},', "", "everything is tagged"),
    Mutation(
        "entry",
        'EVERYWHERE = "0.0.0.0/0"\n',
        'EVERYWHERE = "0.0.0.0/0"\nHTTPS = 80\n',
        "entries alone meet the internet",
    ),
)
