"""Failures made on purpose in the lab: real control planes, nodes that are played, ready replicas counted."""
