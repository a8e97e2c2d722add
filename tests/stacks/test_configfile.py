"""Stack files: read without an engine, copied for it."""

from pathlib import Path

import pytest

from stacks import configfile
from stacks.problems import ConfigurationRefused


def test_values_are_read_with_and_without_the_namespace(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  meridian:environment: local\n  models: {}\n  aws:region: eu-north-1\n")
    assert configfile.read(file) == {"environment": "local", "models": {}}


def test_a_value_encrypted_elsewhere_is_refused_with_what_to_write(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_text("config:\n  meridian:tenants:\n    a: {key: {secure: v1:one}}\n")
    with pytest.raises(ConfigurationRefused, match=r"meridian:tenants.a.key: is encrypted with another passphrase"):
        configfile.read(file)


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
    configfile.engine_copy(file, copy, salt_from=copy)
    copy.write_text(copy.read_text() + "encryptionsalt: v1:salt\n")
    file.write_text("config:\n  meridian:environment: other\nencryptionsalt: v1:of-somebody-else\n")
    assert configfile.engine_copy(file, copy, salt_from=copy) == {}
    assert copy.read_text() == "config:\n  meridian:environment: other\nencryptionsalt: v1:salt\n"


def test_the_engines_copy_holds_no_key_and_the_keys_are_handed_on(tmp_path: Path) -> None:
    file, copy = tmp_path / "Pulumi.x.yaml", tmp_path / "Pulumi.copy.yaml"
    file.write_text("config:\n  meridian:tenants:\n    a: {territory: eu, key: mk-of-a}\n    b: {territory: eu}\n")
    assert configfile.engine_copy(file, copy, salt_from=copy) == {"meridian:tenants.a.key": "mk-of-a"}
    assert "mk-of-a" not in copy.read_text()
    assert "mk-of-a" in file.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("config:\n  meridan:models: {}\n", "belongs to nobody"),
        ("config:\n  tenants: {}\n  meridian:tenants: {}\n", "with and without"),
        ("config:\n  meridian:models: {}\n  meridian:models: {}\n", "stands twice"),
        (b"config:\n  meridian:environment: \xff\n", "is not YAML"),
    ],
)
def test_nothing_in_a_stack_file_is_ignored_silently(tmp_path: Path, text: str | bytes, says: str) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationRefused, match=says):
        configfile.read(file)
