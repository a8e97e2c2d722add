"""Failures happen to the calls that are meant, as often as is meant, and leave the world as a real one would be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal.standins.failures import RETRIES, BadFailures, Broken, Failures, read

Write = Callable[..., Failures]
QUEUE, TOPIC = "aws:sqs/queue:Queue", "aws:sns/topic:Topic"


@pytest.fixture
def failing(tmp_path: Path) -> Write:
    def write(*failures: dict[str, Any]) -> Failures:
        (tmp_path / "failures.json").write_text(json.dumps(failures))
        return Failures(tmp_path / "failures.json")

    return write


def fate(failures: Failures, method: str = "create", token: str = QUEUE, place: str = "eu-north-1") -> str:
    try:
        met = failures.meet(method, token.partition(":")[0], token, [place])
    except Broken as broken:
        return str(broken)
    return "lost" if met else "done"


def test_the_third_create_fails_and_no_other(failing: Write) -> None:
    failures = failing({"kind": "fail", "method": "create", "nth": 3})
    fates = [fate(failures) for _ in range(5)]
    assert [one == "done" for one in fates] == [True, True, False, True, True]
    assert "InternalFailure" in fates[2]


def test_calls_are_counted_by_what_the_failure_is_about(failing: Write) -> None:
    failures = failing({"kind": "fail", "token": QUEUE, "nth": 2})
    assert [fate(failures), fate(failures, token=TOPIC), fate(failures, method="read")][:2] == [
        "done",
        "done",
    ]
    assert fate(failures) == "done"


def test_a_region_is_unreachable_for_every_call_and_another_is_not(failing: Write) -> None:
    failures = failing({"kind": "unreachable", "place": "eu-north-1"})
    for method in ("create", "read", "update", "delete"):
        assert "eu-north-1 cannot be reached" in fate(failures, method)
        assert fate(failures, method, place="us-east-1") == "done"


def test_a_throttled_call_is_tried_again_until_the_provider_gives_up(failing: Write) -> None:
    assert fate(failing({"kind": "throttle", "times": 3})) == "done"
    assert "ThrottlingException" in fate(failing({"kind": "throttle", "times": RETRIES + 1}))


def test_a_lost_answer_tells_that_the_call_took_effect(failing: Write) -> None:
    assert fate(failing({"kind": "lost-answer", "nth": 1})) == "lost"


def test_a_changed_file_counts_anew(failing: Write, tmp_path: Path) -> None:
    failures = failing({"kind": "fail", "nth": 2})
    assert fate(failures) == "done"
    (tmp_path / "failures.json").write_text("[]")
    assert [fate(failures) for _ in range(3)] == ["done"] * 3


@pytest.mark.parametrize("text", ["{}", '[{"kind": "explode"}]', "no JSON", '[{"nth": 1}]'])
def test_a_file_that_cannot_be_read_says_what_to_write(tmp_path: Path, text: str) -> None:
    file = tmp_path / "failures.json"
    file.write_text(text)
    with pytest.raises(BadFailures, match="write a list of objects with a kind of fail, lost-answer"):
        read(file)
