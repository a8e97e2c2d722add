"""Envoy Gateway without a cluster: its own translators, built from Go modules, and a real Envoy with what they make."""
