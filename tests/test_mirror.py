"""The mirror's script, with stand-ins for skopeo and helm that note what they are asked."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
MANIFEST = '{"schemaVersion": 2}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST.encode()).hexdigest()
PACKAGE = "sha256:" + hashlib.sha256(b"a chart").hexdigest()
ADDRESS = "1.dkr.ecr.eu-north-1.amazonaws.com/meridian-prod"

SKOPEO = f"""#!/bin/sh
echo "skopeo $*" >> "$NOTES"
[ "$1" = inspect ] && printf '%s' '{MANIFEST}'
exit 0
"""
HELM = """#!/bin/sh
echo "helm $*" >> "$NOTES"
[ "$1" = pull ] && printf 'a chart' > "$8/$2-1.0.tgz"
exit 0
"""


def row(name: str, source: str | None, version: str | None = "1.0", digest: str | None = None) -> dict[str, Any]:
    return {"name": name, "source": source, "version": version, "digest": digest}


def mirror(
    folder: Path, *rows: dict[str, Any], unread: tuple[str, ...] = ()
) -> tuple[subprocess.CompletedProcess[str], str]:
    if shutil.which("jq") is None:
        pytest.skip("the script reads its list with jq, which is not on PATH")
    for name, text in (("skopeo", SKOPEO), ("helm", HELM)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "list.json").write_text(json.dumps({"images": rows, "open": unread}))
    notes = folder / "notes"
    notes.touch()
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "NOTES": str(notes)}
    command = [str(ROOT / ".github" / "mirror"), str(folder / "list.json"), ADDRESS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    return done, notes.read_text()


def test_an_image_is_copied_by_the_digest_that_was_read_with_all_its_platforms(tmp_path: Path) -> None:
    done, asked = mirror(tmp_path, row("serving", None), row("envoy", "docker.io/envoyproxy/envoy"))
    assert (done.returncode, done.stdout) == (0, f"envoy {DIGEST}\n"), done.stderr
    wanted = f"skopeo copy --all --preserve-digests docker://docker.io/envoyproxy/envoy@{DIGEST} docker://{ADDRESS}/envoy:1.0"
    assert asked.splitlines()[-1] == wanted
    assert "serving" not in asked


def test_a_chart_of_an_index_is_pushed_under_its_own_name(tmp_path: Path) -> None:
    done, asked = mirror(tmp_path, row("charts/keda", "https://kedacore.github.io/charts keda"))
    assert (done.returncode, done.stdout) == (0, f"charts/keda {PACKAGE}\n"), done.stderr
    pulled, pushed = asked.splitlines()
    assert pulled.startswith("helm pull keda --repo https://kedacore.github.io/charts --version 1.0")
    assert pushed.endswith(f"keda-1.0.tgz oci://{ADDRESS}/charts")


@pytest.mark.parametrize("source", ["docker.io/envoyproxy/envoy", "https://kedacore.github.io/charts keda"])
def test_a_version_that_was_replaced_is_not_copied(tmp_path: Path, source: str) -> None:
    done, asked = mirror(tmp_path, row("thing", source, digest="sha256:" + "0" * 64))
    assert done.returncode == 1
    assert "its version was replaced" in done.stderr
    assert "copy" not in asked
    assert "push" not in asked


def test_a_version_that_is_still_the_recorded_one_is_copied(tmp_path: Path) -> None:
    done, asked = mirror(tmp_path, row("envoy", "docker.io/envoyproxy/envoy", digest=DIGEST))
    assert done.returncode == 0
    assert "copy" in asked


def test_nothing_is_mirrored_while_a_version_is_open(tmp_path: Path) -> None:
    done, asked = mirror(tmp_path, row("prometheus", "quay.io/prometheus/prometheus", None), unread=("prometheus",))
    assert (done.returncode, asked) == (1, "")
    assert "no version is chosen for prometheus" in done.stderr
