"""What other stacks of the territory export."""

from functools import cache
from typing import Any

import pulumi

from stacks.scope import Part, Scope


class References:
    """Reads the exports of the stacks that a scope refers to, each of which is asked once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._stack = cache(self._refer)

    def of(self, part: Part, export: str) -> pulumi.Output[Any]:
        """What the stack of a part exports for its place: the export is a map by place, whatever else it holds."""
        values: pulumi.Output[Any] = self._stack(part).require_output(export)
        return values.apply(lambda known: known[part.place])

    def _refer(self, part: Part) -> pulumi.StackReference:
        stack = part.stack(self._scope.environment)
        return pulumi.StackReference(f"{pulumi.get_organization()}/{pulumi.get_project()}/{stack}")
