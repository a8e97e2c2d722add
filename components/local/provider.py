"""What all resources of this machine have in common under Pulumi's dynamic providers.

Each provider writes what it finds out of order into the output `drift`; a resource with drift is
updated by the next `up`, a resource that is gone is made again.
"""

from typing import Any, ClassVar

from pulumi.dynamic import DiffResult, ResourceProvider

Props = dict[str, Any]

PROVIDER_PROPERTY = "__provider"
"""Where the dynamic provider itself travels; code changes alone are no reason to touch a resource."""


class LocalProvider(ResourceProvider):
    """Base of the providers here: a changed input or drift updates, named inputs replace."""

    replace_on: ClassVar[frozenset[str]] = frozenset()
    """Inputs that cannot be changed in place."""

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        """Compare the last known outputs, which hold the inputs too, with the new inputs."""
        changed = [key for key, value in _news.items() if key != PROVIDER_PROPERTY and _olds.get(key) != value]
        replaces = [key for key in changed if key in self.replace_on]
        return DiffResult(
            changes=bool(changed) or bool(_olds.get("drift")), replaces=replaces, delete_before_replace=True
        )
