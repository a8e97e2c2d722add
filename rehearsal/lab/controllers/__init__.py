"""Controllers that a lab runs beside Kubernetes' own, built from Go modules."""
