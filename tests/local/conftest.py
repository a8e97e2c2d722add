"""A local stack of the tests' own: the real engine, the real vLLM, the real Envoy, brought up once."""

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import yaml

from components.local import supervisor
from components.local.layout import Layout, socket_root
from stacks import bootstrap

ROOT = Path(__file__).parents[2]
REGION = "local-north"
REPLICA = f"{REGION}-tiny-llama-0"
STALL_SECONDS, PROBE_SECONDS, DRAIN_DELAY_SECONDS = 4, 2, 2

GIVEN_KEY = "mk-given-by-the-configuration"

CONFIG: dict[str, Any] = {
    "meridian:environment": "local",
    "meridian:territories": {"eu": {"jurisdictions": ["EU"], "regions": [REGION]}},
    "meridian:models": {"tiny-llama": {"source": "tiny"}},
    "meridian:tenants": {
        "acme": {"territory": "eu", "models": ["tiny-llama"]},
        "beta": {"territory": "eu", "models": ["tiny-llama"], "key": GIVEN_KEY},
    },
    "meridian:readiness": {"stallSeconds": STALL_SECONDS, "probeIntervalSeconds": PROBE_SECONDS},
    "meridian:drain": {"delaySeconds": DRAIN_DELAY_SECONDS, "timeoutSeconds": 60},
}


@dataclass
class Stack:
    """A stack, its stack file and its state folder."""

    name: str
    states: Path

    @property
    def file(self) -> Path:
        return ROOT / f"Pulumi.{self.name}.yaml"

    @property
    def state(self) -> Path:
        return self.states / self.name

    @property
    def layout(self) -> Layout:
        return Layout(self.state, REGION)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "MERIDIAN_STATE": str(self.states)}

    def configure(self, **changes: Any) -> None:
        settings = CONFIG | {f"meridian:{key}": value for key, value in changes.items()}
        self.file.write_text(yaml.safe_dump({"config": settings}))

    def meridian(self, *arguments: str, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(ROOT / "meridian"), *arguments],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(ROOT / "meridian"), *arguments],
            env=self.environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def done(self, *arguments: str, timeout: float = 300) -> str:
        result = self.meridian(*arguments, timeout=timeout)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def outputs(self) -> dict[str, Any]:
        return dict(json.loads(self.done("outputs", self.name, "--json"))["eu"])

    def remove(self) -> None:
        self.meridian("down", self.name)
        for owner in (REGION, "eu-steering"):
            supervisor.end_leftovers(Layout(self.state, owner))
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.rmtree(socket_root(self.state), ignore_errors=True)
        self.file.unlink(missing_ok=True)


def client(outputs: dict[str, Any], tenant: str = "acme") -> openai.OpenAI:
    """The official client, over TLS, with a tenant's key."""
    return openai.OpenAI(
        base_url=f"{outputs['endpoint']}/v1",
        api_key=outputs["tenants"][tenant]["key"],
        http_client=httpx.Client(verify=ssl.create_default_context(cafile=outputs["caFile"]), timeout=120),
        max_retries=0,
    )


@pytest.fixture(scope="session")
def installed() -> None:
    """The engine and the serving environment; what is missing is a failure here, never a skip."""
    serving = bootstrap.serving(ROOT)
    assert serving.python.exists(), "run `./meridian setup engine serving` first; `make test` does"


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory, installed: None) -> Iterator[Stack]:
    """A stack that is configured and was never brought up."""
    stack = Stack(f"test-{os.getpid()}", tmp_path_factory.mktemp("states"))
    stack.configure()
    yield stack
    stack.remove()


@pytest.fixture(scope="session")
def stack(fresh: Stack) -> Stack:
    """A stack that serves."""
    fresh.done("up", fresh.name)
    return fresh
