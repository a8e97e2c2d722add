"""The repository keeps the shape that ARCHITECTURE.md describes."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 300
CODE = ("stacks", "components", "rehearsal", "serving-image", "tests", "bench")
FORBIDDEN = re.compile(
    "|".join(["py" + r"pi\.org", "pythonhos" + "ted", "proxy" + r"\.golang\.org", r"(?<![\w.])/(?:root|work)/"])
)
"""Hosts of package registries and paths of one machine: neither belongs in a project file."""


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().splitlines() if (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return sorted(file for room in CODE for file in (ROOT / room).rglob("*.py"))


def test_there_is_code_in_every_room() -> None:
    assert all(any((ROOT / room).rglob("*.py")) for room in CODE)


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_stays_short_and_says_what_it_is(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module starts with what it is"


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {match[0]}"
        for file in tracked()
        if (match := FORBIDDEN.search(file.read_text(errors="replace")))
    ]
    assert found == []


def test_every_cloud_that_configuration_may_name_has_a_region_class() -> None:
    from typing import get_args

    from components.clouds import CLOUDS
    from components.specs import CloudName

    assert set(CLOUDS) == set(get_args(CloudName))
    for cloud in CLOUDS:
        assert (ROOT / "components" / cloud / "region.py").exists()


def test_every_import_contract_names_modules_that_exist() -> None:
    import tomllib

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {name for contract in contracts for name in contract.get("source_modules", [])}
    missing = [
        name
        for name in named
        if not any(
            (base / Path(*name.split("."))).with_suffix(".py").exists() or (base / Path(*name.split("."))).is_dir()
            for base in (ROOT, ROOT / "serving-image")
        )
    ]
    assert named
    assert missing == []


def test_decision_records_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(file.name[:4]) for file in (ROOT / "docs" / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))
