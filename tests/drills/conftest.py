"""The committed drill stack, brought up once, with tenants of the tests' own beside the drills'."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from components.local import supervisor
from components.local.layout import Layout
from rehearsal.engine import EngineError, go_tool
from rehearsal.lab import binaries
from tests.local.conftest import ROOT, Stack, installed

__all__ = ["installed"]

OWNERS = ("eu-steering", "local-north", "local-south", "us-steering", "local-west")

REQUESTS_PER_MINUTE, CONCURRENT, TOKENS_PER_MINUTE = 240, 2, 6000

TENANTS: dict[str, Any] = {
    "counted": {"requestsPerMinute": REQUESTS_PER_MINUTE},
    "narrow": {"concurrentRequests": CONCURRENT},
    "metered": {"tokensPerMinute": TOKENS_PER_MINUTE},
    "gone": {"suspended": True},
    "bulk": {"lanes": ["batch"]},
}


@pytest.fixture(scope="session")
def drilled(tmp_path_factory: pytest.TempPathFactory, installed: None) -> Iterator[Stack]:
    """A stack under a name and in a state of the tests' own."""
    stack = Stack(f"test-drill-{os.getpid()}", tmp_path_factory.mktemp("drills"))
    content = yaml.safe_load((ROOT / "Pulumi.drill.yaml").read_text())
    common = {"territory": "eu", "models": ["tiny-llama"]}
    content["config"]["meridian:tenants"] |= {name: common | special for name, special in TENANTS.items()}
    stack.file.write_text(yaml.safe_dump(content))
    try:
        stack.done("up", stack.name, timeout=600)
        yield stack
    finally:
        stack.meridian("down", stack.name, timeout=600)
        for owner in OWNERS:
            supervisor.end_leftovers(Layout(stack.state, owner))
        stack.file.unlink(missing_ok=True)


def needs_go() -> None:
    """Skip, with the reason, where the lab cannot be built."""
    try:
        go_tool.find(os.environ, progress=print, folder=binaries.MODULES / "kubernetes", product=binaries.PRODUCT)
    except EngineError as error:
        pytest.skip(f"{error.what} The lab is built from Go modules.")
