"""Only what is listed reaches vLLM, and what the platform decides is written over what the client said."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from meridian_server import body
from meridian_server.body import CHAT, COMPLETIONS, RESPONSES
from meridian_server.errors import Refusal
from meridian_server.settings import Lane

LANE = Lane(max_output_tokens=100, priority=7, max_choices=2)
PROMPT: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hello"}]},
    COMPLETIONS: {"prompt": "hello"},
    RESPONSES: {"input": "hello"},
}
PATHS = sorted(PROMPT)


def sent(path: str, **fields: Any) -> dict[str, Any]:
    """What vLLM gets for these fields."""
    request = body.rewritten(path, {"model": "m", **PROMPT[path], **fields}, LANE, salt="salt")
    found: dict[str, Any] = json.loads(request.encoded())
    return found


def refused(path: str, raw: bytes) -> Refusal:
    with pytest.raises(Refusal) as found:
        body.rewritten(path, body.parsed(raw), LANE, salt="salt").encoded()
    return found.value


def refused_fields(path: str, **fields: Any) -> Refusal:
    return refused(path, json.dumps({"model": "m", **PROMPT[path], **fields}).encode())


@pytest.mark.parametrize("path", PATHS)
def test_an_ordinary_request_keeps_its_prompt(path: str) -> None:
    assert PROMPT[path].items() <= sent(path).items()


@pytest.mark.parametrize("path", PATHS)
def test_the_salt_and_priority_of_the_client_are_overwritten(path: str) -> None:
    found = sent(path, cache_salt="of another tenant", priority=-1000)
    assert (found["cache_salt"], found["priority"]) == ("salt", 7)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "name",
    [
        "kv_transfer_params",
        "ec_transfer_params",
        "vllm_xargs",
        "prompt_logprobs",
        "prompt_embeds",
        "chat_template",
        "request_id",
        "session_id",
        "use_beam_search",
        "media_io_kwargs",
        "mm_processor_kwargs",
        "return_token_ids",
        "something_new",
    ],
)
def test_a_field_that_is_not_listed_never_reaches_vllm_and_is_named(path: str, name: str) -> None:
    raw = json.dumps({**PROMPT[path], name: {}}).encode()
    request = body.rewritten(path, body.parsed(raw), LANE, salt="salt")
    assert name not in json.loads(request.encoded())
    assert request.dropped == (name,)


def test_responses_are_neither_stored_nor_run_in_the_background() -> None:
    found = sent(RESPONSES, store=True, background=True)
    assert (found["store"], found["background"]) == (False, False)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (CHAT, "max_completion_tokens"),
        (CHAT, "max_tokens"),
        (COMPLETIONS, "max_tokens"),
        (RESPONSES, "max_output_tokens"),
    ],
)
def test_output_above_the_cap_of_the_lane_is_capped_and_below_is_kept(path: str, name: str) -> None:
    assert sent(path, **{name: 5000})[name] == 100
    assert sent(path, **{name: 3})[name] == 3


def test_both_names_of_the_output_limit_are_capped() -> None:
    found = sent(CHAT, max_tokens=900, max_completion_tokens=800)
    assert (found["max_tokens"], found["max_completion_tokens"]) == (100, 100)


@pytest.mark.parametrize("path", PATHS)
def test_a_request_without_a_limit_gets_that_of_the_lane(path: str) -> None:
    limits = {name: value for name, value in sent(path).items() if name.startswith("max_")}
    assert list(limits.values()) == [100]


@pytest.mark.parametrize("wrong", ["5", 1.5, True, [1]])
def test_a_limit_that_is_no_whole_number_is_refused(wrong: Any) -> None:
    assert refused_fields(CHAT, max_tokens=wrong).param == "max_tokens"


def test_as_many_answers_as_the_lane_allows_pass_and_one_more_is_refused() -> None:
    assert sent(CHAT, n=2)["n"] == 2
    assert refused_fields(CHAT, n=3).status == 400


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
@pytest.mark.parametrize("n", [0, -3])
def test_less_than_one_answer_is_refused(path: str, n: int) -> None:
    assert refused_fields(path, n=n).param == "n"


def test_a_list_of_prompts_counts_as_that_many_answers() -> None:
    assert len(sent(COMPLETIONS, prompt=["a", "b"])["prompt"]) == 2
    assert refused_fields(COMPLETIONS, prompt=["a", "b", "c"]).status == 400
    assert refused_fields(COMPLETIONS, prompt=["a", "b"], n=2).status == 400
    assert refused_fields(COMPLETIONS, prompt=[[1], [2], [3]]).status == 400


def test_negative_counts_cannot_hide_a_list_of_prompts() -> None:
    assert refused_fields(COMPLETIONS, prompt=["a"] * 1000, n=-1).status == 400


def test_one_prompt_of_token_numbers_is_one_answer() -> None:
    assert sent(COMPLETIONS, prompt=[1, 2, 3, 4])["prompt"] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["previous_response_id", "conversation"])
def test_a_field_that_would_bring_earlier_turns_is_refused_rather_than_answered_without_them(name: str) -> None:
    assert refused_fields(RESPONSES, **{name: "resp_1"}).status == 400


def test_the_probabilities_of_the_prompt_are_not_given_out_by_echo() -> None:
    assert "echo" not in sent(COMPLETIONS, echo=True, logprobs=5)


def test_a_template_cannot_be_smuggled_in_as_an_argument_of_the_template() -> None:
    found = sent(CHAT, chat_template_kwargs={"chat_template": "{{ 1 }}"})
    assert "chat_template" not in found.get("chat_template_kwargs", {})


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "https://example.com/a.png", "file:///etc/passwd"])
def test_the_engine_is_never_sent_to_fetch_a_picture(url: str) -> None:
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    assert refused_fields(CHAT, messages=[{"role": "user", "content": parts}]).status == 400


def test_a_picture_inside_the_request_passes() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    assert sent(CHAT, messages=[{"role": "user", "content": parts}])["messages"][0]["content"] == parts


def test_the_engine_is_never_sent_to_call_a_tool_server() -> None:
    tool = {"type": "mcp", "server_label": "a", "server_url": "http://169.254.169.254/"}
    assert refused_fields(RESPONSES, tools=[tool]).status == 400


def test_a_function_tool_passes() -> None:
    tool = {"type": "function", "name": "f", "parameters": {"type": "object"}}
    assert sent(RESPONSES, tools=[tool])["tools"] == [tool]


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model": "a", "model": "b"}',
        b'{"messages": [{"role": "user", "content": "x", "content": "y"}]}',
        b'{"cache_salt": "a", "cache_salt": "b"}',
    ],
)
def test_a_key_that_appears_twice_is_refused_at_any_depth(raw: bytes) -> None:
    assert refused(CHAT, raw).code == "duplicate_field"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'"x"', b"null", b'{"a": NaN}', b'{"temperature": -Infinity}', b"\xff\xfe", b"[" * 100_000],
)
def test_what_is_no_json_object_is_refused_with_400(raw: bytes) -> None:
    assert refused(CHAT, raw).status == 400


def test_a_number_with_too_many_digits_is_refused_with_400() -> None:
    assert refused(CHAT, b'{"seed": ' + b"9" * 10_000 + b"}").status == 400


def test_text_that_has_no_utf8_form_is_refused_with_400() -> None:
    assert refused(CHAT, b'{"messages": [{"role": "user", "content": "\\ud800"}]}').status == 400


def test_no_refusal_repeats_the_prompt() -> None:
    found = refused(CHAT, b'{"messages": "the patient is called Ada", "messages": 1}')
    assert "Ada" not in found.body().decode()


def test_a_compressed_body_is_refused_and_a_plain_one_is_not() -> None:
    body.refuse_encoding([(b"content-encoding", b"identity")])
    with pytest.raises(Refusal) as found:
        body.refuse_encoding([(b"Content-Encoding", b"gzip")])
    assert found.value.status == 415


def test_the_audited_content_is_the_prompt_whatever_the_order_of_keys_and_sampling() -> None:
    def content(raw: bytes) -> bytes:
        return body.rewritten(CHAT, body.parsed(raw), LANE, salt="salt").content()

    first = content(b'{"messages": [{"role": "user", "content": "x"}], "temperature": 1}')
    assert first == content(b'{"temperature": 0, "messages": [{"content": "x", "role": "user"}]}')
    assert first != content(b'{"messages": [{"role": "user", "content": "y"}]}')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(["n", "max_tokens", "prompt", "messages", "cache_salt", "priority", "stream", "tools", "store"])


@given(fields=st.dictionaries(NAMES | st.text(max_size=20), VALUES, max_size=6), path=st.sampled_from(PATHS))
def test_any_json_object_is_either_refused_or_leaves_with_the_platforms_fields(
    fields: dict[str, Any], path: str
) -> None:
    try:
        request = body.rewritten(path, fields, LANE, salt="salt")
        found = json.loads(request.encoded())
    except Refusal as refusal:
        assert 400 <= refusal.status < 500
        return
    assert (found["cache_salt"], found["priority"]) == ("salt", 7)
    assert set(found) <= body.ALLOWED[path] | {"cache_salt", "priority", "store", "background"}
    limits = [found[name] for name in found if name.startswith("max_") and name.endswith("_tokens")]
    assert any(limits)
    assert all(limit is None or limit <= 100 for limit in limits)


@given(raw=st.binary(max_size=200))
def test_any_bytes_are_refused_or_understood_but_never_crash(raw: bytes) -> None:
    try:
        body.rewritten(CHAT, body.parsed(raw), LANE, salt="salt").encoded()
    except Refusal as refusal:
        assert refusal.status == 400
