"""Fixtures of the tests of preflight."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.stacks.aws_stubs import Stubbed


@pytest.fixture
def clients() -> Iterator[Stubbed]:
    with ExitStack() as stack:
        stubbed = Stubbed(stack)
        yield stubbed
        stubbed.used_up()
