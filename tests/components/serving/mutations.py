"""Mistakes that a change could bring: a piece of a component, what would stand there, and the rule against it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One mistake."""

    module: str
    """Under `components.serving`."""
    right: str
    """Stands there exactly once."""
    wrong: str
    caught_by: str
    """The rule's name; others may catch it as well."""


PLACE = "replicas run where the plan says"
ROLLOUT = "a rollout takes one replica and no gpu more"
DRAIN = "a drain takes one replica of base and spot"
LITTLE = "pods can do nothing but their work"
STOP = "a replica stops after its last answer"
READY = "ready means a token was served"
SETTINGS = "settings are what the server takes"
REACHED = "engines are reached by gateway and prometheus alone"
LEAVE = "engines leave for weights and names alone"
OUT = "weights alone leave the region"
CLOSED = "every namespace is closed"
PARTS = "parts of a replica meet and nobody else does"
OWNED = "what an autoscaler owns no update sets back"
BOUNDS = "scaling keeps to the plans bounds"
UNREAD = "load that cannot be read scales nothing in"
SLOW = "replicas go one by one"
FOLLOWS = "spot follows what the baseline cannot hold"
NEXT = "the next gpu waits for ten minutes of a missing floor"
METRICS = "metrics are those of the pinned engine"
SERIES = "every series is of one model"
ALERT = "what clients notice raises an alert"
SECRET = "nothing secret is in an object"
ZONES = "zones share the baseline"
CHECKED = "weights are checked before they are served"
RUNS = "the program runs"
PROXY = "the gateway goes to engines and its controller alone"
SLOTS = "replicas over nodes have a slot each"
MANY = "replicas are as many as the plan says"
MEMORY = "memory of volumes fits the limit"
IMAGES = "images come from the territory by digest"
SERVICES = "services stay inside and name those that answer"
READ = "metrics are read from those that answer"
IDENTITY = "identities are those that the ground ties"
QUOTA = "a model takes what was planned and no more"
PRIORITY = "nobody pushes a replica out"
CERTIFICATE = "engines can be known by their certificate"
ORDER = "replicas are made after what they need"
CLUSTER = "everything goes to this cluster alone"
LABELS = "everything tells what it belongs to"
SDK = "the sdk knows every input"
MARK = "replicas start again when their settings change"

