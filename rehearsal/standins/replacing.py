"""Placeholder until the table of replace rules lands."""

from rehearsal.standins.shapes import ResourceShape


def rules_of(package: str, token: str, shape: ResourceShape, name: str | None) -> frozenset[str]:
    return shape.replace | ({name} if name else set())


def is_replaced(path: str, rules: frozenset[str]) -> bool:
    return any(path == rule or path.startswith((f"{rule}.", f"{rule}[")) for rule in rules)
