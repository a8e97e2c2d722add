"""The Python around vLLM: a parent process that owns signals, and a middleware that owns every request."""
