"""For all tests: which of many alike are run (`make sweep` all, `make test` a seeded sample), and no haste."""

import os
import random

import pytest
from hypothesis import settings

# A busy machine is no fault of what is tested.
settings.register_profile("meridian", deadline=None)
settings.load_profile("meridian")

SEED = os.environ.get("MERIDIAN_SAMPLE_SEED")
"""Without it everything that was asked for is run."""
SHARE = 1 / 3
"""Of the tests that are marked `sampled`, by chance and each on its own."""


def pytest_report_header() -> str | None:
    """Say which sample it is, so that it can be had again."""
    return f"a sample of tests alike: MERIDIAN_SAMPLE_SEED={SEED}" if SEED else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what the sample does not have."""
    if not SEED:
        return
    left = {each for each in items if each.get_closest_marker("sampled") and not _is_chosen(each.nodeid)}
    config.hook.pytest_deselected(items=list(left))
    items[:] = [each for each in items if each not in left]


def _is_chosen(name: str) -> bool:
    return random.Random(f"{SEED} {name}").random() < SHARE  # noqa: S311 - a sample, no secret
