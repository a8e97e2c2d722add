"""Names, labels and tags within each cloud's limits: pure, stable, and never two alike for different things."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

HASH_LENGTH = 8
"""Hex digits of the suffix of a name that was cut: 32 bits, so two of a thousand cut names meet once in 10^4 fleets."""


@dataclass(frozen=True)
class Rule:
    """What a name may look like."""

    longest: int
    separator: str = "-"
    """Between parts; empty where a cloud allows letters and digits alone."""
    letters: str = "a-z0-9-"
    """Characters allowed, as in a regular expression's brackets."""

    @property
    def pattern(self) -> re.Pattern[str]:
        """What every name of the rule matches: starts with a letter, ends with a letter or digit."""
        return re.compile(f"[a-z]([{self.letters}]{{0,{self.longest - 2}}}[a-z0-9])?")


RULES: Mapping[str, Rule] = {
    # AWS: service references, "Quotas" and API constraints of each resource, as of 2026-11.
    "aws-bucket": Rule(63),
    "aws-role": Rule(64),
    "aws-cluster": Rule(100),
    "aws-load-balancer": Rule(32),
    "aws-target-group": Rule(32),
    "aws-web-acl": Rule(128),
    "aws-trail": Rule(128),
    "aws-repository": Rule(256, letters="a-z0-9/-"),
    "aws-path": Rule(500, separator="/", letters="a-z0-9/-"),
    # Google Cloud: RFC 1035 names of most resources, and what is shorter.
    "gcp-name": Rule(63),
    "gcp-service-account": Rule(30),
    "gcp-cluster": Rule(40),
    "gcp-bucket": Rule(63),
    # Azure: "Naming rules and restrictions for Azure resources".
    "azure-name": Rule(80),
    "azure-vault": Rule(24),
    "azure-storage": Rule(24, separator="", letters="a-z0-9"),
    "azure-registry": Rule(50, separator="", letters="a-z0-9"),
    "azure-pool": Rule(12, separator="", letters="a-z0-9"),
    "azure-cluster": Rule(54),
    # Kubernetes: RFC 1123 labels.
    "kubernetes": Rule(63),
}


def named(kind: str, *parts: str) -> str:
    """Join parts to a name of `kind`, a key of `RULES`; KeyError for another.

    What fits as it stands stays readable. What is too long, or loses characters or the borders between its parts, ends
    with a hash of all of it. Raises ValueError when there is no part, or the first does not start with a letter.
    """
    rule = RULES[kind]
    wanted = rule.separator.join(parts)
    clean = re.sub(f"[^{rule.letters}]", rule.separator, wanted.lower())
    if not clean or not clean[0].isalpha():
        message = f"{wanted!r} cannot begin a name of kind {kind}: its first part must start with a letter"
        raise ValueError(message)
    if clean == wanted and rule.separator and rule.pattern.fullmatch(clean):
        return clean
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:HASH_LENGTH]
    head = clean[: rule.longest - HASH_LENGTH - len(rule.separator)].rstrip("-/")
    return f"{head}{rule.separator}{digest}"
