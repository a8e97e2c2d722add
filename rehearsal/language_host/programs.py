"""Runs a Pulumi program: the arguments of the executor script, and what its exit code means."""

import json
import os
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from rehearsal.language_host import interpreter
from rehearsal.language_host.children import Children, Stopping
from rehearsal.language_host.options import from_struct

EXECUTOR = "pulumi-language-python-exec"
"""The script that connects a program to the engine. It lies beside the host's launcher."""

ALREADY_SHOWN = 32
"""The executor's exit code for "the user has seen the error": the engine must not add one of its own."""


def run(
    request: language_pb2.RunRequest, *, children: Children, executor: Path, engine_address: str
) -> language_pb2.RunResponse:
    """Run the program to its end. Its output goes to the host's streams, which the engine shows.

    Raises InterpreterError when the Python that the project asks for is missing.
    """
    info = request.info
    python = interpreter.choose(
        from_struct(info.options), root=Path(info.root_directory), program=Path(info.program_directory)
    )
    command = [str(python.executable), "-u", str(executor), *_arguments(request, engine_address)]
    try:
        with children.started(
            command, environment=python.environment(_environment(request)), folder=_folder(request), piped=False
        ) as process:
            code = process.wait()
    except Stopping:
        return language_pb2.RunResponse(bail=True)
    return _answer(code, stopping=children.stopping)


def _answer(code: int, *, stopping: bool) -> language_pb2.RunResponse:
    if code == ALREADY_SHOWN or stopping:
        return language_pb2.RunResponse(bail=True)
    if code == 0:
        return language_pb2.RunResponse()
    if code < 0:
        return language_pb2.RunResponse(error=f"the program was ended by signal {-code}")
    return language_pb2.RunResponse(error=f"the program ended with exit code {code}")


def _environment(request: language_pb2.RunRequest) -> dict[str, str]:
    return {
        **os.environ,
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def _folder(request: language_pb2.RunRequest) -> Path:
    return Path(request.pwd or request.info.program_directory)


def _arguments(request: language_pb2.RunRequest, engine_address: str) -> list[str]:
    named = {
        "monitor": request.monitor_address,
        "engine": engine_address,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
        "pwd": str(_folder(request)),
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
    }
    # `--name=value`: a value that starts with a dash stays a value.
    program = Path(request.info.program_directory) / request.info.entry_point
    return [*(f"--{name}={value}" for name, value in named.items()), "--", str(program), *request.args]
