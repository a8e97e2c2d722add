"""Identities of Azure resources: a program lists their ids, the cloud answers with each one's principal by id."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

KEY = "userAssignedIdentities"


def answered(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return outputs as the cloud gives them; what lists no identities is as it was."""
    return {name: _one(name, value) for name, value in outputs.items()}


def _one(name: str, value: Any) -> Any:
    if name == KEY and isinstance(value, list):
        return {str(id): {"principalId": _guid(f"p{id}"), "clientId": _guid(f"c{id}")} for id in value}
    return answered(value) if isinstance(value, Mapping) else value


def _guid(text: str) -> str:
    return str(uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16]))
