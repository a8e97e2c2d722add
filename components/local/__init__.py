"""A region made of processes on this machine: real vLLM behind a real Envoy, under supervisor."""
