"""What the clouds refuse: values, names, duplicates, missing references, networks out of place, deletions."""

from rehearsal.standins.refusals.checks import on_check
from rehearsal.standins.refusals.refusing import on_create, on_delete, on_update
from rehearsal.standins.refusals.tombstones import tombstone
from rehearsal.standins.refusals.world import Gone, Stored, Tombstone, World

__all__ = ["Gone", "Stored", "Tombstone", "World", "on_check", "on_create", "on_delete", "on_update", "tombstone"]
