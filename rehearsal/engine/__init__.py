"""The Pulumi engine: found on PATH, fetched by the official installer, or built from Go modules. One call: `ensure`."""

from rehearsal.engine.environment import pulumi_environment
from rehearsal.engine.errors import EngineError
from rehearsal.engine.model import Engine, Source
from rehearsal.engine.setup import ensure

__all__ = ["Engine", "EngineError", "Source", "ensure", "pulumi_environment"]
