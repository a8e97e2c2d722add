"""Sizes and names of the ground that no configuration asks for, each with its reason."""

from components.ground_specs import Grant

SYSTEM_MACHINE = "m6i.xlarge"
"""4 vCPU and 16 GiB: what controllers ask for together (about 3 vCPU and 8 GiB) fits on one with the other away. The
m6i family is older than its successors and sold in more regions."""

GATEWAY_MACHINE = "m6i.large"
"""2 vCPU and 8 GiB for one Envoy, which holds streams and at most a few hundred request bodies of 64 KiB steps."""

GATEWAY_RPS = 200
"""Requests per second of one gateway machine, an assumption on the safe side: Envoy's own figure is tens of times
higher, and answers of language models are long streams."""

SPARE_NODES = 1
"""Beyond what the load needs, so that a machine may be replaced."""

DISK_GIB = {"system": 50, "gateway": 50, "gpu": 200}
"""Container images of the engine unpack to about 20 GiB and two of them stand side by side in a rollout; weights are
streamed into memory, and a local copy of the largest quantised model fits."""

MOST_ZONES = 3
"""More zones cost more private endpoints and survive nothing more."""

LEAST_ZONES = 2
SPOT_MACHINES = 4
"""Machine types that a spot pool is spread over, the planned one first."""

GATEWAY_PORT = 30443
"""NodePort of the gateway: in Kubernetes' own range, the same in every region."""

DOOR_PORT, DOOR_PORTS = 16000, 8192
"""First and number of the ports that tunnels to control planes begin at on the machine that changes them: one for each
/21, the smallest network of a region, of 10.0.0.0/8."""
SMALLEST_NETWORK_BITS = 11

PROBE_PATH, PROBE_BODY = "/-/ready", "served:ok"

LONGEST_IDLE_SECONDS = 4000
"""What the clouds' load balancers allow at most (AWS)."""

QUEUE_FACTOR = 10
"""The wait for a first token may be so many times the promised P95 before a stream is given up."""

IDENTITIES: tuple[tuple[str, str, str, tuple[Grant, ...]], ...] = (
    ("weights", "meridian-weights", "loader", ("weights-read", "weights-write")),
    ("secrets", "external-secrets", "external-secrets", ("secrets-read",)),
    ("autoscaler", "kube-system", "cluster-autoscaler", ("nodes-scale",)),
    ("metrics", "monitoring", "opentelemetry-collector", ("metrics-write",)),
)
"""Name, namespace, service account and grants of what every cluster runs; each model's engine has one more."""
