"""How things are built. Nothing here imports `stacks`, and this file imports nothing at all."""
