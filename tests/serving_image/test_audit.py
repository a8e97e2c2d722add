"""One line per request says who, how much and how it ended, never what was said."""

from pathlib import Path

from tests.serving_image.helpers import (
    CHAT,
    SECRET_PROMPT,
    FakeEngine,
    chat,
    proved,
    records,
    streaming,
    through,
    token,
)

DONE = "[DONE]"


def test_the_record_of_a_request_says_who_and_how_much_but_not_what(tmp_path: Path) -> None:
    through(streaming(token("a"), DONE), tmp_path, CHAT, proved(), chat(stream=True))
    (found,) = records(tmp_path)
    assert {name: found[name] for name in ("tenant", "territory", "region", "lane", "model", "path", "status")} == {
        "tenant": "acme",
        "territory": "home",
        "region": "local-a",
        "lane": "chat",
        "model": "tiny-llama",
        "path": CHAT,
        "status": 200,
    }
    assert (found["prompt_tokens"], found["output_tokens"], found["outcome"]) == (7, 3, "complete")
    assert 0 <= found["seconds_to_first_token"] <= found["seconds"]
    assert SECRET_PROMPT not in (tmp_path / "audit.jsonl").read_text()


def test_the_same_prompt_has_the_same_hash_and_another_another(tmp_path: Path) -> None:
    for content in ("x", "x", "y"):
        through(FakeEngine(), tmp_path, CHAT, proved(), chat(messages=[{"role": "user", "content": content}]))
    hashes = [found["content_hash"] for found in records(tmp_path)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert len(hashes[0]) == 64


def test_a_lost_or_refused_request_has_a_record_that_says_so(tmp_path: Path) -> None:
    through(streaming(token("a"), raises=True, usage=None), tmp_path, CHAT, proved(), chat(stream=True))
    through(FakeEngine(), tmp_path, CHAT, proved(), b"{")
    lost, refused = records(tmp_path)
    assert (lost["outcome"], lost["output_tokens"]) == ("incomplete", None)
    assert (refused["outcome"], refused["status"]) == ("refused", 400)


def test_the_audit_file_is_for_its_owner_only(tmp_path: Path) -> None:
    through(FakeEngine(), tmp_path, CHAT, proved(), chat())
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600
