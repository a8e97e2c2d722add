"""Reads a Dockerfile and says what is wrong with it, by this image's own rules; pure.

No more of the language than the file uses: instructions, continued lines, comments, exec form.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

KNOWN = (
    *("ARG", "FROM", "RUN", "COPY", "LABEL", "ENV", "VOLUME"),
    *("WORKDIR", "USER", "HEALTHCHECK", "STOPSIGNAL", "ENTRYPOINT"),
)


@dataclass(frozen=True)
class Instruction:
    """One instruction with what follows it, its continued lines joined."""

    name: str
    rest: str


def read(text: str) -> list[Instruction]:
    """The instructions; raises `ValueError` for one that the rules do not know."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]
    if unknown := sorted({each.name for each in found} - set(KNOWN)):
        message = f"the rules do not know {', '.join(unknown)}"
        raise ValueError(message)
    return found


def stages(found: list[Instruction]) -> list[list[Instruction]]:
    """Instructions by stage, each from its FROM on."""
    starts = [number for number, each in enumerate(found) if each.name == "FROM"]
    return [found[start:end] for start, end in zip(starts, [*starts[1:], len(found)], strict=True)]


def rest_of(found: list[Instruction], name: str) -> list[str]:
    """What follows each instruction of a name."""
    return [each.rest for each in found if each.name == name]


def problems(text: str, *, user: int, written: set[str]) -> Iterator[str]:
    """Everything that is wrong: `user` runs it, and it writes nothing but the folders `written`."""
    found = read(text)
    last = stages(found)[-1]
    if any(rest.split()[0] != "${BASE}" for rest in rest_of(found, "FROM")):
        yield "a stage starts from something else than BASE"
    if any("=" in rest for rest in rest_of(found, "ARG") if rest.startswith("BASE")):
        yield "BASE has a default"
    for run in rest_of(found, "RUN"):
        if re.search(r"\b(curl|wget|git|apt-get|apk|dnf)\b", run):
            yield "something is fetched that no lock pins"
        if re.search(r"\b(pip|uv)\b.* install\b", run) and "--require-hashes" not in run:
            yield "packages are installed without hashes"
    if rest_of(last, "RUN"):
        yield "the last stage runs something"
    if rest_of(last, "USER")[-1:] != [f"{user}:{user}"]:
        yield f"it does not run as {user}"
    if {path for rest in rest_of(last, "VOLUME") for path in json.loads(rest)} != written:
        yield "the folders it writes are not its volumes"
    if not [rest for rest in rest_of(last, "ENTRYPOINT") if rest.startswith('["python", "-m", "meridian_server"')]:
        yield "the server is not process 1"
    if rest_of(last, "HEALTHCHECK") != ["NONE"]:
        yield "a health check of its own runs beside Kubernetes'"
    if re.search(r"(?i)(token|secret|password|api_key)\s*=", text):
        yield "a secret would be kept in a layer"
