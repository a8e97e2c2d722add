"""Tags as AWS and Azure take them; sources: "Tagging AWS resources" and "Use tags to organize your Azure resources"."""

import re
from collections.abc import Iterator, Mapping

from rehearsal.standins.refusals.rules import Inputs
from rehearsal.standins.refusals.values import Problem, known, shown

_AWS = re.compile(r"[\w\s.:/=+@-]*")
_AZURE = re.compile(r"[^<>%&\\?/]*")
_MOST = 50


def aws_tags(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse tags that AWS keeps for itself, those too many or too long, and characters that most services refuse."""
    yield from _tags(inputs, _AWS, 128, 256, "ValidationException: invalid tag", "letters, digits, spaces and _.:/=+-@")
    tags = inputs.get("tags")
    for key in tags if isinstance(tags, Mapping) else ():
        if key.lower().startswith("aws:"):
            yield Problem(
                f"tags.{key}", "InvalidTagParameter: aws: prefixed tag key names are reserved: write another one"
            )


def azure_tags(inputs: Inputs, _: Inputs) -> Iterator[Problem]:
    """Refuse tags that Azure Resource Manager does not take."""
    yield from _tags(inputs, _AZURE, 512, 256, "400 InvalidTagNameCharacters", r"none of <>%&\?/")


def _tags(
    inputs: Inputs, pattern: re.Pattern[str], key_length: int, length: int, code: str, advice: str
) -> Iterator[Problem]:
    tags = inputs.get("tags")
    if not isinstance(tags, Mapping):
        return
    if len(tags) > _MOST:
        yield Problem("tags", f"{code}: {len(tags)} tags: write at most {_MOST}")
    for key, value in tags.items():
        if not 1 <= len(key) <= key_length or not pattern.fullmatch(key):
            yield Problem(f"tags.{key}", f"{code}: its key: write up to {key_length} characters, {advice}")
        elif isinstance(value, str) and known(value) and len(value) > length:
            yield Problem(f"tags.{key}", f"{code}: {len(value)} characters: write at most {length}")
        elif pattern is _AWS and isinstance(value, str) and known(value) and not pattern.fullmatch(value):
            yield Problem(f"tags.{key}", f"{code}: {shown(value)}: write {advice}")
