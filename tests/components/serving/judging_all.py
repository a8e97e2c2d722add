"""All rules, joined."""

import tests.components.serving.rules_life
import tests.components.serving.rules_network
import tests.components.serving.rules_objects
import tests.components.serving.rules_scaling  # noqa: F401
from tests.components.serving.rules import RULES, broken

__all__ = ["RULES", "broken"]
