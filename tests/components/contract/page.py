"""docs/mutations.md, made from the table of mistakes: `python -m tests.components.contract.page`."""

from pathlib import Path

from tests.components.contract.building import RULES
from tests.components.contract.mutations import MUTATIONS, Mutation

TARGET = Path(__file__).parents[3] / "docs" / "mutations.md"
HEAD = """\
# Mistakes made on purpose

{rules} rules judge what a region on a cloud registers, in no cloud's words (`tests/components/contract`). Each of these
{count} mistakes is put into a component of `components/aws`, and a test holds that the named rule tells it. Made by `make docs`.

| where | what stands there | what would stand there | rule that tells it |
|---|---|---|---|
"""  # noqa: E501 a table's row is one line


def page() -> str:
    """The whole page."""
    rows = sorted(MUTATIONS, key=lambda each: (each.caught_by, each.module))
    return HEAD.format(rules=len(RULES), count=len(rows)) + "".join(_row(each) for each in rows)


def _row(each: Mutation) -> str:
    return f"| `{each.module}` | {_code(each.right)} | {_code(each.wrong)} | {each.caught_by} |\n"


def _code(text: str) -> str:
    plain = " ".join(text.split()).replace("|", "/").strip()
    return f"`` {plain} ``" if "`" in plain else f"`{plain}`" if plain else "nothing"


if __name__ == "__main__":
    TARGET.write_text(page())
