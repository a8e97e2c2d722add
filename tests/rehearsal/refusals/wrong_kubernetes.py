"""What a cluster's API server refuses, of one object alone and because of what else there is."""

from dataclasses import replace

from tests.rehearsal.refusals.cases import Cloud, Wrong
from tests.rehearsal.refusals.valid_kubernetes import INPUTS, NAMESPACE, PROVIDER, WORLD, kubernetes

KUBERNETES = Cloud("kubernetes", INPUTS, PROVIDER, WORLD)
POD = "spec.template.spec"
ENGINE = f"{POD}.containers[0]"
CHECKS: list[Wrong] = [
    KUBERNETES.check("a name in upper case", "Deployment", "metadata.name", "Llama-70B", "RFC 1123"),
    KUBERNETES.check("a service that begins with a digit", "Service", "metadata.name", "70b", "RFC 1035"),
    KUBERNETES.check("a namespace with a dot", "Namespace", "metadata.name", "model.llama", "RFC 1123 label"),
    KUBERNETES.check("a label with a space", "Deployment", "metadata.labels.owner", "the team", "no value of a label"),
    KUBERNETES.check("a label's key with two slashes", "Deployment", "metadata.labels.a/b/c", "x", "no key of a label"),
    KUBERNETES.check("annotations of a megabyte", "ConfigMap", "metadata.annotations", {"a": "x" * 300000}, "Too long"),
    KUBERNETES.check(
        "a selector of others",
        "Deployment",
        "spec.selector.matchLabels.app",
        "x",
        "does not match",
        "spec.template.metadata.labels.app",
    ),
    KUBERNETES.check("no selector", "DaemonSet", "spec.selector", None, "Required value"),
    KUBERNETES.check("fewer than no replicas", "Deployment", "spec.replicas", -1, "greater than or equal to 0"),
    KUBERNETES.check(
        "a deployment that restarts on failure", "Deployment", f"{POD}.restartPolicy", "OnFailure", "write Always"
    ),
    KUBERNETES.check("a job that restarts always", "Job", f"{POD}.restartPolicy", "Always", "OnFailure or Never"),
    KUBERNETES.check(
        "memory in a wrong unit",
        "Deployment",
        f"{ENGINE}.resources.limits.memory",
        "200GB",
        "quantities have another form",
    ),
    KUBERNETES.check(
        "more asked than allowed", "Deployment", f"{ENGINE}.resources.requests.memory", "300Gi", "less than or equal"
    ),
    KUBERNETES.check(
        "half a GPU",
        "Deployment",
        f"{ENGINE}.resources.limits",
        {"nvidia.com/gpu": "0.5"},
        "an integer",
        f"{ENGINE}.resources.limits.nvidia.com/gpu",
        1,
    ),
    KUBERNETES.check(
        "a port beyond the last", "Deployment", f"{ENGINE}.ports[0].containerPort", 84430, "between 1 and 65535"
    ),
    KUBERNETES.check("a port's long name", "Deployment", f"{ENGINE}.ports[0].name", "https-of-the-engine", "up to 15"),
    KUBERNETES.check(
        "a pull that happens sometimes", "Deployment", f"{ENGINE}.imagePullPolicy", "Sometimes", "IfNotPresent"
    ),
    KUBERNETES.check("a mount of no volume", "Deployment", f"{ENGINE}.volumeMounts[0].name", "weights", "Not found"),
    KUBERNETES.check(
        "an effect as AWS writes it", "Deployment", f"{POD}.tolerations[0].effect", "NO_SCHEDULE", "NoSchedule"
    ),
    KUBERNETES.check(
        "a toleration of all with a value", "Deployment", f"{POD}.tolerations[0].value", "x", "must be empty"
    ),
    KUBERNETES.check(
        "a custom resource's bad pod",
        "LeaderWorkerSet",
        "spec.leaderWorkerTemplate.workerTemplate.spec.containers[0].name",
        "Engine",
        "RFC 1123",
    ),
    KUBERNETES.check("a type of service", "Service", "spec.type", "Internal", "ClusterIP, NodePort"),
    KUBERNETES.check("a node port out of range", "Service", "spec.ports[0].nodePort", 8443, "30000-32767"),
    KUBERNETES.check(
        "two ports without names",
        "Service",
        "spec.ports",
        [{"port": 1, "name": "a"}, {"port": 2}],
        "several ports have names",
        "spec.ports[1].name",
        1,
    ),
    KUBERNETES.check(
        "an exception outside its block",
        "NetworkPolicy",
        "spec.egress[0].to[0].ipBlock.except[0]",
        "192.168.0.0/16",
        "strict subset",
    ),
    KUBERNETES.check("a budget in two ways", "PodDisruptionBudget", "spec.maxUnavailable", 1, "cannot be both set"),
    KUBERNETES.check("a TLS secret without its key", "Secret", "data", {"tls.crt": "QQ=="}, "has it", "data.tls.key"),
    KUBERNETES.check(
        "a secret that is not base64",
        "Secret",
        "data",
        {"tls.crt": "QQ==", "tls.key": "not it!"},
        "illegal base64",
        "data.tls.key",
    ),
    KUBERNETES.check(
        "a key of a file's path",
        "ConfigMap",
        "data",
        {"etc/envoy.yaml": "x"},
        "no key of a file",
        "data.etc/envoy.yaml",
    ),
    KUBERNETES.check(
        "a claim without a size",
        "PersistentVolumeClaim",
        "spec.resources",
        None,
        "write a size",
        "spec.resources.requests.storage",
    ),
    KUBERNETES.check("a claim's mode in short", "PersistentVolumeClaim", "spec.accessModes[0]", "RWO", "ReadWriteOnce"),
    KUBERNETES.check("a binding of no namespace", "RoleBinding", "subjects[0].namespace", None, "lives in a namespace"),
]
TOKEN, DEPLOYMENT = KUBERNETES.right("Deployment")
WORLDS: list[Wrong] = [
    KUBERNETES.create("a namespace that is not there", "Deployment", "metadata.namespace", "model-llama", "not found"),
    replace(
        KUBERNETES.create(
            "a kind that is not defined", "LeaderWorkerSet", "spec.replicas", 2, "no matches for kind", "kind"
        ),
        world=(kubernetes("core/v1:Namespace", NAMESPACE),),
        right=None,
    ),
    Wrong(
        "an object twice",
        TOKEN,
        DEPLOYMENT,
        "metadata.name",
        "409 AlreadyExists",
        PROVIDER,
        "create",
        (*WORLD, kubernetes("apps/v1:Deployment", "x", metadata=DEPLOYMENT["metadata"])),
    ),
    Wrong(
        "a selector that changes",
        TOKEN,
        {**DEPLOYMENT, "spec": {"selector": {"matchLabels": {"a": "b"}}}},
        "spec.selector",
        "field is immutable",
        PROVIDER,
        "update",
        WORLD,
        old=DEPLOYMENT,
        right=DEPLOYMENT,
    ),
    Wrong(
        "a role that changes",
        "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
        {"roleRef": {"name": "b"}},
        "roleRef",
        "field is immutable",
        PROVIDER,
        "update",
        old={"roleRef": {"name": "a"}},
        right={"roleRef": {"name": "a"}},
    ),
    Wrong(
        "frozen data that change",
        "kubernetes:core/v1:ConfigMap",
        {"data": {"a": "2"}},
        "data",
        "write another name",
        PROVIDER,
        "update",
        old={"data": {"a": "1"}, "immutable": True},
        right={"data": {"a": "1"}},
    ),
]
WRONG = [*CHECKS, *WORLDS]
