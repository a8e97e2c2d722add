"""The generated reference of the configuration."""

from stacks import reference


def test_the_page_is_what_the_models_say() -> None:
    assert reference.TARGET.read_text() == reference.page(), "run `make docs`"


def test_every_key_has_a_text() -> None:
    rows = [line.split(" | ") for line in reference.page().splitlines() if line.startswith("| `meridian:")]
    assert len(rows) > 25
    assert [row[0] for row in rows if len(row[2].strip(" |")) < 8] == []