MUTATIONS = (
    # Where replicas run, and how many.
    Mutation("pods", '"In" if group.role == "spot" else "NotIn"', '"Exists" if True else "NotIn"', PLACE),
    Mutation("pods", '"matchExpressions": [pool, spot]', '"matchExpressions": [spot]', PLACE),
    Mutation("pods", '"requiredDuringSchedulingIgnoredDuringExecution": {', '"preferred": {', PLACE),
    Mutation("pods", '(GPU, "present"), ', "", PLACE),
    Mutation("groups", 'f"{LWS}/exclusive-topology": POOL', "", SLOTS),
    Mutation("groups", 'exclusive-topology": POOL', 'exclusive-topology": MODEL', SLOTS),
    Mutation("pods", "group.slots or (group.pool,)", "group.slots[:1] or (group.pool,)", PLACE),
    Mutation("weights", '"nodeSelector": {ROLE: "system"}', '"nodeSelector": {ROLE: "gpu"}', PLACE),
    Mutation(
        "groups",
        '"replicas": group.replicas,\n            "selector"',
        '"replicas": 1,\n            "selector"',
        MANY,
    ),
    Mutation("groups", '"size": group.nodes_per_replica', '"size": 1', MANY),
    Mutation("groups", "if group.nodes_per_replica > 1:", "if False:", MANY),
    # Rollouts and drains.
    Mutation("groups", '"maxUnavailable": 1}', '"maxUnavailable": 2}', ROLLOUT),
    Mutation("groups", '{"maxSurge": 0, ', '{"maxSurge": 1, ', ROLLOUT),
    Mutation("groups", "MIN_READY_SECONDS = 30", "MIN_READY_SECONDS = 0", ROLLOUT),
    Mutation("rendering", '"maxUnavailable": 1,', '"minAvailable": 1,', DRAIN),
    Mutation("rendering", '"values": ["base", "spot"]', '"values": ["base"]', DRAIN),
    Mutation(
        "rendering",
        "labels = answering(model) if spans_nodes(model) else selector(model)",
        "labels = selector(model)",
        DRAIN,
    ),
    Mutation("pods", "STOP_MARGIN_SECONDS = 20", "STOP_MARGIN_SECONDS = 0", STOP),
    Mutation("pods", '"sleep": {"seconds": group.drain_delay_seconds}', '"sleep": {"seconds": 5}', STOP),
    Mutation("settings", '"delay_seconds": 0,', '"delay_seconds": group.drain_delay_seconds,', STOP),
    Mutation("settings", '"timeout_seconds": group.drain_timeout_seconds', '"timeout_seconds": 120', STOP),
    Mutation("pods", "seconds = group.drain_delay_seconds + group.drain_timeout_seconds\n", "seconds = 5\n", STOP),
    # Starting and proving.
    Mutation("pods", '"readinessProbe": {**_probe("/-/ready")', '"readinessProbe": {**_probe("/health")', READY),
    Mutation("pods", '"livenessProbe": {**_probe("/-/live")', '"livenessProbe": {**_probe("/-/ready")', READY),
    Mutation("pods", '"scheme": "HTTPS"', '"scheme": "HTTP"', READY),
    Mutation("pods", "STARTUP_SECONDS = 1800", "STARTUP_SECONDS = 300", READY),
    Mutation("pods", "LIVENESS_FAILURES = 18", "LIVENESS_FAILURES = 3", READY),
    Mutation("pods", '"initContainers": [_verify(leaves)],', "", CHECKED),
    Mutation("weights", "{model.name}/{model.revision}/", "{model.name}/", CHECKED),
    Mutation("pods", ', "annotations": {SETTINGS_MARK: leaves.mark}', "", MARK),
    Mutation("settings", '"tensor_parallel": group.gpus_per_node', '"tensor_parallel": 1', SETTINGS),
    Mutation("settings", '"max_num_seqs": group.concurrency', '"max_num_seqs": size.max_num_seqs', SETTINGS),
    Mutation("settings", '"quantization": size.quantization', '"quantization": None', SETTINGS),
    Mutation("settings", " if lane.name in group.lanes}", ' if lane.name == "chat"}', SETTINGS),
    Mutation("settings", '"max_num_queued_reqs": max(', '"max_num_queued": max(', SETTINGS),
    # What a pod may do.
    Mutation("pods", '"runAsUser": USER,', '"runAsUser": 0,', LITTLE),
    Mutation("pods", '"allowPrivilegeEscalation": False', '"allowPrivilegeEscalation": True', LITTLE),
    Mutation("pods", '"readOnlyRootFilesystem": True', '"readOnlyRootFilesystem": False', LITTLE),
    Mutation(
        "pods", '"capabilities": {"drop": ["ALL"]}', '"capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}', LITTLE
    ),
    Mutation("pods", '"automountServiceAccountToken": False,\n', "", LITTLE),
    Mutation("pods", '{"medium": "Memory", "sizeLimit": shm}', '{"medium": "Memory"}', MEMORY),
    Mutation("pods", "SHM_GIB_PER_GPU = 2, 10, 12, 2", "SHM_GIB_PER_GPU = 2, 10, 12, 10", MEMORY),
    Mutation(
        "region",
        "/{spec.image.repository}@{spec.image.digest}",
        "/{spec.image.repository}:latest",
        IMAGES,
    ),
    Mutation("region", "inputs.cluster.registry, f", '"docker.io", f', IMAGES),
    # Who talks to whom.
    Mutation("isolation", '_policy("deny-all", namespace, {}, spec, ingress=[], egress=[]),', "", CLOSED),
    Mutation("isolation", "ingress=[], egress=[]),", "egress=[]),", CLOSED),
    Mutation(
        "isolation",
        '{"from": [_pods(PROXIES, GATEWAY_PODS)], "ports": [_tcp(PORT)]}',
        '{"ports": [_tcp(PORT)]}',
        REACHED,
    ),
    Mutation("isolation", "_pods(PROXIES, GATEWAY_PODS)", "_pods(PROXIES, {})", REACHED),
    Mutation(
        "isolation",
        '_pods(MONITORING, PROMETHEUS_PODS)], "ports": [_tcp(PORT)]',
        "_pods(MONITORING, PROMETHEUS_PODS)]",
        REACHED,
    ),
    Mutation("isolation", "answering(model), spec, ingress=come_in", "selector(model), spec, ingress=come_in", REACHED),
    Mutation(
        "isolation",
        "egress=_out(*wiring.bucket, *wiring.identity))",
        "egress=_out(*wiring.bucket, *wiring.identity, *wiring.loader))",
        LEAVE,
    ),
    Mutation("isolation", '"ports": [_tcp(each.port)],', "", LEAVE),
    Mutation("isolation", '_policy("loader", WEIGHTS, {NAME: LOADER}', '_policy("loader", WEIGHTS, {}', OUT),
    Mutation("isolation", ', **({"except": list(each.excepted)} if each.excepted else {})', "", OUT),
    Mutation(
        "isolation",
        'mine = {**selector(model), f"{LWS}/name": workload(model, group)}',
        "mine = selector(model)",
        PARTS,
    ),
    Mutation("rendering", '"type": "ClusterIP"', '"type": "LoadBalancer"', SERVICES),
    Mutation(
        "rendering",
        '"selector": answering(model),',
        '"selector": selector(model),',
        SERVICES,
    ),
    Mutation("isolation", "egress=[_NAMES, *engines, control]", "egress=[_NAMES, control]", REACHED),
    Mutation("isolation", "egress=[_NAMES, *engines, control]", "egress=[{}]", PROXY),
    Mutation("isolation", 'come_in = [{"ports": [_tcp(ENVOY)]}, scraped]', "come_in = [{}]", PROXY),
    Mutation("spaces", '("enforce", "audit", "warn")', '("audit", "warn")', CLOSED),
    # Scaling.
    Mutation("groups", 'return [] if group.role == "base" else ["spec.replicas"]', "return []", OWNED),
    Mutation("groups", '["spec.replicas"]', '["spec.template"]', OWNED),
    Mutation("scaling", '"minReplicaCount": group.min_replicas', '"minReplicaCount": 0', BOUNDS),
    Mutation("scaling", '"maxReplicaCount": group.max_replicas', '"maxReplicaCount": 100', BOUNDS),
    Mutation("scaling", '"ignoreNullValues": "false",', "", UNREAD),
    Mutation("scaling", '"behavior": "currentReplicasIfHigher"', '"behavior": "static"', UNREAD),
    Mutation("scaling", "unknown=spot.replicas", "unknown=0", UNREAD),
    Mutation("scaling", '"metricType": "AverageValue"', '"metricType": "Value"', UNREAD),
    Mutation("scaling", '"type": "Pods", "value": 1', '"type": "Percent", "value": 100', SLOW),
    Mutation("scaling", "base.replicas * _target(base)", "base.replicas", FOLLOWS),
    Mutation("scaling", "TARGET_SHARE = 0.7", "TARGET_SHARE = 1.0", FOLLOWS),
    Mutation("scaling", "{running} + {waiting}", "{running}", FOLLOWS),
    Mutation("scaling", "FLOOR_MINUTES = 10", "FLOOR_MINUTES = 1", NEXT),
    Mutation("scaling", " or vector(0))", ")", NEXT),
    Mutation("scaling", "_of(model, 'base')", "_of(model)", NEXT),
    Mutation("scaling", "vllm:num_requests_waiting", "vllm:num_requests_swapped", METRICS),
    Mutation("monitoring", "'generation_tokens_total'", "'tokens_generated_total'", METRICS),
    Mutation("monitoring", "'request_time_per_output_token_seconds'", "'time_per_output_token_seconds'", METRICS),
    Mutation("scaling", 'namespace="{model.name}",', "", SERIES),
    # Alerts.
    Mutation("monitoring", '"1h", "5m", 14.4', '"1h", "5m", 144.0', ALERT),
    Mutation("monitoring", "*_floor(model), ", "", ALERT),
    Mutation("monitoring", "model.ttft_p95_ms / 1000:g", "model.ttft_p95_ms:g", ALERT),
    Mutation("monitoring", " or absent({_series(model, 'num_requests_running')})", "", ALERT),
    Mutation("monitoring", '"podTargetLabels": [GROUP],', "", READ),
    Mutation("monitoring", '"scheme": "https"', '"scheme": "http"', READ),
    # Secrets, identity, limits, order.
    Mutation("secrets", "spec.environment, spec.territory, name", "spec.environment, name", SECRET),
    Mutation("secrets", ', "conditions": [{"namespaces": allowed}]', "", SECRET),
    Mutation("secrets", "for name in (ENGINE_KEY, SALT_KEY)]", "for name in (ENGINE_KEY,)]", SECRET),
    Mutation(
        "pods",
        '"serviceAccountName": ENGINE',
        '"serviceAccountName": "default"',
        IDENTITY,
    ),
    Mutation("weights", 'ACCOUNT = "loader"', 'ACCOUNT = "weights"', IDENTITY),
    Mutation("spaces", "str(gpus(model))", '"1000"', QUOTA),
    Mutation("spaces", '"services.nodeports": "0"', '"services.nodeports": "5"', QUOTA),
    Mutation(
        "spaces",
        '"preemptionPolicy": "Never"',
        '"preemptionPolicy": "PreemptLowerPriority"',
        PRIORITY,
    ),
    Mutation("trust", "_server(ENGINE_TLS, model.name", '_server("tls", model.name', CERTIFICATE),
    Mutation("trust", "(server_name(model),)", '("*.svc",)', CERTIFICATE),
    Mutation("region", "depends_on=needed", "depends_on=needed[:1]", ORDER),
    Mutation("region", "cluster_identifier=spec.name,", "", CLUSTER),
    Mutation(
        "region",
        "enable_server_side_apply=True",
        "enable_server_side_apply=False",
        CLUSTER,
    ),
    Mutation("region", "parent=self, provider=self.provider)", "parent=self)", CLUSTER),
    Mutation("words", "{**dict(spec.labels), **more}", "{**more}", LABELS),
    Mutation("groups", '"minReadySeconds"', '"minReadySecond"', SDK),
    Mutation("pods", '"topologySpreadConstraints": _spread', '"topologySpread": _spread', ZONES),
    Mutation("pods", '"DoNotSchedule" if group.role == "base" else "ScheduleAnyway"', '"ScheduleAnyway"', ZONES),
    Mutation("pods", "GROUP: group.role}\n    found", "}\n    found", ZONES),
)
