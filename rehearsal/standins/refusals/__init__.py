"""What the clouds refuse: values, names, duplicates, missing references, networks out of place, deletions."""

from rehearsal.standins.refusals.checks import on_check

__all__ = ["on_check"]
