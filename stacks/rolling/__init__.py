"""Brings an environment on clouds to its configuration, stack by stack: names, grounds in waves, steering."""
