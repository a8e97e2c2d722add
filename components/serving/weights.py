"""Weights: brought once per revision into the region's bucket, with checksums that engines insist on. Pure."""

from typing import Any

from components.naming import named
from components.serving.isolation import LOADER
from components.serving.pods import container_security, pod_security
from components.serving.settings import WORK
from components.serving.words import NAME, PYTHON, ROLE, WEIGHTS, Manifest, meta
from components.serving_specs import ServedModelSpec, ServingSpec

ACCOUNT = "loader"
"""The service account that the ground lets write into the bucket."""
DEADLINE_SECONDS = 6 * 3600
DISK = "20Gi"
"""Files are passed on one by one; the largest of known models is below 10 GB."""


def folder(bucket: Any, model: ServedModelSpec) -> Any:
    """Where a model's revision lies; `bucket` is text."""
    return f"{bucket}/{model.name}/{model.revision}/"


def job(model: ServedModelSpec, spec: ServingSpec, *, image: Any, address: Any) -> Manifest:
    """The job that brings a revision: it ends at once where the manifest is there already."""
    name = named("kubernetes", "weights", model.name, model.revision[:12])
    labels = {**dict(spec.labels), NAME: LOADER}
    source = ["--source", model.source, "--revision", model.revision, "--to", address]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": meta(name, WEIGHTS, spec, **{NAME: LOADER}),
        "spec": {
            "backoffLimit": 3,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "restartPolicy": "Never",
                    "serviceAccountName": ACCOUNT,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "priorityClassName": "meridian-weights",
                    "nodeSelector": {ROLE: "system"},
                    "securityContext": pod_security(),
                    "containers": [
                        {
                            "name": LOADER,
                            "image": image,
                            "command": [PYTHON, "-m", "meridian_server.weights", "push", *source],
                            "env": [
                                {"name": "HOME", "value": WORK},
                                {"name": "HF_HUB_DISABLE_TELEMETRY", "value": "1"},
                            ],
                            "securityContext": container_security(),
                            "resources": {
                                "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": DISK},
                                "limits": {"memory": "4Gi", "ephemeral-storage": DISK},
                            },
                            "volumeMounts": [{"name": "work", "mountPath": WORK}],
                        }
                    ],
                    "volumes": [{"name": "work", "emptyDir": {"sizeLimit": DISK}}],
                },
            },
        },
    }
