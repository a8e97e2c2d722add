"""Makes what a stack of an environment on clouds holds: one file per layer, and where a layer takes its values from."""
