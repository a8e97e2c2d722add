module meridian/crds

go 1.25.0

require (
	github.com/aws/karpenter-provider-aws v1.14.1
	github.com/cert-manager/cert-manager v1.19.1
	github.com/envoyproxy/gateway v1.8.3
	github.com/kedacore/keda/v2 v2.20.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	sigs.k8s.io/lws v0.8.0
)
