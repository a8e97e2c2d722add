"""The parent's word reaches the middleware through a socket that is the owner's alone."""

import asyncio
from pathlib import Path

from meridian_server.control import Gate, ask, listen

from tests.serving_image.helpers import once


def said(folder: Path, *words: str) -> list[Gate | None]:
    async def work() -> list[Gate | None]:
        server = await listen(folder / "control", Gate(in_flight=3))
        answers = [await ask(folder / "control", word) for word in words]
        server.close()
        return answers

    found: list[Gate | None] = once(work())
    return found


def test_drain_comes_before_refuse_and_both_stay(tmp_path: Path) -> None:
    assert said(tmp_path, "status", "drain", "refuse", "status") == [
        Gate(False, False, 3),
        Gate(True, False, 3),
        Gate(True, True, 3),
        Gate(True, True, 3),
    ]


def test_an_unknown_word_changes_nothing(tmp_path: Path) -> None:
    assert said(tmp_path, "open", "") == [Gate(in_flight=3)] * 2


def test_nobody_listening_is_an_answer_and_not_an_error(tmp_path: Path) -> None:
    assert once(ask(tmp_path / "control", "status")) is None


def test_a_socket_left_by_a_killed_server_is_replaced_and_only_its_owner_may_use_it(tmp_path: Path) -> None:
    async def work() -> int:
        for _ in range(2):
            await listen(tmp_path / "control", Gate())
        return (tmp_path / "control").stat().st_mode & 0o777

    assert once(work()) == 0o600


def test_a_caller_that_hangs_up_does_not_disturb_the_next(tmp_path: Path) -> None:
    async def work() -> Gate | None:
        await listen(tmp_path / "control", Gate())
        _, writer = await asyncio.open_unix_connection(tmp_path / "control")
        writer.write(b"status\n" * 100)
        writer.transport.abort()
        return await ask(tmp_path / "control", "drain")

    assert once(work()) == Gate(draining=True)
