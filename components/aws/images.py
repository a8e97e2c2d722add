"""Images that a region's nodes run: our own, and the third parties' that are mirrored by digest. Pure."""

SERVING = "serving"
IMAGES = (
    *(SERVING, "envoy", "envoy-gateway", "ratelimit", "keda", "keda-metrics-apiserver", "keda-admission-webhooks"),
    *("lws", "cluster-autoscaler", "nvidia-device-plugin", "external-secrets", "prometheus", "opentelemetry-collector"),
)
"""One repository each."""
