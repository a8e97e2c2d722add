"""The image's recipe. No image is built here: its rules are read, and what can run of its steps is run."""

import ctypes
import fnmatch
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from components.serving import pods, settings
from tests.serving_image.dockerfile import problems, read, rest_of, stages
from tests.serving_image.real import SERVER

TEXT = (SERVER / "Dockerfile").read_text()
WRITTEN = {settings.RUN, settings.WORK}


def wrong(text: str) -> list[str]:
    return list(problems(text, user=pods.USER, written=WRITTEN))


def test_the_recipe_keeps_its_rules_and_fits_the_pods_that_run_it() -> None:
    assert wrong(TEXT) == []


MISTAKES = {
    "FROM ${BASE}\n": ("FROM ubuntu:latest\n", "a stage starts from something else than BASE"),
    "ARG BASE\n\nFROM": ("ARG BASE=ubuntu:24.04\n\nFROM", "BASE has a default"),
    "--require-hashes ": ("", "packages are installed without hashes"),
    "COPY image.json": ("RUN curl -O x\nCOPY image.json", "something is fetched that no lock pins"),
    "WORKDIR /work": ("WORKDIR /work\nRUN chmod 777 /work", "the last stage runs something"),
    "USER 10001:10001": ("USER root", "it does not run as 10001"),
    'VOLUME ["/run/meridian", "/work"]': ('VOLUME ["/work"]', "the folders it writes are not its volumes"),
    'ENTRYPOINT ["python", "-m", "meridian_server"]': (
        "ENTRYPOINT python -m meridian_server",
        "the server is not process 1",
    ),
    "HEALTHCHECK NONE": ("HEALTHCHECK CMD true", "a health check of its own runs beside Kubernetes'"),
    "ARG SOURCE_REVISION=unknown": ("ENV HF_TOKEN=abc", "a secret would be kept in a layer"),
}


@pytest.mark.parametrize("place", MISTAKES)
def test_a_mistake_in_the_recipe_is_found_out(place: str) -> None:
    other, problem = MISTAKES[place]
    assert place in TEXT
    assert problem in wrong(TEXT.replace(place, other))


DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("base", "code"),
    [
        (f"registry.example.com:5000/python@{DIGEST}", 0),
        (f"python:3.12@{DIGEST}", 0),
        ("", 1),
        ("python:3.12", 1),
        (f"python@{DIGEST[:-1]}", 1),
        (f"python@{DIGEST}0", 1),
    ],
)
def test_a_base_that_is_not_named_by_its_digest_ends_the_build(base: str, code: int) -> None:
    """The recipe's own first step, run as it would be."""
    first = rest_of(stages(read(TEXT))[0], "RUN")[0]
    ran = subprocess.run(["/bin/sh", "-c", first], env={"BASE": base}, capture_output=True, text=True, check=False)
    assert ran.returncode == code
    assert (f"BASE is '{base}'" in ran.stderr) == bool(code)


def copied() -> list[tuple[str, str]]:
    """What the recipe takes from the checkout, and where it puts it."""
    pairs = [rest.split() for rest in rest_of(read(TEXT), "COPY") if not rest.startswith("--from")]
    return [(source, target) for source, target in pairs]


def test_all_that_is_copied_exists_and_nothing_else_is_sent_to_the_build() -> None:
    lines = [line for line in (SERVER / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert kept == {source for source, _ in copied()}
    assert all((SERVER / name).exists() for name in kept)
    assert any(fnmatch.fnmatch("x.pyc", line.removeprefix("**/")) for line in lines[1:])


def test_the_lock_that_is_installed_is_for_the_python_and_the_machine_that_the_recipe_asks_for() -> None:
    head = (SERVER / "requirements-gpu.txt").read_text().splitlines()[1]
    assert "x86_64-manylinux_2_35" in head
    assert "-p 3.12" in head
    assert re.search(r"x86_64 with glibc 2\.35 or newer, Python 3\.12", TEXT)


TRIED = """
import pathlib, sys
from meridian_server import child, flags, guardian, leader, manifest, parent, stores, weights
home = pathlib.Path(flags.__file__).parent
try:
    (home / "written").write_text("x")
    print("could write")
except PermissionError:
    print("cannot write", len(flags.known_flags("gpu")))
"""
DROP_BOUND, WRITES_ANYWHERE, READS_ANYWHERE = 24, 1, 2
"""`prctl`'s number, and the two capabilities by which root ignores permissions (linux/prctl.h, linux/capability.h)."""


def _as_anyone() -> None:
    """In the child: root obeys the permissions of files like anyone else; others do anyway."""
    for capability in (WRITES_ANYWHERE, READS_ANYWHERE) if os.geteuid() == 0 else ():
        ctypes.CDLL(None).prctl(DROP_BOUND, capability, 0, 0, 0)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """The server's files as the recipe lays them out, none of which can be written."""
    home = tmp_path / "image" / "opt" / "meridian"
    home.mkdir(parents=True)
    for source, target in copied():
        if not target.startswith("/opt/meridian"):
            continue
        if (SERVER / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(SERVER / source, home / source, ignore=ignored)
        else:
            shutil.copy(SERVER / source, home)
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(home)]
    subprocess.run(compiled, check=True)
    for file in [*home.rglob("*"), home]:
        file.chmod(file.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    return home


def started(image: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(image), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *words], env=environment, cwd="/", preexec_fn=_as_anyone,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_the_server_in_the_image_starts_where_nothing_of_it_can_be_written(image: Path) -> None:
    """What a kernel's read-only mount adds is not seen here, and neither is vLLM on a GPU."""
    before = sorted(image.rglob("*"))
    tried = started(image, "-c", TRIED)
    if tried.stdout.startswith("could write"):
        pytest.skip("this user writes everywhere and may not give that up")
    assert tried.stdout.startswith("cannot write"), tried.stderr
    assert int(tried.stdout.split()[-1]) > 400
    helped = started(image, "-m", "meridian_server", "--help")
    assert (helped.returncode, "--settings" in helped.stdout) == (0, True), helped.stderr
    assert sorted(image.rglob("*")) == before


@pytest.mark.slow
def test_the_server_in_the_image_says_what_is_wrong_with_its_settings(image: Path, tmp_path: Path) -> None:
    refused = started(image, "-m", "meridian_server", "--settings", str(tmp_path / "absent.json"))
    assert refused.returncode == 2
    assert "cannot be read" in refused.stderr
