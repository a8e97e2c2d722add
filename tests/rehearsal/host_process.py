"""Starts the language host as the engine does, and talks to it."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

ROOT = Path(__file__).parents[2]

EXECUTOR = """
import json, os, pathlib, subprocess, sys, time
names = ("PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
seen = {"arguments": sys.argv[1:], "folder": os.getcwd(), "environment": {name: os.environ.get(name) for name in names}}
behaviour = sys.argv[sys.argv.index("--") + 2:]
pathlib.Path("seen.json").write_text(json.dumps(seen))
if behaviour[:1] == ["exit"]:
    sys.exit(int(behaviour[1]))
if behaviour[:1] == ["die"]:
    os.kill(os.getpid(), 9)
if behaviour[:1] == ["stay"]:
    child = subprocess.Popen(["sleep", "600"])
    pathlib.Path("pids.json").write_text(json.dumps([os.getpid(), child.pid]))
    time.sleep(600)
"""


END_SECONDS = 1.0
"""The promise: a host that is told to stop, or whose engine is gone, has ended with its children within this time."""


@dataclass(frozen=True)
class Host:
    process: subprocess.Popen[str]
    stub: language_pb2_grpc.LanguageRuntimeStub


def command(executor: Path) -> list[str]:
    return [sys.executable, "-P", "-u", "-m", "rehearsal.language_host", str(executor), "127.0.0.1:1"]


@contextmanager
def started(executor: Path, **env: str) -> Iterator[Host]:
    process = subprocess.Popen(
        command(executor),
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Host(process, language_pb2_grpc.LanguageRuntimeStub(channel))
    finally:
        process.terminate()
        process.wait()


def info(folder: Path, **options: object) -> language_pb2.ProgramInfo:
    described = language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=".")
    described.options.update(options)
    return described


def wait_for_file(path: Path, *, seconds: float = 10) -> str:
    """Return the file's text as soon as it has one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    message = f"{path.name} was not written within {seconds} s"
    raise AssertionError(message)


def ended(*pids: int) -> bool:
    """Say whether all those processes end within three times the promised time."""
    deadline = time.monotonic() + 3 * END_SECONDS
    while time.monotonic() < deadline:
        if not any(runs(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def runs(pid: int) -> bool:
    """Say whether a process runs; one that waits only to be collected by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def run(host: Host, folder: Path, *arguments: str, **options: object) -> language_pb2.RunResponse:
    request = language_pb2.RunRequest(
        project="shop",
        stack="dev",
        organization="organization",
        pwd=str(folder),
        info=info(folder, **options),
        config={"shop:size": "3", "shop:key": "hidden"},
        configSecretKeys=["shop:key"],
        dryRun=True,
        parallel=16,
        monitor_address="127.0.0.1:2",
        args=arguments,
    )
    return host.stub.Run(request)


def stay(host: Host, folder: Path) -> list[int]:
    """Start a program that never ends, and return its process id and that of its child."""
    threading.Thread(target=_quietly, args=(host, folder), daemon=True).start()
    pids: list[int] = json.loads(wait_for_file(folder / "pids.json"))
    return pids


def _quietly(host: Host, folder: Path) -> None:
    try:
        run(host, folder, "stay")
    except (grpc.RpcError, ValueError):
        return


def run_plugin(host: Host, folder: Path, *arguments: str, kind: str = "resource", **options: object) -> Iterator:
    request = language_pb2.RunPluginRequest(
        info=info(folder, **options), pwd=str(folder), args=arguments, kind=kind, env=["A=first", "A=last", "PATH=/bin"]
    )
    return host.stub.RunPlugin(request)
