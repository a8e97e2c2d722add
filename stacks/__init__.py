"""What is deployed. Reading order: config, plan, deploy, outputs; then cli."""
