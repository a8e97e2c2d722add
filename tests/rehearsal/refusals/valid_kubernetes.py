"""Objects of a region's serving layer that must pass, and the cluster that they refer to."""

from typing import Any

from tests.rehearsal.refusals.memory import Thing

PROVIDER = {"clusterIdentifier": "aws-eu-north-1"}
NAMESPACE = "model-llama-70b"
LABELS = {"app.kubernetes.io/name": "engine", "meridian.dev/model": "llama-70b", "meridian.dev/lane": "chat"}


def meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, "labels": LABELS, **more}


def kubernetes(token: str, name: str, **inputs: Any) -> Thing:
    return Thing(f"kubernetes:{token}", name, {"metadata": {"name": name}, **inputs}, {}, PROVIDER)


WORLD = (
    kubernetes("core/v1:Namespace", NAMESPACE),
    kubernetes("core/v1:Namespace", "gateway"),
    kubernetes(
        "apiextensions.k8s.io/v1:CustomResourceDefinition",
        "leaderworkersets.leaderworkerset.x-k8s.io",
        spec={"group": "leaderworkerset.x-k8s.io", "scope": "Namespaced", "names": {"kind": "LeaderWorkerSet"}},
    ),
    kubernetes(
        "apiextensions.k8s.io/v1:CustomResourceDefinition",
        "scaledobjects.keda.sh",
        spec={"group": "keda.sh", "scope": "Namespaced", "names": {"kind": "ScaledObject"}},
    ),
)
POD: dict[str, Any] = {
    "serviceAccountName": "engine",
    "automountServiceAccountToken": False,
    "terminationGracePeriodSeconds": 120,
    "priorityClassName": "chat",
    "nodeSelector": {"meridian.dev/pool": "h100"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
    ],
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "initContainers": [{"name": "weights", "image": "registry/weights@sha256:0", "restartPolicy": "Always"}],
    "containers": [
        {
            "name": "engine",
            "image": "registry/serving@sha256:0",
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"name": "https", "containerPort": 8443, "protocol": "TCP"}],
            "env": [{"name": "VLLM_NO_USAGE_STATS", "value": "1"}],
            "resources": {
                "requests": {"cpu": "16", "memory": "200Gi", "nvidia.com/gpu": 8},
                "limits": {"memory": "200Gi", "nvidia.com/gpu": 8},
            },
            "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "https", "scheme": "HTTPS"}, "periodSeconds": 5},
            "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}],  # noqa: S108 - where CUDA shares memory
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
    "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}}],
}
STORE = {"name": "c", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}
TLS = {"tls.crt": "QQ==", "tls.key": "QQ=="}
READ = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
SELECTOR = {"matchLabels": {"app.kubernetes.io/name": "engine", "meridian.dev/lane": "chat"}}
INPUTS: list[tuple[str, dict[str, Any]]] = [
    (
        "kubernetes:core/v1:Namespace",
        {"metadata": {"name": "tenants", "labels": {"pod-security.kubernetes.io/enforce": "restricted"}}},
    ),
    (
        "kubernetes:apps/v1:Deployment",
        {
            "metadata": meta("llama-70b-base", annotations={"meridian.dev/plan": '{"replicas": 3}'}),
            "spec": {
                "replicas": 3,
                "selector": SELECTOR,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "template": TEMPLATE,
            },
        },
    ),
    (
        "kubernetes:apps/v1:Deployment",
        {
            "metadata": meta("small"),
            "spec": {
                "selector": SELECTOR,
                "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
            },
        },
    ),
    (
        "kubernetes:apps/v1:DaemonSet",
        {
            "metadata": {"name": "envoy", "namespace": "gateway"},
            "spec": {"selector": SELECTOR, "updateStrategy": {"type": "RollingUpdate"}, "template": TEMPLATE},
        },
    ),
    (
        "kubernetes:apps/v1:StatefulSet",
        {
            "metadata": meta("cache"),
            "spec": {
                "serviceName": "cache",
                "selector": SELECTOR,
                "template": {
                    "metadata": {"labels": LABELS},
                    "spec": {
                        "containers": [
                            {"name": "c", "image": "i", "volumeMounts": [{"name": "data", "mountPath": "/d"}]}
                        ]
                    },
                },
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "data"},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "100Gi"}},
                        },
                    }
                ],
            },
        },
    ),
    (
        "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet",
        {
            "apiVersion": "leaderworkerset.x-k8s.io/v1",
            "kind": "LeaderWorkerSet",
            "metadata": meta("deepseek"),
            "spec": {"replicas": 1, "leaderWorkerTemplate": {"size": 2, "workerTemplate": TEMPLATE}},
        },
    ),
    (
        "kubernetes:keda.sh/v1alpha1:ScaledObject",
        {
            "apiVersion": "keda.sh/v1alpha1",
            "kind": "ScaledObject",
            "metadata": meta("spot"),
            "spec": {"scaleTargetRef": {"name": "llama-70b-spot"}, "minReplicaCount": 0, "maxReplicaCount": 6},
        },
    ),
    (
        "kubernetes:batch/v1:Job",
        {"metadata": meta("weights"), "spec": {"template": {"spec": {**POD, "restartPolicy": "OnFailure"}}}},
    ),
    (
        "kubernetes:core/v1:Service",
        {
            "metadata": meta("gateway"),
            "spec": {
                "type": "NodePort",
                "externalTrafficPolicy": "Local",
                "selector": LABELS,
                "ports": [{"name": "https", "port": 443, "targetPort": "https", "nodePort": 30443}],
            },
        },
    ),
    (
        "kubernetes:core/v1:Service",
        {
            "metadata": meta("engine"),
            "spec": {"clusterIP": "None", "selector": LABELS, "ports": [{"port": 8443}]},
        },
    ),
    (
        "kubernetes:networking.k8s.io/v1:NetworkPolicy",
        {
            "metadata": meta("default-deny"),
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress", "Egress"],
                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.9.0.0/16"]}}]}],
            },
        },
    ),
    (
        "kubernetes:policy/v1:PodDisruptionBudget",
        {"metadata": meta("engine"), "spec": {"minAvailable": 2, "selector": SELECTOR}},
    ),
    (
        "kubernetes:core/v1:Secret",
        {"metadata": meta("tls"), "type": "kubernetes.io/tls", "data": TLS},
    ),
    ("kubernetes:core/v1:Secret", {"metadata": meta("keys"), "stringData": {"acme": "secret"}}),
    ("kubernetes:core/v1:ConfigMap", {"metadata": meta("envoy"), "data": {"envoy.yaml": "static_resources: {}"}}),
    ("kubernetes:core/v1:ServiceAccount", {"metadata": meta("engine")}),
    (
        "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
        {
            "metadata": {"name": "meridian:reader"},
            "rules": READ,
        },
    ),
    (
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        {
            "metadata": meta("reader"),
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "meridian:reader"},
            "subjects": [{"kind": "ServiceAccount", "name": "engine", "namespace": NAMESPACE}],
        },
    ),
    (
        "kubernetes:core/v1:PersistentVolumeClaim",
        {
            "metadata": meta("scratch"),
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Ti"}}},
        },
    ),
    (
        "kubernetes:storage.k8s.io/v1:StorageClass",
        {
            "metadata": {"name": "gp3-cmk"},
            "provisioner": "ebs.csi.aws.com",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": "WaitForFirstConsumer",
        },
    ),
    ("kubernetes:scheduling.k8s.io/v1:PriorityClass", {"metadata": {"name": "chat"}, "value": 100000}),
]
