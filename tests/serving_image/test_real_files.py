"""What the serving environment makes: the contract in image.json and the tiny model."""

import subprocess
from pathlib import Path

import pytest

from tests.serving_image import real

pytestmark = [pytest.mark.real, pytest.mark.timeout(200)]


def test_the_tiny_model_is_the_same_bytes_each_time_and_never_overwrites(tmp_path: Path) -> None:
    def made(out: Path) -> subprocess.CompletedProcess[str]:
        command = [real.serving_python(), "-m", "meridian_server.tiny_model", str(out)]
        return subprocess.run(command, env=real.environment(), capture_output=True, text=True, timeout=60, check=False)

    assert [made(tmp_path / name).returncode for name in ("a", "b")] == [0, 0]
    contents = [{file.name: file.read_bytes() for file in (tmp_path / name).iterdir()} for name in ("a", "b")]
    assert contents[0] == contents[1]
    assert "model.safetensors" in contents[0]
    refused = made(tmp_path / "a")
    assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"], "no draft is left"
