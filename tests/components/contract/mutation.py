"""One mistake that a change could bring, and the rules that several mistakes break."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Mutation:
    """One mistake."""

    module: str
    """Under `components.aws`."""
    right: str
    """Stands there exactly once."""
    wrong: str
    caught_by: str
    """The rule's name; others may catch it as well."""
    visibility: Literal["public", "private", "both"] = "public"
    """Of the entry that shows it."""


OURS = "everything is encrypted with our keys"
PROTECTED = "what holds data is protected"
LOGGED = "everything is logged"
SDK = "the sdk knows every input"
CLOSED = "stores are closed and kept"
STRANGER = "no stranger is let in"
LOGS_KEPT = "logs are kept as long as asked"
LOGGED_ENTRIES = "entries are logged"
