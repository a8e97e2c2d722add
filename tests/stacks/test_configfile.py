"""Stack files: read without an engine, copied for it."""

from pathlib import Path

import pytest

from stacks import configfile
from stacks.problems import ConfigurationRefused


def test_values_are_read_with_and_without_the_namespace(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  meridian:environment: local\n  models: {}\n  aws:region: eu-north-1\n")
    assert configfile.read(file) == {"environment": "local", "models": {}}


def test_two_ciphertexts_read_as_two_values_and_neither_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  meridian:tenants:\n    a: {key: {secure: v1:one}}\n    b: {key: {secure: v1:two}}\n")
    tenants = configfile.read(file)["tenants"]
    assert tenants["a"]["key"] != tenants["b"]["key"]
    assert "one" not in str(tenants)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config: [", "is not YAML"),
        ("", "no `config:` mapping"),
        ("config: 3", "no `config:` mapping"),
        (None, "no such"),
    ],
)
def test_a_file_that_is_no_stack_file_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigurationRefused, match=says):
        configfile.read(file)


def test_the_engines_copy_follows_the_stack_file_and_keeps_its_own_salt(tmp_path: Path) -> None:
    file, copy = tmp_path / "Pulumi.x.yaml", tmp_path / "state" / "Pulumi.x.yaml"
    file.write_text("config:\n  meridian:environment: local\n")
    configfile.engine_copy(file, copy)
    copy.write_text(copy.read_text() + "encryptionsalt: v1:salt\n")
    file.write_text("config:\n  meridian:environment: other\nencryptionsalt: v1:of-somebody-else\n")
    configfile.engine_copy(file, copy)
    assert copy.read_text() == "config:\n  meridian:environment: other\nencryptionsalt: v1:salt\n"
