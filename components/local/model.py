"""The model folder of a local stack: a tiny random Llama made on the spot, or a folder of the user's."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pulumi
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, ReadResult, Resource, UpdateResult

from components.local.provider import LocalProvider, Props

TINY = "tiny"
MAKE_SECONDS = 120
TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "tekken.json")
SMALL_FILE_BYTES = 1_000_000
"""Files up to this size are part of the digest by content, larger ones by name and size."""


def missing_parts(folder: Path) -> list[str]:
    """Why a folder cannot be served as a Hugging Face model; empty when it can."""
    if not folder.is_dir():
        return [f"there is no folder {folder}"]
    problems = []
    if not _has_model_type(folder / "config.json"):
        problems.append("config.json is missing or does not name a model_type")
    if not any((folder / name).exists() for name in TOKENIZER_FILES):
        problems.append(f"no tokenizer: one of {', '.join(TOKENIZER_FILES)} is needed")
    if not any(folder.glob("*.safetensors")):
        problems.append("no weights: at least one *.safetensors file is needed")
    return problems


def refusal(source: str, problems: list[str]) -> str:
    """The text for a source that is not a model."""
    return (
        f"{source!r} is not a model folder: {'; '.join(problems)}. The engine would fail minutes later. "
        f"Write the folder of a Hugging Face model that is on this machine, or `{TINY}` for one made on the spot."
    )


def digest(folder: Path) -> str:
    """What identifies the content: names and sizes of all files, content of the small ones."""
    total = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        size = file.stat().st_size
        total.update(f"{file.relative_to(folder)}\0{size}\0".encode())
        if size <= SMALL_FILE_BYTES:
            total.update(file.read_bytes())
    return total.hexdigest()


def _has_model_type(file: Path) -> bool:
    try:
        content = json.loads(file.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and bool(content.get("model_type"))


class ModelFolderProvider(LocalProvider):
    """Makes the tiny model, or vouches for a folder of the user's, which it never writes to."""

    def check(self, _olds: Props, news: Props) -> CheckResult:
        """Refuse a source that is not a model before anything is made."""
        problems = [] if news["source"] == TINY else missing_parts(Path(news["source"]))
        failures = [CheckFailure("source", refusal(news["source"], problems))] if problems else []
        return CheckResult(news, failures)

    def create(self, props: Props) -> CreateResult:
        """Make or vouch."""
        outs = _made(props)
        return CreateResult(outs["path"], outs)

    def read(self, id_: str, props: Props) -> ReadResult:
        """Notice a changed or missing folder."""
        folder = Path(props["path"])
        intact = folder.is_dir() and digest(folder) == props["digest"]
        return ReadResult(id_, {**props, "drift": "" if intact else "the folder is missing or changed"})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        """Make it again."""
        _remove_made(_olds)
        return UpdateResult(_made(_news))

    def delete(self, _id: str, _props: Props) -> None:
        """Remove what was made here, never what was given."""
        _remove_made(_props)


def _made(props: Props) -> Props:
    if props["source"] != TINY:
        path = Path(props["source"])
        return {**props, "path": str(path), "digest": digest(path), "drift": ""}
    path = Path(props["made_in"])
    shutil.rmtree(path, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    result = subprocess.run(
        [props["python"], "-m", "meridian_server.tiny_model", str(path)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": props["server_code"]},
        capture_output=True,
        text=True,
        timeout=MAKE_SECONDS,
        check=False,
    )
    if result.returncode:
        message = f"the tiny model could not be made: {result.stderr.strip()[-800:]}"
        raise RuntimeError(message)
    return {**props, "path": str(path), "digest": digest(path), "drift": ""}


def _remove_made(props: Props) -> None:
    if props["source"] == TINY:
        shutil.rmtree(props["made_in"], ignore_errors=True)


class ModelFolder(Resource, module="meridian", name="ModelFolder"):
    """A folder that vLLM can serve."""

    path: pulumi.Output[str]
    digest: pulumi.Output[str]

    def __init__(
        self, name: str, *, source: str, made_in: Path, python: Path, server_code: Path, opts: pulumi.ResourceOptions
    ) -> None:
        props: Props = {
            "source": source,
            "made_in": str(made_in),
            "python": str(python),
            "server_code": str(server_code),
            "path": None,
            "digest": None,
        }
        super().__init__(ModelFolderProvider(), name, props, opts)
